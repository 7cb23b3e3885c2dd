#include "reconciler/cli/table.h"

#include <gtest/gtest.h>

#include <sstream>

namespace maand {
namespace {

Table example() {
  Table table({{"job"}, {"n", Column::Align::kRight}, {"detail", Column::Align::kLeft, true}});
  table.row({"api", "1", "short"});
  table.row({"zürich", "120", "a much longer explanation"});
  return table;
}

TEST(Table, AlignsColumnsByDisplayWidth) {
  EXPECT_EQ(example().str(0, false),
            "job       n  detail\n"
            "api       1  short\n"
            "zürich  120  a much longer explanation\n");
}

TEST(Table, CutsFlexibleColumnsToFitTheTerminal) {
  EXPECT_EQ(example().str(24, false),
            "job       n  detail\n"
            "api       1  short\n"
            "zürich  120  a much lon…\n");
}

TEST(Table, NeverCutsTheOtherColumns) {
  std::istringstream lines(example().str(5, false));
  std::string line, last;
  while (std::getline(lines, line)) last = line;
  EXPECT_EQ(last, "zürich  120  a much …");
}

TEST(Table, LeavesNoBlanksAtLineEndsAlsoWithColours) {
  Table table({{"state"}, {"why"}});
  table.row({Cell("held", Ink::kBad), ""});
  EXPECT_EQ(table.str(0, true), "\033[2mstate\033[0m  \033[2mwhy\033[0m\n\033[31mheld\033[0m\n");
}

TEST(Table, ShowsControlCharactersInsteadOfSendingThem) {
  Table table({{"version"}});
  table.row({"1.0\033[2J\n"});
  EXPECT_EQ(table.str(0, false), "version\n1.0\\x1b[2J\\x0a\n");
}

}  // namespace
}  // namespace maand
