#include "reconciler/cli/verbs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maand {
namespace {

using ::testing::HasSubstr;

TEST(Verbs, KnowsItsOwn) {
  for (const char* word :
       {"init", "serve", "reconcile", "plan", "validate", "status", "why", "health_check", "history", "note",
        "logs", "retry", "release", "job", "notify", "version", "run_command"}) {
    EXPECT_EQ(unknown_verb(word), "") << word;
  }
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
      {"schema", "`maand schema` is not built yet"},
      {"xyzzy-quux", "`maand --help` lists them"},
      {"", "there is no command"},
  };
  for (const auto& row : rows) EXPECT_THAT(unknown_verb(row.word), HasSubstr(row.answer)) << row.word;
}

}  // namespace
}  // namespace maand
