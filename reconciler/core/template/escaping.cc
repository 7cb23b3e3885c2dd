#include "reconciler/core/template/escaping.h"

#include <cstddef>
#include <cstdint>

#include "reconciler/core/template/unicode.h"

namespace maand::tpl {
namespace {

constexpr char kHex[] = "0123456789ABCDEF";

void append_hex(std::string& out, std::uint32_t value, int least_digits) {
  int digits = least_digits;
  while (digits < 8 && value >> (4 * digits) != 0) ++digits;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += kHex[value >> shift & 0xF];
}

}  // namespace

std::string escape_js(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Decoded d = decode_rune(text);
    const std::string_view bytes = text.substr(0, d.width);
    text.remove_prefix(d.width);
    switch (d.rune) {
      case '\\':
        out += "\\\\";
        continue;
      case '\'':
        out += "\\'";
        continue;
      case '"':
        out += "\\\"";
        continue;
      case '<':
      case '>':
      case '&':
      case '=':
        break;
      default:
        if (is_printable(d.rune) || d.rune == 0x7F) {
          out += bytes;
          continue;
        }
    }
    out += "\\u";
    append_hex(out, d.rune, 4);
  }
  return out;
}

std::string escape_query(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += '%';
      append_hex(out, static_cast<std::uint8_t>(c), 2);
    }
  }
  return out;
}

}  // namespace maand::tpl
