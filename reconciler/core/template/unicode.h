// UTF-8 and the classes of characters, as Go's utf8 and unicode packages see them.
//
// Total: a byte that is no UTF-8 is U+FFFD of width 1, as in Go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace maand::tpl {

using Rune = char32_t;
inline constexpr Rune kRuneError = 0xFFFD;
inline constexpr Rune kMaxRune = 0x10FFFF;

struct Decoded {
  Rune rune = kRuneError;
  std::size_t width = 0;  // 0: nothing was left

  bool valid() const { return rune != kRuneError || width != 1; }
};
Decoded decode_rune(std::string_view text);

// What is no character is written as U+FFFD.
void append_rune(std::string& out, Rune rune);
std::size_t rune_count(std::string_view text);
bool is_valid_rune(Rune rune);

bool is_letter_or_digit(Rune rune);
bool is_printable(Rune rune);  // unicode.IsPrint: of white space only U+0020
bool is_white_space(Rune rune);
Rune to_upper(Rune rune);
Rune to_lower(Rune rune);
std::string_view trim_white_space(std::string_view text);

// The tables, above ASCII only; see tests/golden/template/unicode.
struct RuneRange {
  std::uint32_t first, last;
};
struct CaseShift {
  std::uint32_t first, last, stride;
  std::int32_t delta;
};
extern const RuneRange kLetters[];
extern const std::size_t kLettersCount;
extern const RuneRange kPrintable[];
extern const std::size_t kPrintableCount;
extern const CaseShift kToUpper[];
extern const std::size_t kToUpperCount;
extern const CaseShift kToLower[];
extern const std::size_t kToLowerCount;

}  // namespace maand::tpl
