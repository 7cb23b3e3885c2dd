// Which paths a FileView answers for.
#pragma once

#include <string_view>

namespace maand {

// Relative, without `.`, `..`, empty parts or NUL. "" is not one.
inline bool is_view_path(std::string_view path) {
  if (path.empty() || path.find('\0') != std::string_view::npos) return false;
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace maand
