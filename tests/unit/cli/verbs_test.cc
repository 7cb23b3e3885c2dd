#include "reconciler/cli/verbs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maand {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string> kVerbs = {"status", "release", "validate", "plan"};

TEST(Verbs, KnowsThoseOfTheCommandLine) {
  for (const std::string& word : kVerbs) EXPECT_EQ(unknown_verb(word, kVerbs), "") << word;
  EXPECT_EQ(unknown_verb("deploy", {"deploy"}), "") << "whatever is said of a word that is none";
}

TEST(Verbs, AnswersTheOthers) {
  struct {
    const char* word;
    const char* answer;
  } const rows[] = {
      {"stauts", "did you mean `maand status`?"},
      {"relase", "did you mean `maand release`?"},
      {"build", "`maand validate` checks a workspace"},
      {"deploy", "`maand serve` rolls it out"},
      {"dashboard", "`maand serve` shows it"},
      {"xyzzy-quux", "`maand --help` lists them"},
      {"", "there is no command"},
  };
  for (const auto& row : rows) EXPECT_THAT(unknown_verb(row.word, kVerbs), HasSubstr(row.answer)) << row.word;
}

}  // namespace
}  // namespace maand
