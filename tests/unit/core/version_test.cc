// workspace.md, list of differences and 2.4.
#include "reconciler/core/version.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

TEST(Version, ParsesAndRenders) {
  const struct {
    const char* text;
    const char* rendered;
  } kCases[] = {
      {"1", "1.0.0"},         {"1.2", "1.2.0"},
      {"1.2.3", "1.2.3"},     {"v1.2.3", "1.2.3"},
      {"V1", "1.0.0"},        {"  1.2.3\n", "1.2.3"},
      {"1-rc", "1.0.0-rc"},   {"1.2.3-rc.1", "1.2.3-rc.1"},
      {"1.2.3--", "1.2.3--"}, {"1.0-a-b.C9", "1.0.0-a-b.C9"},
      {"01.002", "1.2.0"},    {"18446744073709551615", "18446744073709551615.0.0"},
  };
  for (const auto& [text, rendered] : kCases) {
    const auto version = parse_version(text);
    ASSERT_TRUE(version) << text;
    EXPECT_EQ(to_string(*version), rendered) << text;
  }
}

TEST(Version, RefusesEverythingElse) {
  for (const char* text : {"",
                           " ",
                           "v",
                           "vV1",
                           "vv1",
                           "V v1",
                           "unknown",
                           "1.",
                           ".1",
                           "1..2",
                           "1.2.3.4",
                           "1.x",
                           "-1",
                           "+1",
                           "1-",
                           "1.2.3-",
                           "1.2.3+build",
                           "1.2.3-a+b",
                           "1.2.3-a b",
                           "1.0.0-x; reboot",
                           "1.0.0-$(id)",
                           "1 .2",
                           "1.2.3-\n",
                           "1.0.0-ü",
                           "18446744073709551616",
                           "0x1",
                           "1.2.3 -a"}) {
    EXPECT_FALSE(parse_version(text)) << '"' << text << '"';
  }
  EXPECT_FALSE(parse_version(std::string_view("1\0", 2)));
}

TEST(Version, OrdersNumbersThenPrereleasesBeforeTheirRelease) {
  const char* const kAscending[] = {"0",   "0.0.1", "0.9",   "0.10", "1-a", "1-a.10", "1-a.9",
                                    "1-b", "1",     "1.0.1", "2-x",  "2",   "10"};
  for (std::size_t i = 0; i < std::size(kAscending); ++i) {
    for (std::size_t j = 0; j < std::size(kAscending); ++j) {
      const auto a = *parse_version(kAscending[i]);
      const auto b = *parse_version(kAscending[j]);
      EXPECT_EQ(a < b, i < j) << kAscending[i] << " < " << kAscending[j];
      EXPECT_EQ(a == b, i == j);
    }
  }
  EXPECT_EQ(*parse_version("1"), *parse_version("v1.0.0"));
}

}  // namespace
}  // namespace maand
