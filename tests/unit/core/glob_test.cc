// workspace.md 2.8, R2.1, R3.2.
#include "reconciler/core/glob.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

struct Match {
  const char* pattern;
  const char* path;
  bool expected;
};

void check(std::initializer_list<Match> cases) {
  for (const auto& [pattern, path, expected] : cases) {
    EXPECT_EQ(glob_matches(pattern, path), expected) << pattern << " on " << path;
  }
}

TEST(Glob, LiteralsNameAPathOrALastComponent) {
  check({{"app.conf", "app.conf", true},
         {"app.conf", "etc/app.conf", true},
         {"app.conf", "etc/app.conf.d", false},
         {"etc/app.conf", "etc/app.conf", true},
         {"etc/app.conf", "x/etc/app.conf", false},
         {"etc/app.conf", "/etc/app.conf", true},
         {"  app.conf ", "app.conf", true},
         {"etc/", "etc/app.conf", true},
         {"etc/", "etc", true},
         {"etc/", "etcetera", false},
         {"", "a", false}});
}

TEST(Glob, ElementsAreThoseOfPathMatch) {
  check({{"*.conf", "app.conf", true},
         {"*.conf", "etc/app.conf", true},  // without a slash also on the last component
         {"etc/*", "etc/app.conf", true},
         {"etc/*", "etc/a/b", false},
         {"*/app.conf", "etc/app.conf", true},
         {"a*b*c", "aXbYbZc", true},
         {"a*b*c", "aXbYbZ", false},
         {"a?c", "abc", true},
         {"a?c", "aéc", true},  // a code point, not a byte
         {"a?c", "a/c", false},
         {"[a-c]x", "bx", true},
         {"[^a-c]x", "bx", false},
         {"[^a-c]x", "dx", true},
         {"[é]x", "éx", true},
         {"a\\*b", "a*b", true},
         {"a\\*b", "aXb", false},
         {"[\\]]", "]", true},
         {"[a", "a", false},
         {"[a/", "[a/b", false},  // malformed, so not even as a directory
         {"a*", "a", true},
         {"*", "a/b", true},  // its last component
         {"x/*", "x/", true}});
}

TEST(Glob, DoubleStarInFront) {
  check({{"**/app.conf", "app.conf", true},
         {"**/app.conf", "a/b/app.conf", true},
         {"**/*.conf", "a/b/app.conf", true},
         {"**/conf/*.yml", "conf/a.yml", true},
         {"**/conf/*.yml", "x/conf/a.yml", false},  // only at the top, as the original
         {"**/conf/*.yml", "conf/x/a.yml", false}});
}

TEST(Glob, DoubleStarAtTheEnd) {
  check({{"conf/**", "conf", true},
         {"conf/**", "conf/a/b", true},
         {"conf/**", "confx/a", false},
         {"a/b/**", "a/b/c", true},
         {"c*f/**", "conf/a", false}});  // what precedes is literal
}

TEST(Glob, DoubleStarInTheMiddle) {
  check({{"conf/**/*.yml", "conf/a.yml", true},
         {"conf/**/*.yml", "conf/a/b/c.yml", true},
         {"conf/**/*.yml", "other/a.yml", false},
         {"conf**", "conf/a/b", true},
         {"**", "anything/at/all", true},
         {"a/**/b/**/c", "a/b/c", false},
         {"a**b**c", "aXbXc", false}});
}

TEST(Glob, ValidityIsJudgedWhereTheGrammarSaysSo) {
  for (const char* good : {"a", "*.conf", "[a-z]*", "\\[", "**", "a**[", "**/dir[/ok", "conf/**", " a "}) {
    EXPECT_TRUE(is_valid_glob(good)) << good;
  }
  for (const char* bad :
       {"", "  ", "[", "[a", "[]", "[]a]", "[^]a]", "[a-]", "[-a]", "a\\", "**/[", "**/dir/[", "x[b-"}) {
    EXPECT_FALSE(is_valid_glob(bad)) << bad;
  }
}

TEST(Glob, HostilePatternsCostNoMoreThanLengthTimesLength) {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "*a";
  const std::string text(1000, 'a');
  EXPECT_TRUE(glob_matches(pattern, text));
  EXPECT_FALSE(glob_matches(pattern + "b", text));
}

TEST(Glob, MatchingPathsKeepTheirOrderAndComeOnce) {
  const std::vector<std::string> changed = {"a.conf", "b.txt", "etc/c.conf"};
  EXPECT_EQ(matching_paths({"*.conf", "etc/**"}, changed),
            (std::vector<std::string>{"a.conf", "etc/c.conf"}));
  EXPECT_TRUE(matching_paths({}, changed).empty());
  EXPECT_TRUE(matching_paths({"*"}, {}).empty());
}

TEST(Glob, ARenderedFileAnswersToItsTemplateNameToo) {  // R3.2
  const std::vector<std::string> changed = {"app.conf", "plain.conf"};
  EXPECT_EQ(matching_paths({"*.tpl"}, changed, {"app.conf"}), std::vector<std::string>{"app.conf"});
  EXPECT_TRUE(matching_paths({"*.tpl"}, changed).empty());
}

}  // namespace
}  // namespace maand
