#include "reconciler/core/text.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

TEST(Text, TrimAndLowerKnowAsciiOnly) {
  EXPECT_EQ(trim(" \t\r\n a b \v\f"), "a b");
  EXPECT_EQ(trim(" "), "");
  EXPECT_EQ(lower("AbÄ"), "abÄ");
  EXPECT_TRUE(equal_fold("Host", "hOST"));
  EXPECT_FALSE(equal_fold("Host", "Hosts"));
}

TEST(Text, Utf8IsWellFormedOrNot) {
  for (const char* good : {"", "a", "é", "€", "😀", "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF"})
    EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad : {"\x80", "\xC3", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "a\xFF"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
}

TEST(Text, PrintableHidesWhatATerminalWouldObey) {
  EXPECT_EQ(printable("a\x1b[2Jb"), "a\\x1b[2Jb");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "\\xc2\\x9b31m");
  EXPECT_EQ(printable("é\xFF\n"), "é\\xff\\x0a");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
  EXPECT_TRUE(is_utf8(printable(std::string(1000, '\xFF'))));
  EXPECT_LE(printable(std::string(1000, 'a')).size(), 123u);
  EXPECT_TRUE(printable(std::string(1000, 'a')).ends_with("…"));
  EXPECT_EQ(quote("a"), "\"a\"");
}

TEST(Text, JoinWordsReadsLikeASentence) {
  EXPECT_EQ(join_words({}), "");
  EXPECT_EQ(join_words({"a"}), "a");
  EXPECT_EQ(join_words({"a", "b"}), "a and b");
  EXPECT_EQ(join_words({"a", "b", "c"}), "a, b and c");
}

TEST(Text, NearestFindsTypingErrorsAndNothingElse) {
  const std::vector<std::string_view> known = {"version", "selectors", "max_concurrent_starts", "cpu"};
  EXPECT_EQ(nearest("verison", known), "version");
  EXPECT_EQ(nearest("Selector", known), "selectors");
  EXPECT_EQ(nearest("max_concurent_start", known), "max_concurrent_starts");
  EXPECT_EQ(nearest("cup", known), "cpu");
  EXPECT_EQ(nearest("xyz", known), std::nullopt);
  EXPECT_EQ(nearest("description", {"cpu"}), std::nullopt);
  EXPECT_EQ(nearest("", known), std::nullopt);
  EXPECT_EQ(nearest(std::string(1 << 20, 'v'), known), std::nullopt);
}

TEST(Text, ACommaListHasNoBlanks) {
  EXPECT_EQ(comma_list({}), "");
  EXPECT_EQ(comma_list({"a"}), "a");
  EXPECT_EQ(comma_list({"a", "b"}), "a,b");
}

}  // namespace
}  // namespace maand
