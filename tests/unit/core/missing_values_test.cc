// All values that templates lack are told at once (R1.6, workspace.md 6).
#include "reconciler/core/missing_values.h"

#include <gtest/gtest.h>

#include <map>

namespace maand {
namespace {

using Names = std::vector<std::string>;

class Stored : public TemplateValues {
 public:
  Answer get(std::string_view ns, std::string_view key, std::string_view& value) override {
    const auto found = values.find(std::string(ns) + "/" + std::string(key));
    if (found == values.end()) return Answer::kMissing;
    value = found->second;
    return Answer::kFound;
  }
  Answer keys(std::string_view, std::vector<std::string>&) override { return Answer::kMissing; }
  Answer secret(std::string_view key, std::string_view& value) override { return get("own", key, value); }
  std::optional<std::string> scrape_configs(std::string&) override { return ""; }
  std::optional<std::string> rule_files(std::string&) override { return ""; }

  std::map<std::string, std::string> values;
};

Names missing_of(MissingValues& missing, const std::string& text, Stored& values) {
  const auto parsed = parse_template(text);
  const Template& one = *std::get<TemplatePtr>(parsed);
  auto first = render(one, {}, values);
  Names out;
  for (const TemplateProblem& each :
       missing.all_of(one, {}, values, std::get<TemplateProblem>(std::move(first)))) {
    out.push_back(each.ns + "/" + each.key + " at " + std::to_string(each.line));
  }
  return out;
}

Names missing_of(const std::string& text) {
  MissingValues missing;
  Stored values;
  values.values["a/there"] = "x";
  return missing_of(missing, text, values);
}

TEST(MissingValues, AllOfATemplateAreToldWithTheirLines) {
  const struct {
    const char* what;
    std::string text;
    Names names;
  } table[] = {
      {"one", "{{get \"a\" \"x\"}}", {"a/x at 1"}},
      {"several, and one that is there",
       "{{get \"a\" \"x\"}}\n{{get \"a\" \"there\"}}{{get \"b\" \"y\"}}\n{{getSecret \"z\"}}",
       {"a/x at 1", "b/y at 2", "/z at 3"}},
      {"the same twice is one", "{{get \"a\" \"x\"}}{{get \"a\" \"x\"}}", {"a/x at 1"}},
      {"an optional one is not missing", "{{getOptional \"a\" \"o\"}}{{get \"a\" \"x\"}}", {"a/x at 1"}},
      {"used as a number", "{{add (int (get \"a\" \"n\")) 1}}{{get \"a\" \"x\"}}", {"a/n at 1", "a/x at 1"}},
      {"what a placeholder breaks ends it",
       "{{index (split (get \"a\" \"l\") \",\") 7}}{{get \"a\" \"x\"}}",
       {"a/l at 1"}},
      {"one asks for another", "{{get \"a\" (get \"a\" \"name\")}}", {"a/name at 1", "a/1 at 1"}},
  };
  for (const auto& row : table) EXPECT_EQ(missing_of(row.text), row.names) << row.what;
}

TEST(MissingValues, ManyAreBounded) {
  const Names names = missing_of("{{range $i, $_ := split \"" + std::string(5000, ',') +
                                 "\" \",\"}}{{get \"a\" (print $i)}}{{end}}");
  EXPECT_EQ(names.size(), MissingValues::kMost);
}

TEST(MissingValues, ASecondTemplateTellsOnlyWhatIsNew) {
  MissingValues missing;
  Stored values;
  EXPECT_EQ(missing_of(missing, "{{get \"a\" \"x\"}}{{get \"a\" \"y\"}}", values),
            (Names{"a/x at 1", "a/y at 1"}));
  EXPECT_EQ(missing_of(missing, "{{get \"a\" \"y\"}}{{get \"a\" \"z\"}}", values),
            (Names{"a/y at 1", "a/z at 1"}));
}

TEST(MissingValues, TheListIsShort) {
  EXPECT_EQ(list_missing({"a/x"}), "a/x");
  EXPECT_EQ(list_missing({"a/x", "a/y", "a/z"}), "a/x, a/y and a/z");
  std::set<std::string> many;
  for (char c = 'a'; c <= 'l'; ++c) many.insert(std::string("v/") + c);
  EXPECT_EQ(list_missing(many), "v/a, v/b, v/c, v/d, v/e, v/f, v/g, v/h, v/i, v/j and 2 more");
  for (int i = 0; i < 200; ++i) many.insert("v/x" + std::to_string(i));
  EXPECT_NE(list_missing(many).find(" or more others"), std::string::npos) << "the search ends at a limit";
}

}  // namespace
}  // namespace maand
