#include "reconciler/cli/backup_contents.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "reconciler/cli/json_in.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/core/ids.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostNamed = 5;

std::optional<std::string> bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  // An empty file gives `out` nothing, which counts as a failure of `<<`.
  if (!in || (in.peek() != std::ifstream::traits_type::eof() && !(out << in.rdbuf())) || in.bad())
    return std::nullopt;
  return out.str();
}

std::string damage_of(const fs::path& backup, const JsonValue& listed) {
  const std::string name = text_at(listed, "path");
  std::error_code error;
  if (!fs::is_regular_file(backup / name, error)) return name + " is gone";
  const std::optional<std::string> bytes = bytes_of(backup / name);
  if (!bytes) return name + " cannot be read";
  const std::int64_t size = number_at(listed, "bytes");
  if (static_cast<std::int64_t>(bytes->size()) != size)
    return name + " has " + std::to_string(bytes->size()) + " of " + std::to_string(size) + " bytes";
  return sha256(*bytes).hex() == text_at(listed, "sha256") ? "" : name + " is not what it was";
}

}  // namespace

std::string backup_contents(const fs::path& backup) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(backup)) {
    if (entry.is_regular_file()) names.push_back(fs::relative(entry.path(), backup).generic_string());
  }
  std::sort(names.begin(), names.end());
  std::vector<std::string> files;
  for (const std::string& name : names) {
    const std::optional<std::string> bytes = bytes_of(backup / name);
    if (!bytes) throw std::runtime_error("cannot read " + (backup / name).string());
    files.push_back(JsonObject()
                        .text("path", name)
                        .number("bytes", static_cast<std::int64_t>(bytes->size()))
                        .text("sha256", sha256(*bytes).hex())
                        .str());
  }
  return json_array(files);
}

std::string damage_of_backup(const fs::path& backup, const JsonValue& label) {
  std::error_code error;
  if (list_at(label, "files").empty())
    return fs::file_size(backup / "state.db", error) == 0 || error ? "state.db is empty" : "";
  std::vector<std::string> damaged;
  for (const JsonValue& listed : list_at(label, "files")) {
    if (const std::string damage = damage_of(backup, listed); !damage.empty()) damaged.push_back(damage);
  }
  std::string out;
  for (std::size_t i = 0; i < std::min(damaged.size(), kMostNamed); ++i)
    out += (i == 0 ? "" : "; ") + printable(damaged[i], 400);
  if (damaged.size() > kMostNamed) out += "; and " + std::to_string(damaged.size() - kMostNamed) + " more";
  return out;
}

}  // namespace maand
