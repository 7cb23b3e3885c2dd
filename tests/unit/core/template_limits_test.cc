// A template that does not end, or grows without bound, is stopped (TemplateLimits).
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/core/template_world.h"

namespace maand {
namespace {

std::string repeat(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TemplateProblem::Kind kind_of(std::string_view text, const TemplateLimits& limits = {}) {
  TemplateWorld world;
  const auto got = world.outcome(text, limits);
  const auto* problem = std::get_if<TemplateProblem>(&got);
  return problem ? problem->kind : TemplateProblem::Kind::kSyntax;
}

constexpr auto kLimit = TemplateProblem::Kind::kLimit;

TEST(TemplateLimits, AnEndlessLoopIsStopped) {
  TemplateWorld world;
  EXPECT_EQ(world.told("{{range 9000000000}}{{end}}", {.steps = 100}),
            "limit 1:9 at <9000000000>: stopped: it takes more than 100 steps");
  EXPECT_EQ(kind_of("{{range 9000000000}}{{end}}"), kLimit);
  EXPECT_EQ(kind_of("{{range 2000}}{{range 2000}}{{end}}{{end}}"), kLimit);
}

TEST(TemplateLimits, TemplatesThatCallThemselvesAreStopped) {
  TemplateWorld world;
  EXPECT_EQ(world.told("{{define \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}", {.call_depth = 3}),
            "limit 1:26 in template \"a\" at <{{template \"a\"}}>: stopped: templates call one another more "
            "than 3 deep");
  EXPECT_EQ(kind_of("{{define \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}"), kLimit);
  EXPECT_EQ(kind_of("{{template \"template\"}}"), kLimit);
  // Many bodies a call: the depth of all together is what counts.
  EXPECT_EQ(kind_of("{{define \"a\"}}" + repeat("{{if 1}}", 150) + "{{template \"a\"}}" +
                    repeat("{{end}}", 150) + "{{end}}{{template \"a\"}}"),
            kLimit);
}

TEST(TemplateLimits, OutputIsBounded) {
  TemplateWorld world;
  EXPECT_EQ(world.told("{{range 10}}abc{{end}}", {.output_bytes = 10}),
            "limit 1:13 at <abc>: stopped: it writes more than 10 bytes");
  EXPECT_EQ(world.told("{{range 10}}{{.}}{{end}}", {.output_bytes = 5}),
            "limit 1:15 at <{{.}}>: stopped: it writes more than 5 bytes");
}

TEST(TemplateLimits, ValuesAreBounded) {
  EXPECT_EQ(kind_of("{{$s := \"x\"}}{{range 64}}{{$s = print $s $s}}{{end}}"), kLimit);
  EXPECT_EQ(kind_of("{{$s := \"x\"}}{{range 64}}{{$s = join (split (print $s $s) \"\") \"y\"}}{{end}}"),
            kLimit);
  EXPECT_EQ(kind_of("{{printf \"%9999999d%9999999d\" 1 2}}"), kLimit);
  EXPECT_EQ(kind_of("{{printf \"%.9999999f\" 1.5}}{{printf \"%09999999d\" 1}}"), kLimit);
  EXPECT_EQ(kind_of("{{$s := printf \"%3000000s\" \"x\"}}{{html (printf \"%q\" $s) | js}}{{split $s \" \"}}"),
            kLimit);
}

TEST(TemplateLimits, NestingIsBounded) {
  TemplateWorld world;
  EXPECT_EQ(world.told("{{" + repeat("(", 201) + "1" + repeat(")", 201) + "}}").substr(0, 12),
            "limit 1:203 ");
  EXPECT_EQ(world.told("{{" + repeat("(", 200) + "1" + repeat(")", 200) + "}}"), "1");
  EXPECT_EQ(kind_of(repeat("{{if 1}}", 201) + repeat("{{end}}", 201)), kLimit);
  EXPECT_EQ(kind_of(repeat("(", 100'000)), TemplateProblem::Kind::kSyntax);  // text
  EXPECT_EQ(kind_of("{{" + repeat("(", 100'000)), kLimit);
}

TEST(TemplateLimits, ALongChainOfElseIfCostsNoDepth) {
  TemplateWorld world;
  EXPECT_EQ(world.told("{{if 0}}" + repeat("{{else if 0}}", 20'000) + "{{else}}end{{end}}"), "end");
}

TEST(TemplateLimits, ATemplateOfMegabytesIsRefused) {
  EXPECT_EQ(kind_of(std::string(kTemplateBytesMax + 1, 'x')), kLimit);
}

TEST(TemplateLimits, ManyVariablesDoNotMakeItSlow) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "{{$v" + std::to_string(i) + " := 1}}";
  for (int i = 0; i < 20'000; ++i) text += "{{$v" + std::to_string(i) + "}}";
  TemplateWorld world;
  EXPECT_EQ(world.told(text).size(), 20'000u);
}

}  // namespace
}  // namespace maand
