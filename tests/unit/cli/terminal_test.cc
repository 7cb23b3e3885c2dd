#include "reconciler/cli/terminal.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

TEST(Terminal, CountsColumnsNotBytes) {
  struct {
    const char* text;
    std::size_t columns;
  } const rows[] = {
      {"", 0},         {"api", 3}, {"é", 1},                   // one code point
      {"e\u0301", 1},                                          // e with a combining accent
      {"日本", 4},     {"→", 1},   {"🚀", 2}, {"a\u200Bb", 2},  // zero width space
      {"\xff\xfe", 2},                                         // no UTF-8: a column each
      {"\xe2\x82", 2},                                         // cut in the middle
  };
  for (const auto& row : rows) EXPECT_EQ(display_width(row.text), row.columns) << row.text;
}

TEST(Terminal, CutsAtColumnsWithAnEllipsis) {
  EXPECT_EQ(fit("abcdef", 6), "abcdef");
  EXPECT_EQ(fit("abcdef", 4), "abc…");
  EXPECT_EQ(fit("日本語", 4), "日…");  // half of a wide character is never shown
  EXPECT_EQ(fit("日本語", 1), "…");
  EXPECT_EQ(fit("abc", 0), "");
}

TEST(Terminal, PadsByColumns) {
  EXPECT_EQ(pad_right("日", 4), "日  ");
  EXPECT_EQ(pad_left("é", 3), "  é");
  EXPECT_EQ(pad_right("long", 2), "long");
}

TEST(Terminal, ColoursOnlyWhenAsked) {
  EXPECT_EQ(inked("x", Ink::kGood, false), "x");
  EXPECT_EQ(inked("x", Ink::kGood, true), "\033[32mx\033[0m");
  EXPECT_EQ(inked("", Ink::kGood, true), "");
}

}  // namespace
}  // namespace maand
