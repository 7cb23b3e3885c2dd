#include "reconciler/core/glob.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr auto npos = std::string_view::npos;

// Takes one code point off the front; a byte that starts none stands for itself.
char32_t take_rune(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1;
  if (length > text.size() || !is_utf8(text.substr(0, length))) length = 1;
  char32_t rune = length == 1 ? lead : lead & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) rune = (rune << 6) | (byte(i) & 0x3Fu);
  text.remove_prefix(length);
  return rune;
}

// One element of a class: a code point, perhaps escaped. More must follow it.
std::optional<char32_t> take_class_rune(std::string_view& pattern) {
  if (pattern.empty() || pattern[0] == '-' || pattern[0] == ']') return std::nullopt;
  if (pattern[0] == '\\') pattern.remove_prefix(1);
  if (pattern.empty()) return std::nullopt;
  const char32_t rune = take_rune(pattern);
  if (pattern.empty()) return std::nullopt;
  return rune;
}

// Takes a class, from after its `[` to its `]`. nullopt: malformed. Else whether
// `rune` is in it.
std::optional<bool> take_class(std::string_view& pattern, char32_t rune) {
  bool negated = false;
  if (pattern.starts_with('^')) {
    negated = true;
    pattern.remove_prefix(1);
  }
  bool in = false;
  for (bool first = true;; first = false) {
    if (!first && pattern.starts_with(']')) {
      pattern.remove_prefix(1);
      return in != negated;
    }
    const auto low = take_class_rune(pattern);
    if (!low) return std::nullopt;
    auto high = low;
    if (pattern[0] == '-') {
      pattern.remove_prefix(1);
      high = take_class_rune(pattern);
      if (!high) return std::nullopt;
    }
    in = in || (*low <= rune && rune <= *high);
  }
}

enum class Fit { kYes, kNo, kMalformed };

// Takes one element that is no `*` off `pattern` and what it stands for off
// `text`. The element is consumed, and so judged, even where it does not fit.
Fit take_element(std::string_view& pattern, std::string_view& text) {
  const char element = pattern[0];
  pattern.remove_prefix(1);
  if (element == '[') {
    const bool some = !text.empty();
    const auto in = take_class(pattern, some ? take_rune(text) : 0);
    if (!in) return Fit::kMalformed;
    return some && *in ? Fit::kYes : Fit::kNo;
  }
  if (element == '?') {
    if (text.empty() || text[0] == '/') return Fit::kNo;
    take_rune(text);
    return Fit::kYes;
  }
  char literal = element;
  if (element == '\\') {
    if (pattern.empty()) return Fit::kMalformed;
    literal = pattern[0];
    pattern.remove_prefix(1);
  }
  if (text.empty() || text[0] != literal) return Fit::kNo;
  text.remove_prefix(1);
  return Fit::kYes;
}

bool is_well_formed(std::string_view pattern) {
  while (!pattern.empty()) {
    if (pattern[0] == '*') {
      pattern.remove_prefix(1);
      continue;
    }
    std::string_view nothing;
    if (take_element(pattern, nothing) == Fit::kMalformed) return false;
  }
  return true;
}

// Go's path.Match: the whole of `text`, `*` and `?` stop at `/`. Only the last
// `*` is ever retried: text that an earlier one could take instead, a later one
// can take as well.
bool path_match(std::string_view pattern, std::string_view text) {
  if (!is_well_formed(pattern)) return false;
  std::optional<std::string_view> star;  // pattern after the last `*`
  std::string_view star_text;            // what is left once that `*` took its share
  while (true) {
    if (pattern.starts_with('*')) {
      pattern.remove_prefix(1);
      star = pattern;
      star_text = text;
      continue;
    }
    if (pattern.empty() && text.empty()) return true;
    if (!pattern.empty() && take_element(pattern, text) == Fit::kYes) continue;
    if (!star || star_text.empty() || star_text[0] == '/') return false;
    star_text.remove_prefix(1);
    pattern = *star;
    text = star_text;
  }
}

std::string_view last_component(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == npos ? path : path.substr(slash + 1);
}

// `prefix**suffix` in the middle of a pattern.
bool matches_middle(std::string_view pattern, std::string_view path) {
  const std::size_t stars = pattern.find("**");
  const std::string_view prefix = pattern.substr(0, stars);
  std::string_view suffix = pattern.substr(stars + 2);
  if (suffix.find("**") != npos || !path.starts_with(prefix)) return false;
  std::string_view rest = path.substr(prefix.size());
  if (rest.starts_with('/')) rest.remove_prefix(1);
  if (suffix.starts_with('/')) suffix.remove_prefix(1);
  return suffix.empty() || path_match(suffix, rest) || path_match(suffix, last_component(rest));
}

bool matches_double_star(std::string_view pattern, std::string_view path) {
  if (pattern.starts_with("**/")) {
    const std::string_view rest = pattern.substr(3);
    const std::size_t slash = rest.find('/');
    if (slash == npos) return path_match(rest, last_component(path)) || path_match(rest, path);
    const std::string_view directory = rest.substr(0, slash + 1);  // with its `/`; only at the top level
    return path.starts_with(directory) && path_match(rest.substr(slash + 1), path.substr(directory.size()));
  }
  if (pattern.ends_with("/**")) {
    const std::string_view below = pattern.substr(0, pattern.size() - 2);  // with its `/`
    return path == below.substr(0, below.size() - 1) || path.starts_with(below);
  }
  return matches_middle(pattern, path);
}

}  // namespace

bool is_valid_glob(std::string_view pattern) {
  pattern = trim(pattern);
  if (pattern.empty()) return false;
  if (pattern.find("**") == npos) return is_well_formed(pattern);
  if (!pattern.starts_with("**/")) return true;
  const std::string_view rest = pattern.substr(3);
  const std::size_t slash = rest.find('/');
  return is_well_formed(slash == npos ? rest : rest.substr(slash + 1));
}

bool glob_matches(std::string_view pattern, std::string_view path) {
  if (!is_valid_glob(pattern)) return false;
  pattern = trim(pattern);
  if (path.starts_with('/')) path.remove_prefix(1);
  if (pattern.find_first_of("*?[") == npos && (pattern == path || pattern == last_component(path)))
    return true;
  if (pattern.find("**") != npos) return matches_double_star(pattern, path);
  if (pattern.find('/') == npos)
    return path_match(pattern, last_component(path)) || path_match(pattern, path);
  if (path_match(pattern, path)) return true;
  return pattern.ends_with('/') &&
         (path == pattern.substr(0, pattern.size() - 1) || path.starts_with(pattern));
}

std::vector<std::string> matching_paths(const std::vector<std::string>& globs,
                                        const std::vector<std::string>& changed,
                                        const std::vector<std::string>& rendered) {
  std::vector<std::string> out;
  const auto any_matches = [&](std::string_view path) {
    return std::any_of(globs.begin(), globs.end(),
                       [&](const std::string& glob) { return glob_matches(glob, path); });
  };
  for (const std::string& path : changed) {
    const bool from_template = std::binary_search(rendered.begin(), rendered.end(), path);
    if (any_matches(path) || (from_template && any_matches(path + ".tpl"))) out.push_back(path);
  }
  return out;
}

}  // namespace maand
