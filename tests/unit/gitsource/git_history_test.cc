#include "gitsource/git_history.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/process.h"

namespace maand {
namespace {

TEST(GitRefComponent, AnyNameBecomesOneThatGitAcceptsAndNoTwoMeet) {
  std::set<std::string> seen;
  for (const char* name :
       {"api", "api.v2", "a_b-c", ".hidden", "dot.", "a..b", "x.lock",      "x.locked", "a/b",
        "a b", "~",      "^",     ":",       "?",    "*",    "[",           "\\",       "@",
        "@{",  "%",      "%2F",   "ä",       "\n",   "-",    "x.lock.lock", "HEAD"}) {
    SCOPED_TRACE(name);
    const std::string component = git_ref_component(name);
    EXPECT_TRUE(seen.insert(component).second);
    EXPECT_EQ(component.find('/'), std::string::npos);
    EXPECT_NO_THROW(testing::run_program({"git", "check-ref-format", "refs/maand/keep/" + component}));
  }
  EXPECT_EQ(git_ref_component("api.v2"), "api.v2");
  EXPECT_EQ(git_ref_component("a/b"), "a%2Fb");
}

}  // namespace
}  // namespace maand
