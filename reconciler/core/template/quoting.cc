#include "reconciler/core/template/quoting.h"

#include <cstdint>

namespace maand::tpl {
namespace {

constexpr char kHex[] = "0123456789abcdef";

void append_hex(std::string& out, std::uint32_t value, int digits) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += kHex[value >> shift & 0xF];
}

void append_escaped(std::string& out, Rune rune, char quote, bool ascii_only) {
  if (rune == static_cast<Rune>(quote) || rune == '\\') {
    out += '\\';
    out += static_cast<char>(rune);
    return;
  }
  if ((!ascii_only || rune < 0x80) && is_printable(rune)) return append_rune(out, rune);
  switch (rune) {
    case '\a':
      out += "\\a";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\v':
      out += "\\v";
      return;
    default:
      break;
  }
  if (rune < ' ' || rune == 0x7F) {
    out += "\\x";
    append_hex(out, rune, 2);
  } else if (rune < 0x10000) {
    out += "\\u";
    append_hex(out, rune, 4);
  } else {
    out += "\\U";
    append_hex(out, rune, 8);
  }
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

struct Character {
  Rune value = 0;
  bool single_byte = false;  // written as \x or \ooo: a byte, not a character
};

// The character in front of `rest`, which it takes away. As strconv.UnquoteChar.
std::optional<Character> take_character(std::string_view& rest, char quote) {
  if (rest.empty() || rest[0] == quote || rest[0] == '\n') return std::nullopt;
  if (rest[0] != '\\') {
    const Decoded d = decode_rune(rest);
    rest.remove_prefix(d.width);
    return Character{d.rune, false};
  }
  if (rest.size() < 2) return std::nullopt;
  const char c = rest[1];
  rest.remove_prefix(2);
  switch (c) {
    case 'a':
      return Character{'\a'};
    case 'b':
      return Character{'\b'};
    case 'f':
      return Character{'\f'};
    case 'n':
      return Character{'\n'};
    case 'r':
      return Character{'\r'};
    case 't':
      return Character{'\t'};
    case 'v':
      return Character{'\v'};
    case '\\':
      return Character{'\\'};
    case '\'':
    case '"':
      if (c != quote) return std::nullopt;
      return Character{static_cast<Rune>(c)};
    default:
      break;
  }
  std::uint32_t value = 0;
  if (c == 'x' || c == 'u' || c == 'U') {
    const std::size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
    if (rest.size() < digits) return std::nullopt;
    for (const char digit : rest.substr(0, digits)) {
      if (hex_value(digit) < 0) return std::nullopt;
      value = value << 4 | static_cast<std::uint32_t>(hex_value(digit));
    }
    rest.remove_prefix(digits);
    if (c != 'x' && !is_valid_rune(value)) return std::nullopt;
    return Character{value, c == 'x'};
  }
  if (c < '0' || c > '7' || rest.size() < 2) return std::nullopt;
  value = static_cast<std::uint32_t>(c - '0');
  for (const char digit : rest.substr(0, 2)) {
    if (digit < '0' || digit > '7') return std::nullopt;
    value = value << 3 | static_cast<std::uint32_t>(digit - '0');
  }
  rest.remove_prefix(2);
  if (value > 255) return std::nullopt;
  return Character{value, true};
}

}  // namespace

std::string go_quote(std::string_view text, bool ascii_only) {
  std::string out = "\"";
  while (!text.empty()) {
    const Decoded d = decode_rune(text);
    if (d.valid()) {
      append_escaped(out, d.rune, '"', ascii_only);
    } else {
      out += "\\x";
      append_hex(out, static_cast<std::uint8_t>(text[0]), 2);
    }
    text.remove_prefix(d.width);
  }
  return out += '"';
}

std::string go_quote_rune(Rune rune, bool ascii_only) {
  std::string out = "'";
  append_escaped(out, is_valid_rune(rune) ? rune : kRuneError, '\'', ascii_only);
  return out += '\'';
}

bool can_backquote(std::string_view text) {
  while (!text.empty()) {
    const Decoded d = decode_rune(text);
    text.remove_prefix(d.width);
    if (!d.valid() || d.rune == 0xFEFF || d.rune == '`' || d.rune == 0x7F) return false;
    if (d.rune < ' ' && d.rune != '\t') return false;
  }
  return true;
}

std::string describe_rune(Rune rune) {
  std::string out = "U+";
  int digits = 4;
  while (digits < 8 && rune >> (4 * digits) != 0) ++digits;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += "0123456789ABCDEF"[rune >> shift & 0xF];
  if (!is_printable(rune)) return out;
  out += " '";
  append_rune(out, rune);
  return out += '\'';
}

std::optional<std::string> unquote(std::string_view literal) {
  if (literal.size() < 2) return std::nullopt;
  const char quote = literal.front();
  std::string_view rest = literal.substr(1, literal.size() - 2);
  std::string out;
  out.reserve(rest.size());
  if (quote == '`') {
    for (const char c : rest) {
      if (c != '\r') out += c;
    }
    return out;
  }
  while (!rest.empty()) {
    const std::optional<Character> character = take_character(rest, quote);
    if (!character) return std::nullopt;
    if (character->single_byte) {
      out += static_cast<char>(static_cast<std::uint8_t>(character->value));
    } else {
      append_rune(out, character->value);
    }
  }
  return out;
}

std::optional<Rune> unquote_char(std::string_view literal) {
  if (literal.size() < 3) return std::nullopt;
  std::string_view rest = literal.substr(1, literal.size() - 2);
  const std::optional<Character> character = take_character(rest, '\'');
  if (!character || !rest.empty()) return std::nullopt;
  return character->value;
}

}  // namespace maand::tpl
