#include "reconciler/http/tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maand {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const TokenEntry::Time kSome = std::chrono::sys_days(std::chrono::year(2027) / 2 / 1) + std::chrono::hours(3);

NewToken made(const std::string& name, Role role = Role::kRead, char seed = 'a') {
  return make_token(name, role, std::nullopt, std::string(32, seed) + std::string(16, 's'));
}

TEST(Tokens, Are_found_by_what_was_printed_and_by_nothing_else) {
  const NewToken alice = made("alice", Role::kOperate, 'a');
  const NewToken bob = made("bob", Role::kRead, 'b');
  std::vector<std::string> problems;
  const Tokens tokens = Tokens::parse(to_line(alice.entry) + "\n" + to_line(bob.entry) + "\n", problems);
  EXPECT_THAT(problems, IsEmpty());
  ASSERT_NE(tokens.find(alice.token), nullptr);
  EXPECT_EQ(tokens.find(alice.token)->name, "alice");
  EXPECT_EQ(tokens.find(alice.token)->role, Role::kOperate);
  EXPECT_EQ(tokens.find(bob.token)->role, Role::kRead);
  const std::string nothing[] = {
      "", "maand_", alice.token + " ", alice.token.substr(1), "alice", std::string(100'000, 'x')};
  for (const std::string& token : nothing) EXPECT_EQ(tokens.find(token), nullptr) << token.substr(0, 80);
}

TEST(Tokens, A_line_does_not_hold_the_token) {
  const NewToken alice = made("alice");
  EXPECT_THAT(to_line(alice.entry), Not(HasSubstr(alice.token.substr(6, 16))));
  EXPECT_EQ(alice.token.size(), 6u + 64u);  // 256 bits
}

TEST(Tokens, Lines_that_are_none_allow_nothing_and_are_told_by_number) {
  const std::string good = to_line(made("alice").entry);
  const std::string rest = good.substr(good.find(" sha256"));
  const std::string text = "# who\n\n" + good + "\r\n" + good + "\n-x read" + rest + "\nbob admin" + rest +
                           "\nbob\nbob read sha256:00:11\nbob read md5:00:11\nbob read" + rest +
                           " tomorrow\n" + "carl  read\t" + rest + "   2027-02-01T03:00:00Z";
  std::vector<std::string> problems;
  const Tokens tokens = Tokens::parse(text, problems);
  EXPECT_THAT(problems, ElementsAre(HasSubstr("line 4 gives the name alice again"), HasSubstr("line 5"),
                                    HasSubstr("line 6 gives no role"), HasSubstr("line 7"),
                                    HasSubstr("line 8 holds no sha256"), HasSubstr("line 9"),
                                    HasSubstr("line 10 does not end in an expiry")));
  ASSERT_EQ(tokens.entries().size(), 2u);
  EXPECT_EQ(tokens.entries()[1].name, "carl");
  EXPECT_EQ(tokens.entries()[1].expires, kSome);
}

TEST(Tokens, Expire_at_the_second_that_is_written) {
  TokenEntry entry;
  EXPECT_FALSE(entry.expired(kSome));
  entry.expires = kSome;
  EXPECT_FALSE(entry.expired(kSome - std::chrono::nanoseconds(1)));
  EXPECT_TRUE(entry.expired(kSome));
}

TEST(Tokens, Expiries_are_read_as_they_are_written_and_nothing_else_is) {
  EXPECT_EQ(expiry_text(kSome), "2027-02-01T03:00:00Z");
  EXPECT_EQ(parse_expiry("2027-02-01T03:00:00Z"), kSome);
  for (const char* text : {"", "2027-02-30T00:00:00Z", "2027-02-01T24:00:00Z", "2027-02-01T00:60:00Z",
                           "2027-02-01 00:00:00Z", "2027-02-01T00:00:00+", "9999-01-01T00:00:00Z",
                           "0000-00-00T00:00:00Z", "2027-02-01T00:00:00", "2027-2-1T00:00:00Z"}) {
    EXPECT_EQ(parse_expiry(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace maand
