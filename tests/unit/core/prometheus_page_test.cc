// workspace.md 13.5: runbooks, dashboards and their pages.
#include <gtest/gtest.h>

#include "reconciler/core/prometheus/dashboard.h"
#include "reconciler/core/prometheus/page.h"
#include "reconciler/core/prometheus/page_style.h"
#include "reconciler/core/prometheus/runbook.h"
#include "tests/unit/core/told.h"

namespace maand {
namespace {

using Lines = std::vector<std::string>;

std::string body_of(const std::string& markdown) {
  Diagnostics diagnostics;
  const Runbook runbook = render_runbook("disk", markdown, Site(diagnostics, "disk.md"));
  EXPECT_EQ(testing::told(diagnostics), Lines{});
  return runbook.body;
}

Lines told_of(const std::string& markdown) {
  Diagnostics diagnostics;
  render_runbook("disk", markdown, Site(diagnostics, "disk.md"));
  return testing::told(diagnostics);
}

TEST(Runbook, IsRenderedAsGitHubDoes) {
  const struct {
    std::string markdown, html;
  } table[] = {
      {"# A\n\ntext", "<h1>A</h1>\n<p>text</p>\n"},
      {"~~x~~ `y`", "<p><del>x</del> <code>y</code></p>\n"},
      {"see https://a.example/b.", "<p>see <a href=\"https://a.example/b\">https://a.example/b</a>.</p>\n"},
      {"```sh\necho '<a>' {{x}}\n```\n",
       "<pre><code class=\"language-sh\">echo '&lt;a&gt;' {{x}}\n</code></pre>\n"},
      {"<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"},
      {"a <b>b</b>", "<p>a &lt;b&gt;b&lt;/b&gt;</p>\n"},
      {"[x](javascript:alert(1))", "<p><a href=\"#\">x</a></p>\n"},
      {"[x](JavaScript:alert(1))", "<p><a href=\"#\">x</a></p>\n"},
      {"[x](&#106;avascript:alert(1))", "<p><a href=\"#\">x</a></p>\n"},
      {"[x](java&Tab;script:alert(1))", "<p><a href=\"#\">x</a></p>\n"},
      {"![x](data:image/svg+xml,a)", "<p><img src=\"#\" alt=\"x\"></p>\n"},
      {"[x](other.html#a:b) [y](/q?a=b&c=d) [z](mailto:a@b)",
       "<p><a href=\"other.html#a:b\">x</a> <a href=\"/q?a=b&amp;c=d\">y</a> <a "
       "href=\"mailto:a@b\">z</a></p>\n"},
      {"a href=\"javascript:x\"", "<p>a href=&quot;javascript:x&quot;</p>\n"},
  };
  for (const auto& row : table) EXPECT_EQ(body_of(row.markdown), row.html) << row.markdown;
  EXPECT_NE(body_of("|a|b|\n|---|---|\n|1|2|\n").find("<td>1</td>"), std::string::npos);
  EXPECT_NE(body_of("- [x] done\n").find("type=\"checkbox\""), std::string::npos);
}

TEST(Runbook, ItsTitleIsItsFirstHeading) {
  const auto title = [](const char* markdown) {
    Diagnostics diagnostics;
    return render_runbook("disk", markdown, Site(diagnostics, "disk.md")).title;
  };
  EXPECT_EQ(title("## no\n\n# A *b* `<c>` & d\n"), "A b <c> & d");
  EXPECT_EQ(title("nothing"), "disk");
  EXPECT_EQ(title("#\n"), "disk");
}

TEST(Runbook, IsLimited) {
  EXPECT_EQ(told_of("\xFF"), Lines{"error is not UTF-8 text"});
  EXPECT_EQ(told_of(std::string(kMaxRunbookBytes + 1, 'a')), Lines{"error has more than 262144 bytes"});
  EXPECT_EQ(told_of(std::string(129, '|')), Lines{"error a line holds more than 128 of the character `|`"});
  std::string table = std::string(100, '|') + "\n";
  for (int i = 0; i < 99; ++i) table += "|---";
  table += "|\n";
  for (int i = 0; i < 60'000; ++i) table += "a\n";
  EXPECT_EQ(told_of(table), Lines{"error cannot be made into a page of at most 4194304 bytes"});
}

TEST(Runbook, PathologicalNestingEnds) {
  for (const char* part : {"[", "*", "> ", "- ", "`", "![", "<", "_a ", "](", "**a *a "}) {
    std::string markdown;
    while (markdown.size() < 60'000) markdown += part;
    Diagnostics diagnostics;
    render_runbook("x", markdown, Site(diagnostics, "x.md"));  // in time, whatever it says
  }
}

TEST(Page, ForeignTextIsNeverATemplate) {
  EXPECT_EQ(template_literal("{{ x }} {{{"), "{{\"{{\"}} x {{\"}}\"}} {{\"{{\"}}{");
  const std::string page = html_page("<{{t}}>", "<p>{{ bad }}</p>");
  EXPECT_NE(page.find("<title>&lt;{{\"{{\"}}t{{\"}}\"}}&gt;</title>"), std::string::npos) << page;
  EXPECT_NE(page.find("<p>{{\"{{\"}} bad {{\"}}\"}}</p>"), std::string::npos);
  EXPECT_EQ(kPageStyle.find("{{"), std::string_view::npos);
  EXPECT_EQ(kPageStyle.find("}}"), std::string_view::npos);
  EXPECT_NE(kPageStyle.find("prefers-color-scheme: dark"), std::string_view::npos);
}

TEST(Page, TextOfHtmlIsWhatAReaderSees) {
  EXPECT_EQ(text_of_html(" <b>a</b>\n &lt;c&gt; &amp;amp; <"), "a <c> &amp;");
  EXPECT_EQ(text_of_html(""), "");
}

TEST(Dashboard, IsListedUnlessHiddenOrIgnored) {
  Diagnostics diagnostics;
  const auto ignored =
      parse_dashboard_ignore("# libs\n\nlib/**\r\n*.js\n[\n", Site(diagnostics, ".dashboardignore"));
  EXPECT_EQ(testing::told(diagnostics), Lines{"error line 5: \"[\" is no pattern"});
  const struct {
    const char *path, *bytes, *title;
    bool listed;
  } table[] = {
      {"a.html", "<html><TITLE lang=en>\n My  &lt;board&gt; </title>", "My <board>", true},
      {"deep/b.html", "no title", "b.html", true},
      {"c.html", "<title></title>", "c.html", true},
      {"d.html", "<title>\xFF</title>", "d.html", true},
      {"lib/x/y.html", "", "y.html", false},
      {"app.js", "", "app.js", false},
      {".dashboardignore", "", ".dashboardignore", false},
      {"deep/.x/z.html", "", "z.html", false},
  };
  for (const auto& row : table) {
    const Dashboard one = make_dashboard(row.path, row.bytes, ignored);
    EXPECT_EQ(one.title, row.title) << row.path;
    EXPECT_EQ(one.listed, row.listed) << row.path;
    EXPECT_EQ(one.bytes, row.bytes);
  }
}

}  // namespace
}  // namespace maand
