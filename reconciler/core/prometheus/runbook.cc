#include "reconciler/core/prometheus/runbook.h"

#include <md4c-html.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "reconciler/core/prometheus/page.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

void collect(const MD_CHAR* text, MD_SIZE size, void* out) {
  auto& html = *static_cast<std::string*>(out);
  if (html.size() <= kMaxRunbookPageBytes) html.append(text, size);
}

// A table repeats the cells of its header in every row, so that few bytes with
// many columns would become very many.
bool has_too_many_columns(std::string_view markdown) {
  std::size_t bars = 0;
  for (const char c : markdown) {
    bars = c == '\n' || c == '\r' ? 0 : bars + (c == '|');
    if (bars > kMaxRunbookColumns) return true;
  }
  return false;
}

// No scheme (relative) or one that only shows something. An entity or an escape
// before the first `:` is not worth reading.
bool is_harmless(std::string_view url) {
  const std::size_t end = url.find_first_of("/?#:&%");
  if (end == std::string_view::npos || url[end] == '/' || url[end] == '?' || url[end] == '#') return true;
  constexpr std::array<std::string_view, 4> kSchemes = {"http", "https", "mailto", "tel"};
  if (url[end] != ':')
    return url.find(':') == std::string_view::npos && url.find('&') == std::string_view::npos;
  const auto same = [&](std::string_view scheme) { return equal_fold(scheme, url.substr(0, end)); };
  return std::any_of(kSchemes.begin(), kSchemes.end(), same);
}

// `"` in text is always an entity, so these two can only be attributes.
std::string disarm_links(std::string_view html) {
  std::string out;
  for (std::size_t at = 0; at < html.size();) {
    const std::size_t href = std::min(html.find(" href=\"", at), html.find(" src=\"", at));
    const std::size_t from = href == std::string_view::npos ? href : html.find('"', href) + 1;
    const std::size_t to = from == std::string_view::npos ? from : html.find('"', from);
    if (to == std::string_view::npos) return out.append(html.substr(at));
    out += html.substr(at, from - at);
    const std::string_view url = html.substr(from, to - from);
    out += is_harmless(url) ? url : std::string_view("#");
    at = to;
  }
  return out;
}

std::optional<std::string> first_heading(std::string_view html) {
  const std::size_t begin = html.find("<h1>");
  const std::size_t end = begin == std::string_view::npos ? begin : html.find("</h1>", begin);
  if (end == std::string_view::npos) return std::nullopt;
  std::string title = text_of_html(html.substr(begin, end - begin));
  if (title.empty()) return std::nullopt;
  return title;
}

}  // namespace

Runbook render_runbook(std::string slug, std::string_view markdown, const Site& site) {
  Runbook runbook;
  runbook.slug = std::move(slug);
  runbook.title = runbook.slug;
  if (markdown.size() > kMaxRunbookBytes) {
    site.error("has more than " + std::to_string(kMaxRunbookBytes) + " bytes", "split the runbook");
    return runbook;
  }
  if (!is_utf8(markdown) || markdown.find('\0') != std::string_view::npos) {
    site.error("is not UTF-8 text", "save the file as UTF-8");
    return runbook;
  }
  if (has_too_many_columns(markdown)) {
    site.error("a line holds more than " + std::to_string(kMaxRunbookColumns) + " of the character `|`",
               "use fewer columns");
    return runbook;
  }
  std::string html;
  const int failed = md_html(markdown.data(), static_cast<MD_SIZE>(markdown.size()), collect, &html,
                             MD_DIALECT_GITHUB | MD_FLAG_NOHTML, MD_HTML_FLAG_SKIP_UTF8_BOM);
  if (failed != 0 || html.size() > kMaxRunbookPageBytes) {
    site.error("cannot be made into a page of at most " + std::to_string(kMaxRunbookPageBytes) + " bytes",
               "split the runbook, or use smaller tables");
    return runbook;
  }
  runbook.body = disarm_links(html);
  runbook.title = first_heading(runbook.body).value_or(runbook.slug);
  return runbook;
}

}  // namespace maand
