// What a note tells of a rollout whose daemon did not live to tell it.
#include "reconciler/app/unfinished.h"

#include <gtest/gtest.h>

#include "tests/support/applied_text.h"

namespace maand {
namespace {

struct Case {
  LastResult last;
  Target target;
  const char* current;
  const char* next;
  const char* outcome;
};

TEST(UnfinishedRollouts, ALineClaimsNoVersionThatTheAppliedStateDoesNotKnow_R4_3) {
  const Case cases[] = {
      {LastResult::kConfirmed, Target::kStart, "?", "1.0.0", "succeeded"},
      {LastResult::kConfirmed, Target::kRestart, "?", "1.0.0", "succeeded"},
      // The version that is kept is the one it had before.
      {LastResult::kConfirmed, Target::kStop, "1.0.0", "?", "succeeded"},
      {LastResult::kFailed, Target::kRestart, "1.0.0", "?", "failed"},
      {LastResult::kInterrupted, Target::kReload, "1.0.0", "?", "interrupted"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(std::string(one.outcome) + " " + to_string(one.target));
    const AllocationKey key{JobName("api"), WorkerHost("w1")};
    AppliedAllocation allocation = sample_allocation(key, 1);
    allocation.version = "1.0.0";
    allocation.last = one.last;
    allocation.last_target = one.target;
    allocation.attempted_head = CommitId("c1");
    AppliedState state;
    state.allocations[key] = allocation;
    const std::vector<AllocationStatus> lines = settled_lines(state, CommitId("c1"));
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0].current_version, one.current);
    EXPECT_EQ(lines[0].new_version, one.next);
    EXPECT_EQ(lines[0].outcome, one.outcome);
    EXPECT_TRUE(settled_lines(state, CommitId("c2")).empty());
  }
}

}  // namespace
}  // namespace maand
