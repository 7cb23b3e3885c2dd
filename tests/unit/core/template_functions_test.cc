// workspace.md 7.3, row by row.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/core/template_world.h"

namespace maand {
namespace {

struct Called {
  const char* text;
  const char* told;
};

void check(std::initializer_list<Called> cases) {
  for (const auto& [text, told] : cases) {
    TemplateWorld world;
    EXPECT_EQ(world.told(text), told) << text;
  }
}

TEST(TemplateFunctions, GetReadsAValueAndFailsWithoutIt) {
  check(
      {{R"({{get "maand/bucket" "name"}})", "prod"},
       {R"({{get "secrets/job/web" "password"}})", "s3cret"},
       {R"({{get "other" "x"}})",
        "denied 1:3 at <get \"other\" \"x\">: error calling get: namespace \"other\" may not be read here"},
       {R"({{get "maand/bucket" "x"}})",
        "missing 1:3 at <get \"maand/bucket\" \"x\">: error calling get: there is no key \"x\" in namespace "
        "\"maand/bucket\""}});
}

TEST(TemplateFunctions, GetOptionalIsEmptyWithoutAValue) {
  check({{R"([{{getOptional "maand/bucket" "x"}}])", "[]"},
         {R"([{{getOptional "maand/bucket" "name"}}])", "[prod]"},
         {R"({{getOptional "other" "x"}})",
          "denied 1:3 at <getOptional \"other\" \"x\">: error calling getOptional: "
          "namespace \"other\" may not be read here"}});
}

TEST(TemplateFunctions, GetSecretReadsTheJobsOwn) {
  check({{R"({{getSecret "password"}})", "s3cret"},
         {R"({{getSecret "x"}})",
          "missing 1:3 at <getSecret \"x\">: error calling getSecret: there is no key \"x\" among the "
          "secrets of this job"}});
}

TEST(TemplateFunctions, KeysAreSorted) {
  check({{R"({{keys "maand/bucket"}})", "[domain empty name]"},
         {R"({{range keys "maand/worker"}}{{.}};{{end}})", "count;ips;"}});
}

TEST(TemplateFunctions, Text) {
  check(
      {{R"({{split "a,b" ","}}{{len (split "" ",")}}{{len (split "" "")}}{{split "hé" ""}})", "[a b]10[h é]"},
       {R"([{{trim " \t a b\u00a0 "}}])", "[a b]"},
       {R"({{upper "grüße"}} {{lower "ÀB"}})", "GRÜßE àb"},
       {R"({{join .Labels "+"}})", "db+worker+zone-a"},
       {R"({{join "a" "+"}})", "execution 1:8 at <\"a\">: can't handle \"a\" for arg of type []string"}});
}

TEST(TemplateFunctions, Numbers) {
  check({{"{{add 1 2}} {{sub 1 2}} {{mul 3 4}} {{div -7 2}} {{min 1 2}} {{max 1 2}}", "3 -1 12 -3 1 2"},
         {"{{div 1 0}}", "execution 1:3 at <div 1 0>: error calling div: division by zero"},
         {"{{add \"1\" 2}}", "execution 1:7 at <\"1\">: expected integer; found \"1\""},
         {"{{add 9223372036854775807 1}}", "-9223372036854775808"}});
}

TEST(TemplateFunctions, IntTakesIntsAndDecimalText) {
  check({{"{{int 5}} {{int \" -5 \"}} {{int \"+007\"}}", "5 -5 7"},
         {"{{int \"2.1e+06\"}}",
          "execution 1:3 at <int \"2.1e+06\">: error calling int: \"2.1e+06\" is no decimal integer of 64 "
          "bits"},
         {"{{int 1.5}}",
          "execution 1:3 at <int 1.5>: error calling int: cannot make an int of type float64: expected an "
          "int or a string of decimal digits"}});
}

TEST(TemplateFunctions, TheCatalogsFragments) {
  check({{"scrape_configs:{{scrapeConfigs}}", "scrape_configs:\n  - job_name: web"},
         {"{{ruleFiles}}", "rule_files:\n  - rules/web/a.yaml\n"}});
}

TEST(TemplateFunctions, WhatGoBrings) {
  check({{"{{and 1 0}} {{or 0 2}} {{not 0}}", "0 2 true"},
         {"{{eq 1 2 1}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge 2 2}}",
          "true true true true false true"},
         {"{{len .Labels}} {{index .Labels 1}} {{slice \"hello\" 1 3}}", "3 worker el"},
         {"{{print 1 2 \"a\"}}|{{println 1 \"a\"}}", "1 2a|1 a\n"},
         {"{{html \"<a>\"}} {{js \"'\"}} {{urlquery \"a b&\"}}", "&lt;a&gt; \\' a+b%26"},
         {"{{call .Job}}", "execution 1:3 at <call .Job>: error calling call: non-function of type string"},
         {"{{eq 1 \"1\"}}",
          "execution 1:3 at <eq 1 \"1\">: error calling eq: incompatible types for comparison: int and "
          "string"}});
}

}  // namespace
}  // namespace maand
