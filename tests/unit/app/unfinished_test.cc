// What a note tells of a rollout whose daemon did not live to tell it.
#include "reconciler/app/unfinished.h"

#include <gtest/gtest.h>

#include <functional>

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

TEST(UnfinishedRollouts, AJobHasFailedWhenItsTargetsDidForGoodAndNoPassJudgedThem_R2_6) {
  struct Row {
    const char* what;
    std::function<void(AppliedAllocation&, Job&, JobRecord&)> change;
    bool failed;
  };
  using A = AppliedAllocation;
  const Row rows[] = {
      {"as it is", [](A&, Job&, JobRecord&) {}, true},
      {"has another try", [](A&, Job& job, JobRecord&) { job.rollout.attempts = 2; }, false},
      {"no such target",
       [](A& one, Job& job, JobRecord&) { job.rollout.attempts = 2, one.missing_target = true; }, true},
      {"so many may fail", [](A&, Job& job, JobRecord&) { job.rollout.max_failures = 1; }, false},
      {"another content", [](A& one, Job&, JobRecord&) { one.tree = TreeId("old"); }, false},
      {"changed since", [](A&, Job& job, JobRecord&) { job.tree = TreeId("new"); }, false},
      {"held already", [](A&, Job&, JobRecord& record) { record.held_reason = "TargetFailed"; }, false},
      {"judged by a pass", [](A& one, Job&, JobRecord&) { one.attempted_head = CommitId("c0"); }, false},
      {"it came up", [](A& one, Job&, JobRecord&) { one.last = LastResult::kConfirmed; }, false},
      {"a stop that failed", [](A& one, Job&, JobRecord&) { one.last_target = Target::kStop; }, false},
      {"its end is not known", [](A& one, Job&, JobRecord&) { one.open = sample_operation(one.key, 1); },
       false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    const AllocationKey key{JobName("api"), WorkerHost("w1")};
    AppliedAllocation allocation = sample_allocation(key, 1);
    allocation.tree = TreeId("t");
    allocation.last = LastResult::kFailed;
    allocation.last_target = Target::kRestart;
    allocation.attempts = 1;
    allocation.missing_target = false;
    allocation.attempted_head = CommitId("c1");
    Job job;
    job.name = key.job;
    job.tree = TreeId("t");
    JobRecord record;
    record.job = key.job;
    record.target_tree = TreeId("t");
    row.change(allocation, job, record);
    AppliedState state;
    state.allocations[key] = allocation;
    state.jobs[key.job] = record;
    Workspace workspace;
    workspace.jobs[key.job] = job;
    const auto failed = [&](const std::vector<CommitId>& unfinished, const std::set<AllocationKey>& settled) {
      return unjudged_failures(state, workspace, unfinished, settled).size() == 1;
    };
    EXPECT_EQ(failed({CommitId("c1")}, {}), row.failed);
    const bool late = row.failed || allocation.attempted_head == CommitId("c0");
    EXPECT_EQ(failed({}, {key}), late) << "its answer came in this pass";
    EXPECT_FALSE(failed({}, {}));
  }
}

}  // namespace
}  // namespace maand
