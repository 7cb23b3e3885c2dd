#include "reconciler/cli/live_block.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

namespace maand {
namespace {

// What stands on a terminal that was sent `text`: as much of one as LiveBlock needs.
std::vector<std::string> screen(const std::string& text) {
  std::vector<std::string> lines(1);
  std::size_t row = 0, column = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "\033[") == 0) {
      const std::size_t end = text.find_first_of("AJKlh", i);
      const std::size_t number = std::strtoul(text.c_str() + i + 2, nullptr, 10);
      if (text[end] == 'A') row -= number;
      if (text[end] == 'K') lines[row].resize(column);
      if (text[end] == 'J') {
        lines[row].resize(column);
        lines.resize(row + 1);
      }
      i = end;
    } else if (text[i] == '\n') {
      ++row;
      column = 0;
      if (row == lines.size()) lines.emplace_back();
    } else if (text[i] == '\r') {
      column = 0;
    } else {
      lines[row].resize(std::max(lines[row].size(), column + 1));
      lines[row][column++] = text[i];
    }
  }
  return lines;
}

using Lines = std::vector<std::string>;

TEST(LiveBlock, IsDrawnOverItself) {
  std::ostringstream out;
  LiveBlock block(out);
  block.show({"one", "two two", "three"}, 0);
  EXPECT_EQ(screen(out.str()), (Lines{"one", "two two", "three", ""}));
  block.show({"1", "two"}, 0);
  EXPECT_EQ(screen(out.str()), (Lines{"1", "two", ""}));
  block.show({"1", "two", "3", "4"}, 0);
  EXPECT_EQ(screen(out.str()), (Lines{"1", "two", "3", "4", ""}));
  const std::size_t before = out.str().size();
  block.show({"1", "two", "3", "4"}, 0);
  EXPECT_EQ(out.str().size(), before) << "nothing changed";
  block.clear();
  EXPECT_EQ(screen(out.str()), Lines{""});
  block.clear();
  EXPECT_EQ(screen(out.str()), Lines{""});
}

TEST(LiveBlock, NeverScrolls) {
  std::ostringstream out;
  LiveBlock block(out);
  block.show({"a", "b", "c", "d", "e"}, 4);
  EXPECT_EQ(screen(out.str()), (Lines{"a", "b", "… and 3 more", ""}));
}

}  // namespace
}  // namespace maand
