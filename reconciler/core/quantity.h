// Amounts of memory and processor: `512 mb`, `1.5 ghz` (workspace.md 1.2).
//
// Unlike the original, `inf` and `nan` are no amounts, and a number is always
// printed as plain decimal.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace maand {

// In MB. Units mb, gb, tb in any case (×1024 each); a bare number is MB; blank is
// 0. A sign and an exponent are only understood in a bare number. nullopt: no
// amount, or beyond ±10^15, where a double no longer tells one from the next.
std::optional<double> parse_memory_mb(std::string_view text);
inline constexpr const char* kMemoryGrammar = "write a number and mb, gb or tb, for example \"512 mb\"";

// In MHz. Units mhz, ghz, thz (×1000 each); otherwise as above.
std::optional<double> parse_cpu_mhz(std::string_view text);
inline constexpr const char* kCpuGrammar = "write a number and mhz, ghz or thz, for example \"1.5 ghz\"";

// The shortest plain decimal that reads back as `amount`: `1024000`, `1.5`, `0.00001`.
// REQUIRES: finite.
std::string format_quantity(double amount);

}  // namespace maand
