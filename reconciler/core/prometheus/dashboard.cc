#include "reconciler/core/prometheus/dashboard.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "reconciler/core/glob.h"
#include "reconciler/core/prometheus/page.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kSearchedBytes = 64u << 10;  // a title stands in the head
constexpr std::size_t kMaxTitleBytes = 200;

std::optional<std::string> html_title(std::string_view html) {
  const std::string head = lower(html.substr(0, kSearchedBytes));
  const std::size_t tag = head.find("<title");
  const std::size_t begin = tag == std::string::npos ? tag : head.find('>', tag);
  const std::size_t end = begin == std::string::npos ? begin : head.find("</title", begin);
  if (end == std::string::npos) return std::nullopt;
  std::string title = text_of_html(html.substr(begin + 1, end - begin - 1));
  if (title.empty() || title.size() > kMaxTitleBytes || !is_utf8(title)) return std::nullopt;
  return title;
}

bool is_hidden(std::string_view path) {
  return path.starts_with('.') || path.find("/.") != std::string_view::npos;
}

}  // namespace

std::vector<std::string> parse_dashboard_ignore(std::string_view ignore, const Site& ignore_site) {
  std::vector<std::string> out;
  for (std::size_t line = 1; !ignore.empty(); ++line) {
    const std::size_t end = std::min(ignore.find('\n'), ignore.size());
    const std::string_view pattern = trim(ignore.substr(0, end));
    ignore.remove_prefix(std::min(end + 1, ignore.size()));
    if (pattern.empty() || pattern.starts_with('#')) continue;
    if (is_valid_glob(pattern)) {
      out.emplace_back(pattern);
    } else {
      ignore_site.error("line " + std::to_string(line) + ": " + quote(pattern) + " is no pattern",
                        "write it as in restart_globs, for example `lib/**`");
    }
  }
  return out;
}

Dashboard make_dashboard(std::string path, std::string bytes, const std::vector<std::string>& ignored) {
  Dashboard out;
  out.listed = !is_hidden(path) &&
               std::none_of(ignored.begin(), ignored.end(),
                            [&](const std::string& pattern) { return glob_matches(pattern, path); });
  out.title = html_title(bytes).value_or(path.substr(path.rfind('/') + 1));
  out.path = std::move(path);
  out.bytes = std::move(bytes);
  return out;
}

}  // namespace maand
