#include "reconciler/cli/checkout.h"

#include <system_error>

#include "reconciler/cli/context.h"

namespace maand {
namespace fs = std::filesystem;
namespace {

constexpr const char* kWorkspace = "workspace";

bool is_workspace(const fs::path& directory) {
  std::error_code ignored;
  return fs::is_regular_file(directory / "workers.json", ignored);
}

}  // namespace

std::optional<fs::path> find_workspace(const fs::path& from) {
  std::error_code ignored;
  for (fs::path path = from.lexically_normal();; path = path.parent_path()) {
    if (is_workspace(path)) return path;
    if (fs::is_directory(path / kWorkspace, ignored)) return path / kWorkspace;
    if (path == path.parent_path()) return std::nullopt;
  }
}

fs::path workspace_here(const std::string& or_else) {
  const fs::path here = fs::current_path();
  if (const auto workspace = find_workspace(here)) return *workspace;
  throw CommandError(kExitUsage,
                     "there is no workspace in " + here.string() +
                         " or above it; go into a checkout that holds workspace/ or workers.json" + or_else);
}

fs::path workspace_in(const fs::path& directory) {
  std::error_code ignored;
  if (is_workspace(directory)) return directory;
  if (fs::is_directory(directory / kWorkspace, ignored)) return directory / kWorkspace;
  return directory;
}

fs::path shown_path(const fs::path& path, const fs::path& from) {
  const fs::path relative = path.lexically_normal().lexically_relative(from.lexically_normal());
  const bool below = !relative.empty() && *relative.begin() != "..";
  return below ? relative : path.lexically_normal();
}

}  // namespace maand
