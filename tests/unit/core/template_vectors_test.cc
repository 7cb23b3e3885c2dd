// Every vector of tests/golden/template, which Go's own text/template made.
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "reconciler/core/template/quoting.h"
#include "tests/unit/core/template_world.h"

namespace maand {
namespace {

// As generate.go writes it.
std::string result(const std::string& text) {
  TemplateWorld world;
  auto parsed = parse_template(text);
  if (const auto* problem = std::get_if<TemplateProblem>(&parsed)) {
    return "parse error " + std::to_string(problem->line);
  }
  const auto got = render(*std::get<TemplatePtr>(parsed), world.data(), world.values);
  if (const auto* rendered = std::get_if<Rendered>(&got)) return "ok " + tpl::go_quote(rendered->text);
  const auto& problem = std::get<TemplateProblem>(got);
  return "exec error " + std::to_string(problem.line) + ":" + std::to_string(problem.column);
}

TEST(TemplateVectors, WhateverGoMakesOfATemplateWeMakeOfIt) {
  std::ifstream vectors(MAAND_TEMPLATE_VECTORS);
  ASSERT_TRUE(vectors.is_open());
  std::string input, expected;
  int seen = 0;
  while (std::getline(vectors, input) && std::getline(vectors, expected)) {
    const auto text = tpl::unquote(input);
    ASSERT_TRUE(text.has_value()) << input;
    EXPECT_EQ(result(*text), expected) << "the template is " << input;
    ++seen;
  }
  EXPECT_GE(seen, 400);
}

}  // namespace
}  // namespace maand
