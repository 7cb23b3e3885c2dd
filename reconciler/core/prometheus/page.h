// The frame of the pages that a Prometheus server shows under /consoles.
//
// Prometheus reads every such page as a Go template, so `{{` and `}}` of foreign
// text are written as template literals (workspace.md 13.5).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace maand {

// The text a reader sees of a piece of HTML: tags dropped, the entities that
// html_text and CommonMark write undone, white space folded.
std::string text_of_html(std::string_view html);

// `{{` → `{{"{{"}}`, `}}` → `{{"}}"}}`.
std::string template_literal(std::string_view html);

// A whole page with its style inside. `title` is text, `body` is HTML; both may
// hold anything, and neither is read as a template.
std::string html_page(std::string_view title, std::string_view body);

struct PageLink {
  std::string href;  // percent-encoded, relative to the page
  std::string text;
};
struct LinkGroup {
  std::string heading;  // a job
  std::vector<PageLink> links;
};

// An index: one heading and list a group. Groups without links are left out.
std::string index_page(std::string_view title, const std::vector<LinkGroup>& groups);

}  // namespace maand
