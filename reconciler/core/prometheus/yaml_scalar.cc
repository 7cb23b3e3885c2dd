#include "reconciler/core/prometheus/yaml_scalar.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "reconciler/core/text.h"

namespace maand {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::size_t skip(std::string_view text, std::size_t at, std::string_view set) {
  while (at < text.size() && set.find(text[at]) != std::string_view::npos) ++at;
  return at;
}

constexpr std::string_view kDigits = "0123456789";

// 12, 1_000, 0x1F, 0o17, 0b1, 0755, 1:20, 1:20.5 without their sign.
bool is_whole(std::string_view text) {
  if (text.empty() || !is_digit(text[0])) return false;
  if (text.size() > 2 && text[0] == '0') {
    const char base = text[1];
    if (base == 'x' || base == 'X') return skip(text, 2, "0123456789abcdefABCDEF_") == text.size();
    if (base == 'o' || base == 'O' || base == 'b' || base == 'B')
      return skip(text, 2, "0123456789_") == text.size();
  }
  return skip(text, 0, "0123456789_") == text.size();
}

bool is_base_60(std::string_view text) {
  if (text.empty() || !is_digit(text[0]) || text.find(':') == std::string_view::npos) return false;
  const std::size_t end = skip(text, 0, "0123456789_:");
  return end == text.size() || (text[end] == '.' && skip(text, end + 1, "0123456789_") == text.size());
}

bool is_fraction(std::string_view text) {
  constexpr std::string_view kDigitsAndBars = "0123456789_";
  std::size_t at = skip(text, 0, kDigitsAndBars);
  std::size_t digits = at;
  if (at < text.size() && text[at] == '.') {
    const std::size_t from = at + 1;
    at = skip(text, from, kDigitsAndBars);
    digits += at - from;
  }
  if (digits == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    at = skip(text, at + 1, "+-");
    const std::size_t from = at;
    at = skip(text, at, kDigits);
    if (at == from) return false;
  }
  return at == text.size();
}

// 2001-1-1, 2001-12-14t21:59:43.10-05:00, 2001-12-14 21:59:43: what begins like one.
bool is_date(std::string_view text) {
  if (text.size() < 8 || skip(text, 0, kDigits) != 4 || text[4] != '-') return false;
  const std::size_t month = skip(text, 5, kDigits);
  return month > 5 && month < text.size() && text[month] == '-' && month + 1 < text.size() &&
         is_digit(text[month + 1]);
}

// Bytes that must be escaped: 0 = none, else how many, to be told as one \u.
std::size_t unprintable(std::string_view text, std::string& escape) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  if (byte(0) < 0x20 || byte(0) == 0x7F) {
    escape = {'\\', 'x', kHex[byte(0) >> 4], kHex[byte(0) & 15]};
    return 1;
  }
  if (byte(0) == 0xC2 && byte(1) >= 0x80 && byte(1) <= 0x9F) {
    escape = {'\\', 'x', kHex[byte(1) >> 4], kHex[byte(1) & 15]};
    return 2;
  }
  if (byte(0) == 0xE2 && byte(1) == 0x80 && (byte(2) == 0xA8 || byte(2) == 0xA9)) {
    escape = byte(2) == 0xA8 ? "\\u2028" : "\\u2029";
    return 3;
  }
  if (byte(0) == 0xEF && byte(1) == 0xBB && byte(2) == 0xBF) {
    escape = "\\uFEFF";
    return 3;
  }
  return 0;
}

std::string double_quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    std::string escape;
    const char c = text.front();
    std::size_t taken = 1;
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (const std::size_t bytes = unprintable(text, escape); bytes > 0) {
      out += escape;
      taken = bytes;
    } else {
      out += c;
    }
    text.remove_prefix(taken);
  }
  return out + '"';
}

bool needs_escapes(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F;
  });
}

}  // namespace

bool looks_like_another_type(std::string_view text) {
  constexpr std::array<std::string_view, 12> kWords = {"",   "~",  "null", "true", "false", "yes",
                                                       "no", "on", "off",  "y",    "n",     "<<"};
  if (text.size() <= 5 && std::find(kWords.begin(), kWords.end(), lower(text)) != kWords.end()) return true;
  if (text == "=" || is_date(text)) return true;
  if (text[0] == '+' || text[0] == '-') text.remove_prefix(1);
  return equal_fold(text, ".inf") || equal_fold(text, ".nan") || is_whole(text) || is_base_60(text) ||
         is_fraction(text);
}

bool is_yaml_bool(std::string_view text) {
  for (const std::string_view word : {"true", "True", "TRUE", "false", "False", "FALSE"}) {
    if (text == word) return true;
  }
  return false;
}

bool is_json_number(std::string_view text) {
  std::size_t at = skip(text, 0, "-");
  if (at > 1) return false;
  const std::size_t whole = skip(text, at, kDigits);
  if (whole == at || (text[at] == '0' && whole > at + 1)) return false;
  at = whole;
  if (at < text.size() && text[at] == '.') {
    const std::size_t end = skip(text, at + 1, kDigits);
    if (end == at + 1) return false;
    at = end;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    at += at + 1 < text.size() && (text[at + 1] == '+' || text[at + 1] == '-') ? 2u : 1u;
    const std::size_t end = skip(text, at, kDigits);
    if (end == at) return false;
    at = end;
  }
  return at == text.size();
}

bool is_plain_safe(std::string_view text) {
  if (text.empty() || needs_escapes(text) || looks_like_another_type(text)) return false;
  const char first = text.front();
  if (!is_letter(first) && !is_digit(first) &&
      std::string_view("_/.$^(+;\\<=~").find(first) == std::string_view::npos)
    return false;
  if (text.starts_with("...") || text.back() == ' ' || text.back() == ':') return false;
  return text.find(": ") == std::string_view::npos && text.find(" #") == std::string_view::npos;
}

std::string yaml_string(std::string_view text) {
  if (is_plain_safe(text)) return std::string(text);
  if (needs_escapes(text) || looks_like_another_type(text)) return double_quoted(text);
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

}  // namespace maand
