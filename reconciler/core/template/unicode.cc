#include "reconciler/core/template/unicode.h"

#include <algorithm>

namespace maand::tpl {
namespace {

// The entry of a sorted table that may hold `rune`; `end` when none does.
template <typename Entry>
const Entry* find(const Entry* table, std::size_t count, Rune rune) {
  const Entry* end = table + count;
  const Entry* at =
      std::lower_bound(table, end, rune, [](const Entry& entry, Rune r) { return entry.last < r; });
  return at != end && at->first <= rune ? at : nullptr;
}

Rune shifted(const CaseShift* table, std::size_t count, Rune rune) {
  const CaseShift* at = find(table, count, rune);
  if (at == nullptr || (rune - at->first) % at->stride != 0) return rune;
  return static_cast<Rune>(static_cast<std::int32_t>(rune) + at->delta);
}

bool between(Rune rune, Rune low, Rune high) { return rune >= low && rune <= high; }

}  // namespace

Decoded decode_rune(std::string_view text) {
  if (text.empty()) return {kRuneError, 0};
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const auto follows = [&](std::size_t i, unsigned low, unsigned high) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const Rune lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  if (lead >= 0xC2 && lead <= 0xDF && follows(1, 0x80, 0xBF)) {
    return {(lead & 0x1Fu) << 6 | (byte(1) & 0x3Fu), 2};
  }
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;   // overlong
    const unsigned high = lead == 0xED ? 0x9F : 0xBF;  // surrogates
    if (follows(1, low, high) && follows(2, 0x80, 0xBF)) {
      return {(lead & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu), 3};
    }
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;
    if (follows(1, low, high) && follows(2, 0x80, 0xBF) && follows(3, 0x80, 0xBF)) {
      return {(lead & 0x07u) << 18 | (byte(1) & 0x3Fu) << 12 | (byte(2) & 0x3Fu) << 6 | (byte(3) & 0x3Fu), 4};
    }
  }
  return {kRuneError, 1};
}

void append_rune(std::string& out, Rune rune) {
  if (!is_valid_rune(rune)) rune = kRuneError;
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(static_cast<std::uint8_t>(byte)); };
  if (rune < 0x80) {
    put(rune);
  } else if (rune < 0x800) {
    put(0xC0u | rune >> 6);
    put(0x80u | (rune & 0x3Fu));
  } else if (rune < 0x10000) {
    put(0xE0u | rune >> 12);
    put(0x80u | (rune >> 6 & 0x3Fu));
    put(0x80u | (rune & 0x3Fu));
  } else {
    put(0xF0u | rune >> 18);
    put(0x80u | (rune >> 12 & 0x3Fu));
    put(0x80u | (rune >> 6 & 0x3Fu));
    put(0x80u | (rune & 0x3Fu));
  }
}

std::size_t rune_count(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    text.remove_prefix(decode_rune(text).width);
    ++count;
  }
  return count;
}

bool is_valid_rune(Rune rune) { return rune < 0xD800 || between(rune, 0xE000, kMaxRune); }

bool is_letter_or_digit(Rune rune) {
  if (rune < 0x80) return between(rune, 'a', 'z') || between(rune, 'A', 'Z') || between(rune, '0', '9');
  return find(kLetters, kLettersCount, rune) != nullptr;
}

bool is_printable(Rune rune) {
  if (rune < 0x80) return between(rune, 0x20, 0x7E);
  return find(kPrintable, kPrintableCount, rune) != nullptr;
}

bool is_white_space(Rune rune) {
  return rune == ' ' || between(rune, '\t', '\r') || rune == 0x85 || rune == 0xA0 || rune == 0x1680 ||
         between(rune, 0x2000, 0x200A) || rune == 0x2028 || rune == 0x2029 || rune == 0x202F ||
         rune == 0x205F || rune == 0x3000;
}

Rune to_upper(Rune rune) {
  if (rune < 0x80) return between(rune, 'a', 'z') ? rune - 'a' + 'A' : rune;
  return shifted(kToUpper, kToUpperCount, rune);
}

Rune to_lower(Rune rune) {
  if (rune < 0x80) return between(rune, 'A', 'Z') ? rune - 'A' + 'a' : rune;
  return shifted(kToLower, kToLowerCount, rune);
}

std::string_view trim_white_space(std::string_view text) {
  while (!text.empty()) {
    const Decoded front = decode_rune(text);
    if (!is_white_space(front.rune)) break;
    text.remove_prefix(front.width);
  }
  while (!text.empty()) {
    std::size_t start = text.size() - 1;  // the last character begins at most three bytes earlier
    while (start > 0 && text.size() - start < 4 && (static_cast<std::uint8_t>(text[start]) & 0xC0) == 0x80) {
      --start;
    }
    const Decoded back = decode_rune(text.substr(start));
    if (start + back.width != text.size() || !is_white_space(back.rune)) break;
    text.remove_suffix(back.width);
  }
  return text;
}

}  // namespace maand::tpl
