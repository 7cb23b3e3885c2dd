#include "reconciler/core/errand.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

using Kind = ErrandOutcome::Kind;

TEST(Errand, HowItEndedIsASentence) {
  const struct {
    ErrandOutcome outcome;
    const char* said;
  } rows[] = {
      {{Kind::kEnded, 0, WorkerCondition::kNone, ""}, "exited with 0"},
      {{Kind::kEnded, 3, WorkerCondition::kNone, ""}, "exited with 3"},
      {{Kind::kEnded, 128, WorkerCondition::kNone, ""}, "exited with 128"},
      {{Kind::kEnded, 137, WorkerCondition::kNone, ""}, "was ended by signal 9"},
      {{Kind::kEnded, 255, WorkerCondition::kNone, ""}, "exited with 255"},
      {{Kind::kTimedOut, 143, WorkerCondition::kNone, ""}, "took too long and was ended"},
      {{Kind::kNotBegun, 0, WorkerCondition::kUnreachable, "no route"},
       "was not reached (Unreachable): no route"},
      {{Kind::kNotBegun, 0, WorkerCondition::kToolMissing, "setsid"},
       "could not begin (ToolMissing): setsid"},
      {{Kind::kNotBegun, 0, WorkerCondition::kAuthFailed, "\x1b[2J"},
       "could not begin (AuthFailed): \\x1b[2J"},
      {{Kind::kInterrupted, 0, WorkerCondition::kNone, ""}, "was interrupted"},
      {{Kind::kLost, 0, WorkerCondition::kUnreachable, "gone"}, "was lost on the way (Unreachable): gone"},
      {{Kind::kLost, 0, WorkerCondition::kNone, "no answer"}, "was lost on the way: no answer"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(sentence(row.outcome), row.said);
    EXPECT_EQ(row.outcome.succeeded(), std::string(row.said) == "exited with 0");
  }
}

TEST(Errand, WhatNoShellCouldReadIsNotSent) {
  const struct {
    std::string script, problem;
  } rows[] = {
      {"uptime", ""},
      {std::string(1u << 20, 'x'), ""},
      {"", "is empty"},
      {" \n\t", "is empty"},
      {std::string("a\0b", 3), "holds a NUL byte, so no shell can read it"},
      {std::string((1u << 20) + 1, 'x'), "has 1048577 bytes; the most is 1048576"},
  };
  for (const auto& row : rows) EXPECT_EQ(script_problem(row.script), row.problem);
}

}  // namespace
}  // namespace maand
