#include "gitsource/text_diff.h"

#include <string>
#include <utility>

#include "gitsource/git_error.h"
#include "gitsource/git_handles.h"
#include "gitsource/git_library.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kMostLineBytes = 2000;

// A line as it may go to a terminal: only tabs are let through of what steers one.
std::string shown(std::string_view line) {
  std::string out;
  while (true) {
    const std::size_t tab = line.find('\t');
    out += printable(line.substr(0, tab), kMostLineBytes);
    if (tab == std::string_view::npos || out.size() >= kMostLineBytes) return out;
    out += '\t';
    line.remove_prefix(tab + 1);
  }
}

std::string_view without_line_feed(const char* text, std::size_t length) {
  std::string_view line(text, length);
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string line_of(const git_diff_line& line) {
  switch (line.origin) {
    case GIT_DIFF_LINE_CONTEXT_EOFNL:
    case GIT_DIFF_LINE_ADD_EOFNL:
    case GIT_DIFF_LINE_DEL_EOFNL:
      return "\\ no line feed at the end";
    default:
      return line.origin + shown(without_line_feed(line.content, line.content_len));
  }
}

}  // namespace

TextDiff diff_texts(std::string_view before, std::string_view after, std::size_t most_lines) {
  git_library_start();
  git_diff_options options;
  check_mirror(git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION), "compare two texts");
  options.flags |= GIT_DIFF_FORCE_TEXT;
  git_patch* raw = nullptr;
  check_mirror(git_patch_from_buffers(&raw, before.data(), before.size(), nullptr, after.data(), after.size(),
                                      nullptr, &options),
               "compare two texts");
  const GitPatch patch(raw);
  TextDiff out;
  const auto add = [&](std::string line) {
    out.cut = out.lines.size() >= most_lines;
    if (!out.cut) out.lines.push_back(std::move(line));
    return !out.cut;
  };
  for (std::size_t i = 0; i < git_patch_num_hunks(patch.get()); ++i) {
    const git_diff_hunk* hunk = nullptr;
    std::size_t lines = 0;
    check_mirror(git_patch_get_hunk(&hunk, &lines, patch.get(), i), "compare two texts");
    if (!add(shown(without_line_feed(hunk->header, hunk->header_len)))) return out;
    for (std::size_t j = 0; j < lines; ++j) {
      const git_diff_line* line = nullptr;
      check_mirror(git_patch_get_line_in_hunk(&line, patch.get(), i, j), "compare two texts");
      if (!add(line_of(*line))) return out;
    }
  }
  return out;
}

}  // namespace maand
