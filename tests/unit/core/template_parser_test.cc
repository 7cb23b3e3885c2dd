// workspace.md 7: parse errors give line, column and what was expected.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/core/template_world.h"

namespace maand {
namespace {

struct Refused {
  const char* text;
  const char* problem;
};

void check(std::initializer_list<Refused> cases) {
  for (const auto& [text, problem] : cases) {
    TemplateWorld world;
    EXPECT_EQ(world.told(text), problem) << text;
  }
}

TEST(TemplateParser, WhatIsNoActionIsToldWithLineAndColumn) {
  check({{"a {{", "syntax 1:5 unclosed action"},
         {"a\nb {{ 1", "syntax 2:7 unclosed action"},
         {"{{\n1", "syntax 2:2 unclosed action, in the action that started at line 1"},
         {"{{/* x", "syntax 1:3 unclosed comment: expected */"},
         {"{{/* x */ }}", "syntax 1:3 comment ends before closing delimiter: expected }} right after */"},
         {"{{\"abc}}", "syntax 1:3 unterminated quoted string: expected \" on the same line"},
         {"{{`abc}}", "syntax 1:3 unterminated raw quoted string: expected `"},
         {"{{'a}}", "syntax 1:3 unterminated character constant: expected ' on the same line"},
         {"x {{print \x01}}", "syntax 1:11 unrecognized character in action: U+0001"},
         {"{{(1}}", "syntax 1:5 unclosed left paren: expected )"},
         {"{{1)}}", "syntax 1:4 unexpected right paren"},
         {"{{$x-y}}", "syntax 1:3 bad character U+002D '-'"},
         {"{{1x}}", "syntax 1:3 bad number syntax: \"1x\""}});
}

TEST(TemplateParser, LiteralsThatMeanNothingAreRefused) {
  check({{"{{089}}", "syntax 1:3 integer overflow: \"089\""},
         {"{{1__0}}", "syntax 1:3 illegal number syntax: \"1__0\""},
         {"{{1e400}}", "syntax 1:3 illegal number syntax: \"1e400\""},
         {"{{'ab'}}", "syntax 1:3 malformed character constant: \"'ab'\""},
         {"{{\"\\q\"}}", "syntax 1:3 malformed string constant: an escape is none of Go's"}});
}

TEST(TemplateParser, NamesMustBeKnown) {
  check({{"{{nofunc 1}}", "syntax 1:3 function \"nofunc\" not defined"},
         {"{{getSecrt \"x\"}}", "syntax 1:3 function \"getSecrt\" not defined; did you mean getSecret?"},
         {"{{$x}}", "syntax 1:3 undefined variable \"$x\""},
         {"{{if true}}{{$y := 1}}{{end}}{{$y}}", "syntax 1:32 undefined variable \"$y\""}});
}

TEST(TemplateParser, BlocksMustMatch) {
  check({{"{{if true}}", "syntax 1:12 unexpected EOF: expected {{end}}"},
         {"{{end}}", "syntax 1:6 unexpected {{end}}: no block is open"},
         {"a\n{{else}}", "syntax 2:7 unexpected {{else}}: no block is open"},
         {"{{if 1}}{{else}}{{else}}{{end}}", "syntax 1:23 expected {{end}}; found {{else}}"},
         {"{{end 1}}", "syntax 1:7 unexpected \"1\" in end: expected }}"},
         {"{{break}}", "syntax 1:8 {{break}} outside {{range}}"},
         {"{{if}}x{{end}}", "syntax 1:5 missing value for if"},
         {"{{define a}}{{end}}", "syntax 1:10 unexpected \"a\" in define clause"},
         {"{{define \"a\"}}1{{end}}{{define \"a\"}}2{{end}}",
          "syntax 1:43 multiple definition of template \"a\""},
         {"{{1 | 2}}",
          "syntax 1:8 non executable command in pipeline stage 2: expected a function, field or "
          "variable"},
         {"{{range $i, 1}}{{end}}",
          "syntax 1:13 range can only initialize variables: expected $name after the comma"}});
}

TEST(TemplateParser, TextIsShownSafely) {
  check({{"{{\"a\" \x1b}}", "syntax 1:7 unrecognized character in action: U+001B"},
         {"{{print 1,\xff}}", "syntax 1:10 unexpected \",\" in operand"}});
}

}  // namespace
}  // namespace maand
