#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/cli/bucket.h"

namespace maand::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

class TokenCommand : public ::testing::Test {
 protected:
  MadeBucket bucket_;
};

TEST_F(TokenCommand, PrintsATokenOnceAndListsWhoHasOne) {
  const ProgramResult made = bucket_.run({"token", "add", "alice", "--role", "operate", "--for", "90d"});
  EXPECT_EQ(made.status, 0) << made.err;
  EXPECT_THAT(made.out, MatchesRegex("maand_[0-9a-f]+\n"));
  EXPECT_THAT(made.err, HasSubstr("only its hash stays here"));
  const ProgramResult json = bucket_.run({"token", "add", "bob", "--role", "read", "--json"});
  EXPECT_THAT(json.out, StartsWith("{\"name\":\"bob\",\"role\":\"read\",\"token\":\"maand_"));
  const std::string list = bucket_.run({"token", "list"}).out;
  EXPECT_THAT(list, HasSubstr("alice"));
  EXPECT_THAT(list, HasSubstr("never"));
  EXPECT_THAT(list, Not(HasSubstr("maand_")));
  EXPECT_THAT(bucket_.run({"token", "list", "--json"}).out,
              HasSubstr("{\"name\":\"bob\",\"role\":\"read\",\"expired\":false}"));
  EXPECT_EQ(bucket_.run({"token", "remove", "alice"}).status, 0);
  EXPECT_THAT(bucket_.run({"token", "list"}).out, Not(HasSubstr("alice")));
}

TEST_F(TokenCommand, WhatMakesNoSenseIsRefusedWithWhatWould) {
  struct Row {
    std::vector<std::string> arguments;
    const char* said;
  };
  const Row table[] = {{{"add", "a b", "--role", "read"}, "is no name for a token"},
                       {{"add", "alice", "--role", "admin"}, "operate"},
                       {{"add", "alice"}, "--role"},
                       {{"add", "alice", "--role", "read", "--for", "soon"}, "write one like 12h or 90d"},
                       {{"remove", "nobody"}, "there are none at all"}};
  for (const Row& row : table) {
    std::vector<std::string> arguments = {"token"};
    arguments.insert(arguments.end(), row.arguments.begin(), row.arguments.end());
    const ProgramResult result = bucket_.run(arguments);
    EXPECT_EQ(result.status, 2) << row.said;
    EXPECT_THAT(result.err, HasSubstr(row.said));
    EXPECT_EQ(result.out, "") << row.said;
  }
  EXPECT_EQ(bucket_.run({"events"}).status, 5);
}

}  // namespace
}  // namespace maand::testing
