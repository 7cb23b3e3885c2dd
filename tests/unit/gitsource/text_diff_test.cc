#include "gitsource/text_diff.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

using Lines = std::vector<std::string>;

TEST(TextDiff, IsUnified) {
  const struct {
    std::string before, after;
    Lines lines;
  } table[] = {
      {"a\nb\nc\n", "a\nB\nc\n", {"@@ -1,3 +1,3 @@", " a", "-b", "+B", " c"}},
      {"same\n", "same\n", {}},
      {"", "a\n", {"@@ -0,0 +1 @@", "+a"}},
      {"a\n", "", {"@@ -1 +0,0 @@", "-a"}},
      {"a\n", "a", {"@@ -1 +1 @@", "-a", "+a", "\\ no line feed at the end"}},
      {"", "", {}},
  };
  for (const auto& row : table) EXPECT_EQ(diff_texts(row.before, row.after).lines, row.lines) << row.after;
}

TEST(TextDiff, ALongOneIsCut) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "line " + std::to_string(i) + "\n";
  const TextDiff diff = diff_texts("", text, 50);
  EXPECT_EQ(diff.lines.size(), 50u);
  EXPECT_TRUE(diff.cut);
  EXPECT_FALSE(diff_texts("", text, 1001).cut);
  const TextDiff wide = diff_texts("", std::string(100'000, 'x'));
  EXPECT_LT(wide.lines.at(1).size(), 2100u);
}

TEST(TextDiff, NothingInItSteersATerminal) {
  EXPECT_EQ(diff_texts("", "\x1b[2J\tb\r\n").lines, (Lines{"@@ -0,0 +1 @@", "+\\x1b[2J\tb"}));
}

}  // namespace
}  // namespace maand
