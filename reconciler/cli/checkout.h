// Where the workspace is in a directory tree that a person works in.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace maand {

// The nearest of `from` and its parents that is a workspace (holds workers.json)
// or holds one as `workspace/`. nullopt: none. Looks only whether things exist.
std::optional<std::filesystem::path> find_workspace(const std::filesystem::path& from);

// find_workspace() of the working directory. Throws CommandError(kExitUsage) that says where to go; `or_else`
// continues that sentence with what the command can do without a checkout.
std::filesystem::path workspace_here(const std::string& or_else = "");

// `directory` itself when it is a workspace, else its `workspace/` when that
// exists, else `directory` all the same: then loading says what is missing.
std::filesystem::path workspace_in(const std::filesystem::path& directory);

// `path` as a person at `from` would write it: relative when it is below.
std::filesystem::path shown_path(const std::filesystem::path& path, const std::filesystem::path& from);

}  // namespace maand
