// Spans of time as people write them: `90s`, `1h30m`, `7d`.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace maand {

inline constexpr std::chrono::milliseconds kLongestDuration = std::chrono::hours(24 * 366);

// Whole numbers, each with its unit (ms, s, m, h, d), added up. nullopt: anything
// else, nothing at all, zero, or above kLongestDuration.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
inline constexpr const char* kDurationGrammar =
    "write numbers with ms, s, m, h or d, for example \"90s\" or \"1h30m\", at most 366d";

}  // namespace maand
