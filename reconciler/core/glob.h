// restart_globs: which changed files ask for a restart (workspace.md 2.8, R2.1).
//
// Elements are those of Go's path.Match: `*`, `?`, `[a-z]`, `[^a-z]`, `\`; plus
// `**` in the places the grammar gives it. Cost: length of pattern × path at
// worst, no recursion.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace maand {

// False: the pattern is malformed and its job must not load.
bool is_valid_glob(std::string_view pattern);

// Does `pattern` match `path`, which is relative to the job directory?
// A malformed pattern matches nothing.
bool glob_matches(std::string_view pattern, std::string_view path);

// Those of `changed` that some pattern matches, in their order. A path listed in
// `rendered` (sorted) came from a template and answers to `<path>.tpl` too (R3.2).
std::vector<std::string> matching_paths(const std::vector<std::string>& globs,
                                        const std::vector<std::string>& changed,
                                        const std::vector<std::string>& rendered = {});

}  // namespace maand
