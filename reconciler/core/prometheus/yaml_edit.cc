#include "reconciler/core/prometheus/yaml_edit.h"

#include <algorithm>
#include <tuple>

namespace maand {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

std::size_t skip_set(std::string_view file, std::size_t at, std::string_view set) {
  return std::min(file.find_first_not_of(set, at), file.size());
}

std::size_t line_end(std::string_view file, std::size_t at) {
  return std::min(file.find('\n', at), file.size());
}

std::optional<std::size_t> quoted_end(std::string_view file, std::size_t at) {
  const char quote = file[at];
  for (++at; at < file.size(); ++at) {
    if (quote == '"' && file[at] == '\\') {
      ++at;
    } else if (file[at] == quote) {
      if (quote == '"' || at + 1 >= file.size() || file[at + 1] != '\'') return at + 1;
      ++at;
    }
  }
  return std::nullopt;
}

// A plain scalar is its own text, but for the white space that folding turned
// into one space or into line feeds.
std::optional<std::size_t> plain_end(std::string_view file, std::size_t at, std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    if (at >= file.size()) return std::nullopt;
    if (kSpace.find(text[i]) != std::string_view::npos) {
      if (kSpace.find(file[at]) == std::string_view::npos) return std::nullopt;
      i = skip_set(text, i, kSpace);
      at = skip_set(file, at, kSpace);
    } else if (text[i++] != file[at++]) {
      return std::nullopt;
    }
  }
  return at;
}

// `|-  # why` and the lines below it that are indented as the first of them.
std::vector<TextEdit> replace_block(std::string_view file, std::size_t at, const std::string& text) {
  const std::size_t header = skip_set(file, at, "|>+-0123456789") - at;
  std::vector<TextEdit> out = {{at, header, text}};
  const std::size_t from = std::min(line_end(file, at) + 1, file.size());
  std::size_t indent = 0;
  std::size_t end = from;
  for (std::size_t line = from; line < file.size();) {
    const std::size_t next = std::min(line_end(file, line) + 1, file.size());
    const std::size_t first = skip_set(file, line, " ");
    const bool blank = skip_set(file, line, kSpace) >= next;
    if (!blank) {
      if (end == from) indent = first - line;
      if (indent == 0 || first - line < indent) break;
      end = next;
    }
    line = next;
  }
  if (end == from) return {};
  out.push_back({from, end - from, ""});
  return out;
}

}  // namespace

std::size_t scalar_start(std::string_view file, const YamlValue& scalar) {
  std::size_t at = std::min(scalar.offset, file.size());
  while (at < file.size() && (file[at] == '&' || file[at] == '!' || file[at] == '#')) {
    at = file[at] == '#' ? line_end(file, at) : std::min(file.find_first_of(kSpace, at), file.size());
    at = skip_set(file, at, kSpace);
  }
  return at;
}

std::vector<TextEdit> replace_scalar(std::string_view file, const YamlValue& scalar,
                                     const std::string& text) {
  const std::size_t at = scalar_start(file, scalar);
  if (at >= file.size() || scalar.kind != YamlValue::Kind::kScalar) return {};
  std::optional<std::size_t> end;
  switch (file[at]) {
    case '|':
    case '>':
      return replace_block(file, at, text);
    case '"':
    case '\'':
      end = quoted_end(file, at);
      break;
    case '*':
      end = std::min(file.find_first_of(" \t\r\n,]}", at), file.size());
      break;
    default:
      end = plain_end(file, at, scalar.text);
  }
  if (!end) return {};
  return {{at, *end - at, text}};
}

std::string apply_edits(std::string_view file, std::vector<TextEdit> edits) {
  std::sort(edits.begin(), edits.end(), [](const TextEdit& a, const TextEdit& b) {
    return std::tie(a.offset, a.length_bytes, a.text) < std::tie(b.offset, b.length_bytes, b.text);
  });
  std::string out;
  std::size_t at = 0;
  for (const TextEdit& edit : edits) {
    if (edit.offset < at) continue;  // told twice: a map that is used through an alias
    out += file.substr(at, edit.offset - at);
    out += edit.text;
    at = edit.offset + edit.length_bytes;
  }
  return out.append(file.substr(std::min(at, file.size())));
}

}  // namespace maand
