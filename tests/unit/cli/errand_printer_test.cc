#include "reconciler/cli/errand_printer.h"

#include <gtest/gtest.h>

#include <vector>

namespace maand {
namespace {

using std::chrono::milliseconds;

// What was printed when these pieces came at these times.
struct Piece {
  int ms;
  const char* worker;  // "": only time passes
  std::string bytes;   // "": its end
};

std::string printed(const std::vector<Piece>& pieces, ErrandPrinter::Style style = {}) {
  std::string out;
  ErrandPrinter printer({"a", "bb"}, style, [&](std::string_view text) { out += text; });
  for (const Piece& piece : pieces) {
    const ErrandPrinter::Instant now{milliseconds(piece.ms)};
    if (std::string(piece.worker).empty()) {
      printer.tick(now);
    } else if (piece.bytes.empty()) {
      printer.end(piece.worker);
    } else {
      printer.take(piece.worker, piece.bytes, now);
    }
  }
  printer.end();
  return out;
}

TEST(ErrandPrinter, EveryLineSaysWhoseItIsAndNoneIsInTheMiddleOfAnother) {
  const struct {
    const char* what;
    std::vector<Piece> pieces;
    std::string expected;
  } rows[] = {
      {"lines as they come", {{0, "a", "1\n2\n"}, {0, "bb", "x\n"}}, "a  | 1\na  | 2\nbb | x\n"},
      {"a last line without an end gets one",
       {{0, "a", "1"}, {0, "a", ""}, {0, "bb", "x\n"}},
       "a  | 1\nbb | x\n"},
      {"nobody speaks into a line",
       {{0, "a", "1"}, {1, "bb", "x\ny\n"}, {2, "a", "2\n"}},
       "a  | 12\nbb | x\nbb | y\n"},
      {"but for half a second",
       {{0, "a", "1"}, {1, "bb", "x\n"}, {499, "", ""}, {500, "", ""}, {501, "a", "2\n"}},
       "a  | 1\nbb | x\na  | 2\n"},
      {"since its last byte",
       {{0, "a", "1"}, {1, "bb", "x\n"}, {400, "a", "2"}, {800, "", ""}, {850, "a", "\n"}},
       "a  | 12\nbb | x\n"},
      {"one that waits ends without a newline",
       {{0, "a", "1"}, {1, "bb", "x"}, {2, "bb", ""}, {3, "a", "2\n"}},
       "a  | 12\nbb | x\n"},
      {"empty lines are lines", {{0, "a", "\n\n"}}, "a  | \na  | \n"},
      {"nothing at all", {{0, "a", ""}, {0, "bb", ""}}, ""},
      {"both wait for nobody at the end", {{0, "a", "1"}, {0, "bb", "x"}}, "a  | 1\nbb | x\n"},
  };
  for (const auto& row : rows) EXPECT_EQ(printed(row.pieces), row.expected) << row.what;
}

TEST(ErrandPrinter, ALongLineComesAtOnceAndWhole) {
  const std::string half(150'000, 'x');
  std::string out;
  ErrandPrinter printer({"a", "bb"}, {}, [&](std::string_view text) { out += text; });
  printer.take("a", half, {});
  EXPECT_EQ(out, "a  | " + half) << "it is not held until its end";
  printer.take("bb", "y\n", {});
  printer.take("a", half + "\n", {});
  EXPECT_EQ(out, "a  | " + half + half + "\nbb | y\n");
}

TEST(ErrandPrinter, WhoeverWaitsWithMuchWaitsNoLonger) {
  const std::string much(1u << 20, 'y');
  const std::string out = printed({{0, "a", "1"}, {0, "bb", much}, {0, "bb", "z\n"}, {0, "a", "2\n"}});
  EXPECT_EQ(out, "a  | 1\nbb | " + much + "z\na  | 2\n");
}

TEST(ErrandPrinter, ATerminalGetsNothingThatCouldSteerIt) {
  const struct {
    std::vector<Piece> pieces;
    std::string expected;
  } rows[] = {
      {{{0, "a", "\x1b[2J\tok\r\n"}}, "a  | \\x1b[2J\tok\n"},
      {{{0, "a", "\xc3"}, {0, "a", "\xa4\n"}}, "a  | \xc3\xa4\n"},  // ä in two pieces
      {{{0, "a", "\xe2\x82"}, {0, "a", "\xac"}, {0, "a", "!\n"}}, "a  | \xe2\x82\xac!\n"},
      {{{0, "a", "\xc3\n"}}, "a  | \\xc3\n"},
      {{{0, "a", "x\xc3"}}, "a  | x\\xc3\n"},
      {{{0, "a", "\xff\xfe"}}, "a  | \\xff\\xfe\n"},
  };
  for (const auto& row : rows) EXPECT_EQ(printed(row.pieces, {.escape = true}), row.expected);
  EXPECT_EQ(printed({{0, "a", "\x1b[1m\n"}}), "a  | \x1b[1m\n") << "a file gets what was said";
}

TEST(ErrandPrinter, JsonIsAnObjectForEachLineAndALongOneComesInPieces) {
  const ErrandPrinter::Style json{.json = true};
  EXPECT_EQ(printed({{0, "a", "1"}, {0, "bb", "x\n"}, {0, "a", "2\n3"}}, json),
            "{\"worker\":\"bb\",\"line\":\"x\"}\n{\"worker\":\"a\",\"line\":\"12\"}\n"
            "{\"worker\":\"a\",\"line\":\"3\"}\n");
  const std::string piece(64u << 10, 'x');
  EXPECT_EQ(printed({{0, "a", piece + "yz\n"}}, json), "{\"worker\":\"a\",\"line\":\"" + piece +
                                                           "\",\"more\":true}\n"
                                                           "{\"worker\":\"a\",\"line\":\"yz\"}\n");
}

}  // namespace
}  // namespace maand
