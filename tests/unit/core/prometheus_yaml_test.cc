// What YAML holds, how its scalars are meant, and how they are written again
// (workspace.md 13.4 and its list of differences).
#include <gtest/gtest.h>

#include "reconciler/core/prometheus/scrape_json.h"
#include "reconciler/core/prometheus/yaml_document.h"
#include "reconciler/core/prometheus/yaml_edit.h"
#include "reconciler/core/prometheus/yaml_scalar.h"
#include "reconciler/core/prometheus/yaml_text.h"
#include "tests/unit/core/told.h"

namespace maand {
namespace {

std::string repeat(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

// What is told of `text`; "" when it is read.
std::string told_of(std::string_view text) {
  Diagnostics diagnostics;
  const auto value = parse_yaml(text, Site(diagnostics, "a.yaml"));
  EXPECT_EQ(value.has_value(), diagnostics.all().empty());
  return value ? "" : testing::told(diagnostics).front();
}

YamlValue yaml(std::string_view text) {
  Diagnostics diagnostics;
  auto value = parse_yaml(text, Site(diagnostics, "a.yaml"));
  EXPECT_TRUE(value) << text;
  return value.value_or(YamlValue{});
}

std::string lines_of(std::string_view text) {
  std::string out;
  for (const std::string& line : yaml_lines(yaml(text))) out += line + "\n";
  return out;
}

TEST(YamlDocument, IsReadOrRefusedInOneSentence) {
  const struct {
    std::string text;
    std::string told;
  } table[] = {
      {"", ""},
      {"# nothing\n", ""},
      {"a: 1\n", ""},
      {"\xEF\xBB\xBF"
       "a: 1\n",
       ""},
      {"a: [\n", "error line "},
      {"a: 1\na: 2\n", "error line 2: the key \"a\" stands in line 1 already"},
      {"a: 1\n---\nb: 2\n", "error holds more than one document, and only the first would be read"},
      {"a: \xFF\n", "error is not UTF-8 text"},
      {"a: 1\nb: \x04\n", "error line 2: holds a control character"},
      {std::string("a\0b", 3), "error line 1: holds a control character"},
      {"? [a]\n: b\n", "error line 1: a key is a list"},
      {repeat("[", 64) + repeat("]", 64), ""},
      {repeat("[", 65) + repeat("]", 65), "error line 1: nested deeper than 64 levels"},
      {repeat("- ", 200'000), "error line 1: nested deeper than 64 levels"},
      {repeat("[", 200'000), "error line 1: nested deeper than 64 levels"},
      {repeat("{", 200'000), "error line 1: nested deeper than 64 levels"},
      {repeat("x", 2'000'000), "error has more than 1048576 bytes"},
      {"[" + repeat("a,", 100'001) + "]", "error line 1: more than 100000 values"},
      {"a: *b\n", "error line 1, column 4: "},
      {"a: &b\n  c: *b\n", "error line 2: an alias stands for something that contains it"},
      {"a: &b x\nc: [" + repeat("*b,", 65) + "]\n", "error line 2: more than 64 aliases"},
      {"<<: 1\n", "error line 1: `<<` takes a map or a list of maps"},
  };
  for (const auto& row : table) {
    const std::string told = told_of(row.text);
    EXPECT_TRUE(row.told.empty() ? told.empty() : told.starts_with(row.told))
        << row.text.substr(0, 60) << "\n"
        << told;
  }
}

TEST(YamlDocument, AliasesCannotBlowUpMemory) {  // "billion laughs"
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 8; ++i) {
    const std::string alias = "*a" + std::to_string(i - 1);
    text +=
        "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + repeat(alias + ", ", 7) + alias + "]\n";
  }
  EXPECT_TRUE(told_of(text).ends_with("more than 100000 values")) << told_of(text);
  const std::string wide = "a: &a " + repeat("x", 500'000) + "\nb: [" + repeat("*a, ", 12) + "*a]\n";
  EXPECT_TRUE(told_of(wide).ends_with("its aliases stand for too much text")) << told_of(wide);
}

TEST(YamlDocument, MergeKeysGiveWhatTheMapDoesNotSay) {
  EXPECT_EQ(scrape_json(yaml("b: &b {x: 1, y: 2}\nc: {<<: *b, y: 3}\n")),
            R"({"b":{"x":1,"y":2},"c":{"x":1,"y":3}})");
  EXPECT_EQ(scrape_json(yaml("- &a {x: 1}\n- &b {x: 2, y: 2}\n- <<: [*a, *b]\n")),
            R"([{"x":1},{"x":2,"y":2},{"x":1,"y":2}])");
}

TEST(YamlScalar, TextThatLooksLikeAnotherTypeIsKnown) {
  for (const char* text : {"",         "~",          "null",
                           "Null",     "true",       "False",
                           "yes",      "No",         "on",
                           "OFF",      "y",          "N",
                           "0",        "12",         "-3",
                           "+4",       "1_000",      "0755",
                           "0x1F",     "0o17",       "0b11",
                           "1.5",      ".5",         "5.",
                           "1e3",      "-1.5E-3",    ".inf",
                           "-.INF",    ".nan",       "1:20",
                           "12:30:45", "2001-01-01", "2001-12-14t21:59:43.10-05:00",
                           "<<",       "="})
    EXPECT_TRUE(looks_like_another_type(text)) << text;
  for (const char* text : {"a", "nothing", "1m", "10.0.0.1", "10.0.0.1:9090", "1.2.3", "v1", "e3", "-", "+",
                           ".", "x1:20", "0xyz", "2001-01", "maand:job", "12 34", "yes please"})
    EXPECT_FALSE(looks_like_another_type(text)) << text;
}

TEST(YamlScalar, StringsAreQuotedWhereTheyMustBe) {
  const struct {
    std::string text, written;
  } table[] = {
      {"api", "api"},
      {"10.0.0.1:9090", "10.0.0.1:9090"},
      {"/metrics", "/metrics"},
      {"(.*):9100", "(.*):9100"},
      {"yes", "\"yes\""},
      {"0755", "\"0755\""},
      {"", "\"\""},
      {"a: b", "'a: b'"},
      {"a #b", "'a #b'"},
      {"it's: so", "'it''s: so'"},
      {"it's", "it's"},
      {"- a", "'- a'"},
      {"*x", "'*x'"},
      {"{{ x }}", "'{{ x }}'"},
      {"@x", "'@x'"},
      {" a", "' a'"},
      {"a ", "'a '"},
      {"---", "'---'"},
      {"[::1]:80", "'[::1]:80'"},
      {"a\nb", "\"a\\nb\""},
      {"ä\"\\", "\"ä\\\"\\\\\""},
      {"\x01\xC2\x85\xE2\x80\xA8", "\"\\x01\\x85\\u2028\""},
  };
  for (const auto& row : table) {
    EXPECT_EQ(yaml_string(row.text), row.written);
    const YamlValue again = yaml("- " + row.written + "\n");
    ASSERT_EQ(again.items.size(), 1u) << row.written;
    EXPECT_EQ(again.items[0].text, row.text);
  }
}

TEST(YamlText, IsLaidOutAsTheOriginalDoes) {
  EXPECT_EQ(lines_of("- static_configs: [{targets: ['a:1', b:2], labels: {env: prod}}]\n"
                     "  job_name: api\n"
                     "  empty: []\n"
                     "  none:\n"
                     "- [1, [2, x]]\n"),
            "- empty: []\n"
            "  job_name: api\n"
            "  none: null\n"
            "  static_configs:\n"
            "    - labels:\n"
            "        env: prod\n"
            "      targets:\n"
            "        - a:1\n"
            "        - b:2\n"
            "- - 1\n"
            "  - - 2\n"
            "    - x\n");
}

TEST(YamlText, ScalarsKeepWhatTheirAuthorWrote) {  // the original makes 493 of 0755 and "yes" of yes
  EXPECT_EQ(
      lines_of(
          "a: 0755\nb: yes\nc: 'yes'\nd: \"12\"\ne: 1m\nf: !!str 5\ng: ~\nh: 2001-01-01\ni: |\n  x\n  y\n"),
      "a: 0755\nb: yes\nc: \"yes\"\nd: \"12\"\ne: 1m\nf: \"5\"\ng: null\nh: 2001-01-01\ni: \"x\\ny\\n\"\n");
}

TEST(ScrapeJson, IsCompactSortedAndEscapedAsGoDoes) {
  EXPECT_EQ(scrape_json(yaml("- {b: '<&>', a: \"q\\\"\\n\\u2028\\x01\"}\n")),
            R"([{"a":"q\"\n\u2028\u0001","b":"\u003c\u0026\u003e"}])");
  EXPECT_EQ(scrape_json(yaml("[1, -2, 1.5, 1e3, True, ~, yes, 0755, '1', .inf, 01, -, 1., 2001-01-01]")),
            R"([1,-2,1.5,1e3,true,null,"yes","0755","1",".inf","01","-","1.","2001-01-01"])");
}

TEST(YamlEdit, AScalarIsReplacedInPlace) {
  const struct {
    std::string file;  // one map; the value of `k` becomes "new"
    std::string result;
  } table[] = {
      {"k: old # why\n", "k: \"new\" # why\n"},
      {"k: \"o\\\"ld\"   # why\nz: 1\n", "k: \"new\"   # why\nz: 1\n"},
      {"k: 'o''ld'\n", "k: \"new\"\n"},
      {"{a: 1, k: old, b: 2}", "{a: 1, k: \"new\", b: 2}"},
      {"{k: old}", "{k: \"new\"}"},
      {"{\"k\":\"old\"}", "{\"k\":\"new\"}"},
      {"k:\n  old\n  and more\nz: 1\n", "k:\n  \"new\"\nz: 1\n"},
      {"k: 'old\n  and\n\n  more'\nz: 1\n", "k: \"new\"\nz: 1\n"},
      {"k: |-  # why\n  old\n\n  more\n\n# z\nz: 1\n", "k: \"new\"  # why\n\n# z\nz: 1\n"},
      {"k: >\n    old\n      more\n    x", "k: \"new\"\n"},
      {"k: |2\n    old\nz: 1\n", "k: \"new\"\nz: 1\n"},
      {"k: &x old\nz: 1\n", "k: &x \"new\"\nz: 1\n"},
      {"k: !!str old\n", "k: !!str \"new\"\n"},
      {"a: &x old\nk: *x\n", "a: &x old\nk: \"new\"\n"},
      {"k: old\r\nz: 1\r\n", "k: \"new\"\r\nz: 1\r\n"},
      {"ä: ö\nk: old\n", "ä: ö\nk: \"new\"\n"},
      {"\xEF\xBB\xBF"
       "k: old\n",
       "\xEF\xBB\xBF"
       "k: \"new\"\n"},
  };
  for (const auto& row : table) {
    const YamlValue value = yaml(row.file);
    ASSERT_NE(value.find("k"), nullptr) << row.file;
    EXPECT_EQ(apply_edits(row.file, replace_scalar(row.file, *value.find("k"), "\"new\"")), row.result);
    EXPECT_EQ(yaml(row.result).find("k")->text, "new") << row.result;
  }
}

}  // namespace
}  // namespace maand
