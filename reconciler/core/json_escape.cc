#include "reconciler/core/json_escape.h"

#include <cstddef>
#include <string_view>

namespace maand {
namespace {

constexpr unsigned char kDel = 0x7f;
constexpr unsigned char kLead = 0xc2;  // of U+0080 to U+00BF

// Outside of strings JSON is plain ASCII without controls, so where they stand does not matter.
std::size_t control_at(std::string_view text, std::size_t from) {
  for (std::size_t i = from; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == kDel) return i;
    if (byte != kLead || i + 1 == text.size()) continue;
    const auto next = static_cast<unsigned char>(text[i + 1]);
    if (next >= 0x80 && next <= 0x9f) return i;
  }
  return text.size();
}

}  // namespace

std::string escape_controls(std::string json) {
  std::size_t at = control_at(json, 0);
  if (at == json.size()) return json;
  constexpr const char* kHex = "0123456789abcdef";
  std::string out;
  std::size_t from = 0;
  for (; at < json.size(); at = control_at(json, from)) {
    const bool two = static_cast<unsigned char>(json[at]) == kLead;
    const auto code = static_cast<unsigned char>(two ? json[at + 1] : json[at]);
    out.append(json, from, at - from);
    out += "\\u00";
    out += kHex[code >> 4];
    out += kHex[code & 0xf];
    from = at + (two ? 2 : 1);
  }
  return out.append(json, from);
}

}  // namespace maand
