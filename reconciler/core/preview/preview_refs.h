// Which refs are previewed: the patterns of `git.preview_refs`, and which of two
// refs somebody looks at sooner.
//
// A pattern is a full ref in which `*` stands for one or more characters but `/`:
// `refs/pull/*/head`, `refs/heads/review-*`.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/diagnostics.h"

namespace maand {

inline constexpr std::size_t kMostPreviewPatterns = 16;
inline constexpr std::size_t kMostPreviewPatternBytes = 200;
inline constexpr std::size_t kMostPreviewRefBytes =
    250;  // of a ref of the remote; a longer one is no preview

// What is wrong with it by itself, and what to write; nullopt: nothing.
std::optional<std::string> preview_pattern_problem(std::string_view pattern);

// Every problem of the list, those with our own branch and notes as well: nothing
// of ours is ever a preview. `branch`, `notes`: in full.
void check_preview_patterns(const std::vector<std::string>& patterns, std::string_view branch,
                            std::string_view notes, Diagnostics& diagnostics);

// Total; a ref with control characters, or beside refs/, matches nothing.
bool matches_preview(const std::vector<std::string>& patterns, std::string_view ref);

// Numbers count as numbers: refs/pull/10/head is newer than refs/pull/9/head.
bool newer_preview(std::string_view a, std::string_view b);

}  // namespace maand
