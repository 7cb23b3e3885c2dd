#include "reconciler/core/commit_trailers.h"

#include <algorithm>
#include <cctype>

#include "reconciler/core/text.h"

namespace maand {
namespace {

using Lines = std::vector<std::string_view>;

bool is_blank(std::string_view line) { return trim(line).empty(); }

Lines lines_of(std::string_view text) {
  Lines out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    out.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

// Empty: the message has a subject only.
Lines last_paragraph(std::string_view message) {
  Lines lines = lines_of(message);
  while (!lines.empty() && is_blank(lines.back())) lines.pop_back();
  auto begin = lines.end();
  while (begin != lines.begin() && !is_blank(*(begin - 1))) --begin;
  const bool has_subject = std::any_of(lines.begin(), begin, [](auto line) { return !is_blank(line); });
  return has_subject ? Lines(begin, lines.end()) : Lines();
}

bool is_continuation(std::string_view line) { return line.front() == ' ' || line.front() == '\t'; }

// Length of the key of `Key: value`; 0: it is no trailer.
std::size_t key_length(std::string_view line) {
  std::size_t length = 0;
  while (length < line.size() &&
         (std::isalnum(static_cast<unsigned char>(line[length])) || line[length] == '-')) {
    ++length;
  }
  const std::size_t colon = line.find_first_not_of(" \t", length);
  return colon != std::string_view::npos && line[colon] == ':' ? length : 0;
}

bool made_by_git(std::string_view line) {
  return line.starts_with("Signed-off-by: ") || line.starts_with("(cherry picked from commit ");
}

bool is_trailer_block(const Lines& lines) {
  std::size_t trailers = 0;
  std::size_t others = 0;
  bool known = false;
  bool follows_trailer = false;
  for (const std::string_view line : lines) {
    if (is_continuation(line)) {
      if (!follows_trailer) ++others;
      continue;
    }
    const bool trailer = key_length(line) > 0 || made_by_git(line);
    known = known || made_by_git(line);
    ++(trailer ? trailers : others);
    follows_trailer = trailer;
  }
  return trailers > 0 && (others == 0 || (known && trailers * 3 >= others));
}

}  // namespace

std::vector<std::pair<std::string, std::string>> commit_trailers(std::string_view message) {
  const Lines lines = last_paragraph(message);
  std::vector<std::pair<std::string, std::string>> out;
  if (!is_trailer_block(lines)) return out;
  bool open = false;  // a continuation belongs to the last of `out`
  for (const std::string_view line : lines) {
    if (is_continuation(line)) {
      if (open) out.back().second += " " + std::string(trim(line));
      continue;
    }
    const std::size_t length = key_length(line);
    open = length > 0;
    if (open) out.emplace_back(line.substr(0, length), trim(line.substr(line.find(':', length) + 1)));
  }
  return out;
}

}  // namespace maand
