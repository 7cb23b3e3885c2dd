// A file of ours in a directory that others write to as well: replaced whole or not at all.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string_view>

namespace maand {

// Written under a name that nobody can foresee and that is new, so that no link that lies there is followed
// (git can carry one), then renamed, and on disk when this returns. A link at `path` itself is replaced and
// not followed. `mode` is lowered by the umask. Throws CommandError; then `path` is as it was, but for a
// directory that could not be synced.
void replace_file(const std::filesystem::path& path, std::string_view text, mode_t mode = 0666);

}  // namespace maand
