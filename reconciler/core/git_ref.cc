#include "reconciler/core/git_ref.h"

#include <algorithm>

namespace maand {

bool is_ref_character(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte != 0x7f && std::string_view("~^:?[\\").find(c) == std::string_view::npos;
}

bool is_ref_component(std::string_view part, bool pattern) {
  return !part.empty() && part.front() != '.' && !part.ends_with(".lock") &&
         part.find("..") == std::string_view::npos && part.find("@{") == std::string_view::npos &&
         (pattern || part.find('*') == std::string_view::npos) &&
         std::all_of(part.begin(), part.end(), is_ref_character);
}

bool is_branch_name(std::string_view name) {
  if (name == "@" || name.starts_with("-") || name.ends_with(".")) return false;
  while (true) {
    const std::size_t slash = name.find('/');
    const std::string_view part = name.substr(0, slash);
    if (!is_ref_component(part)) return false;
    if (slash == std::string_view::npos) return true;
    name.remove_prefix(slash + 1);
  }
}

}  // namespace maand
