#include "reconciler/app/config_puts.h"

#include <algorithm>

namespace maand {

bool put_text(std::string& target, const ConfigValue& value, bool may_be_empty) {
  auto text = as_text(value);
  if (!text || (!may_be_empty && text->empty())) return false;
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(text->begin(), text->end(), control)) return false;
  target = *std::move(text);
  return true;
}

bool put_secret_name(std::string& target, const ConfigValue& value, bool may_be_empty) {
  const auto text = as_text(value);
  if (!text || text->find('/') != std::string::npos || *text == "." || *text == "..") return false;
  return put_text(target, value, may_be_empty);
}

}  // namespace maand
