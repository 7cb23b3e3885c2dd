#include "reconciler/core/prometheus/page.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "reconciler/core/html_text.h"
#include "reconciler/core/prometheus/page_style.h"

namespace maand {

std::string text_of_html(std::string_view html) {
  constexpr std::pair<std::string_view, char> kEntities[] = {{"&lt;", '<'},  {"&gt;", '>'},   {"&quot;", '"'},
                                                             {"&#34;", '"'}, {"&#39;", '\''}, {"&amp;", '&'}};
  std::string out;
  while (!html.empty()) {
    std::size_t taken = 1;
    char c = html.front();
    if (c == '<') {
      html.remove_prefix(std::min(html.find('>'), html.size() - 1) + 1);
      continue;
    }
    for (const auto& [entity, letter] : kEntities) {
      if (c != '&' || !html.starts_with(entity)) continue;
      taken = entity.size();
      c = letter;
      break;
    }
    const bool space = static_cast<unsigned char>(c) <= ' ';
    if (!space) out += c;
    if (space && !out.empty() && out.back() != ' ') out += ' ';
    html.remove_prefix(taken);
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

std::string template_literal(std::string_view html) {
  std::string out;
  for (std::size_t i = 0; i < html.size(); ++i) {
    const std::string_view pair = html.substr(i, 2);
    if (pair == "{{" || pair == "}}") {
      out += std::string("{{\"") + std::string(pair) + "\"}}";
      ++i;
    } else {
      out += html[i];
    }
  }
  return out;
}

std::string html_page(std::string_view title, std::string_view body) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>";
  out += template_literal(html_text(title));
  out += "</title>\n<style>\n";
  out += kPageStyle;
  out += "</style>\n</head>\n<body>\n<main>\n";
  out += template_literal(body);
  return out + "</main>\n</body>\n</html>\n";
}

std::string index_page(std::string_view title, const std::vector<LinkGroup>& groups) {
  std::string body = "<h1>" + html_text(title) + "</h1>\n";
  for (const LinkGroup& group : groups) {
    if (group.links.empty()) continue;
    body += "<h2>" + html_text(group.heading) + "</h2>\n<ul>\n";
    for (const PageLink& link : group.links) {
      body += "<li><a href=\"" + html_text(link.href) + "\">" + html_text(link.text) + "</a></li>\n";
    }
    body += "</ul>\n";
  }
  return html_page(title, body);
}

}  // namespace maand
