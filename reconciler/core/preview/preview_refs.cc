#include "reconciler/core/preview/preview_refs.h"

#include <algorithm>

#include "reconciler/core/git_ref.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::string_view kRefs = "refs/";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// `*` takes as much as it can and gives back: O(pattern × text).
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // of the last `*`
  std::size_t taken = 0;                      // where what it took ends
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*' && text[t] != '/') {
      star = p++;
      taken = ++t;
    } else if (p < pattern.size() && pattern[p] != '*' && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos && text[taken] != '/') {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  return p == pattern.size();
}

}  // namespace

std::optional<std::string> preview_pattern_problem(std::string_view pattern) {
  if (!pattern.starts_with(kRefs)) return "begins with `refs/`, like \"refs/pull/*/head\"";
  if (pattern.size() > kMostPreviewPatternBytes)
    return "has at most " + std::to_string(kMostPreviewPatternBytes) + " characters";
  std::string_view rest = pattern.substr(kRefs.size());
  const std::string_view kind = rest.substr(0, rest.find('/'));
  if (kind.find('*') != std::string_view::npos) return "names the part behind `refs/` without `*`";
  if (kind == "notes" || kind == "maand" || kind == "tags" || kind == "remotes")
    return "never lies below refs/" + std::string(kind) + "/, where no one proposes a change";
  if (rest.find('/') == std::string_view::npos) return "has a name behind `refs/" + std::string(kind) + "/`";
  while (true) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    if (!is_ref_component(part, true) || part.back() == '.')
      return "is a ref that git allows, with `*` for one or more characters but `/`";
    if (part.find("**") != std::string_view::npos) return "has no `**`: `*` never crosses a `/`";
    if (slash == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(slash + 1);
  }
}

void check_preview_patterns(const std::vector<std::string>& patterns, std::string_view branch,
                            std::string_view notes, Diagnostics& diagnostics) {
  const auto wrong = [&](const std::string& pattern, const std::string& what, const std::string& advice) {
    diagnostics.error("maand.conf", "git.preview_refs", quote(pattern) + " " + what, advice);
  };
  if (patterns.size() > kMostPreviewPatterns) {
    diagnostics.error("maand.conf", "git.preview_refs", "has more than 16 patterns",
                      "write fewer, with `*` in them");
  }
  for (const std::string& pattern : patterns) {
    if (const auto problem = preview_pattern_problem(pattern)) {
      wrong(pattern, "is no pattern of refs", "a pattern " + *problem);
    } else if (matches(pattern, branch)) {
      wrong(pattern, "takes in our own branch, " + printable(branch),
            "what is on it is applied, not previewed: write a pattern that leaves it out");
    } else if (matches(pattern, notes)) {
      wrong(pattern, "takes in our own notes, " + printable(notes), "write a pattern that leaves them out");
    }
  }
}

bool matches_preview(const std::vector<std::string>& patterns, std::string_view ref) {
  if (!ref.starts_with(kRefs) || ref.size() > kMostPreviewRefBytes || !is_utf8(ref)) return false;
  if (!std::all_of(ref.begin(), ref.end(), is_ref_character)) return false;
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return matches(pattern, ref); });
}

bool newer_preview(std::string_view a, std::string_view b) {
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (is_digit(a[i]) && is_digit(b[j])) {
      const auto run = [](std::string_view text, std::size_t& at) {
        while (at < text.size() && text[at] == '0') ++at;
        const std::size_t begin = at;
        while (at < text.size() && is_digit(text[at])) ++at;
        return text.substr(begin, at - begin);
      };
      const std::string_view x = run(a, i);
      const std::string_view y = run(b, j);
      if (x.size() != y.size()) return x.size() > y.size();
      if (x != y) return x > y;
    } else if (a[i] != b[j]) {
      return a[i] > b[j];
    } else {
      ++i;
      ++j;
    }
  }
  const std::size_t left_a = a.size() - i;
  const std::size_t left_b = b.size() - j;
  return left_a != left_b ? left_a > left_b : a > b;
}

}  // namespace maand
