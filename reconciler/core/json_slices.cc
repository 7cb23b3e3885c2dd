#include "reconciler/core/json_slices.h"

#include <nlohmann/json.hpp>

#include "reconciler/core/json_escape.h"

namespace maand {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

std::size_t skip_space(std::string_view text, std::size_t at) {
  const std::size_t next = text.find_first_not_of(kSpace, at);
  return next == std::string_view::npos ? text.size() : next;
}

// Behind the string literal that begins at `at`; npos when it does not end.
std::size_t skip_string(std::string_view text, std::size_t at) {
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

// Behind the value that begins at `at`; npos when it does not end.
std::size_t skip_value(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = skip_string(text, at);
      if (at == std::string_view::npos) return at;
      if (depth == 0) return at;
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') {
      if (depth == 0) return at;  // end of the enclosing object, behind a bare word
      if (--depth == 0) return at + 1;
    }
    if (depth == 0 && (c == ',' || kSpace.find(c) != std::string_view::npos)) return at;
    ++at;
  }
  return std::string_view::npos;
}

}  // namespace

std::optional<std::size_t> json_object_length(std::string_view text) {
  const std::size_t begin = skip_space(text, 0);
  if (begin >= text.size() || text[begin] != '{') return std::nullopt;
  const std::size_t end = skip_value(text, begin);
  if (end == std::string_view::npos) return std::nullopt;
  return end;
}

std::vector<std::pair<std::string, std::string>> json_members(std::string_view object) {
  std::vector<std::pair<std::string, std::string>> out;
  std::size_t at = skip_space(object, 0) + 1;
  for (;;) {
    at = skip_space(object, at);
    if (at >= object.size() || object[at] != '"') return out;
    const std::size_t key_end = skip_string(object, at);
    const std::string key = nlohmann::json::parse(object.substr(at, key_end - at)).get<std::string>();
    at = skip_space(object, skip_space(object, key_end) + 1);  // over the colon
    const std::size_t value_end = skip_value(object, at);
    out.emplace_back(key, std::string(object.substr(at, value_end - at)));
    at = skip_space(object, value_end);
    if (at < object.size() && object[at] == ',') ++at;
  }
}

std::string json_quote(std::string_view text) {
  return escape_controls(nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

bool is_json_object(std::string_view text) {
  const std::size_t begin = skip_space(text, 0);
  return begin < text.size() && text[begin] == '{' && nlohmann::json::accept(text);
}

}  // namespace maand
