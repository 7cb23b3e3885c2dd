// Jobs and hosts under another name: `renamed_from`, LooksRenamed, and what is planned
// for what has to move.
#include "reconciler/core/renames.h"

#include <gtest/gtest.h>

#include "tests/unit/core/plan_world.h"

namespace maand {
namespace {

FileSetPtr files(const std::vector<std::string>& contents) {
  std::vector<ShippedFile> out;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    ShippedFile file;
    file.path = "f" + std::to_string(i);
    file.content = sha256(contents[i]);
    file.size_bytes = 1;
    out.push_back(file);
  }
  return make_file_set(std::move(out));
}

PlanWorld world(const std::vector<std::string>& before, const std::vector<std::string>& now) {
  PlanWorld world;
  world.worker("w1").job("fresh");
  world.running("old", "w1").files = files(before);
  world.job_of("fresh").files = files(now);
  return world;
}

TEST(LooksRenamed, AJobThatIsGoneAndOneThatHasMostOfItsFilesBothWait) {
  struct Row {
    const char* when;
    std::vector<std::string> before, now;
    bool held;
  };
  for (const Row& row : {Row{"moved as it is", {"a", "b"}, {"a", "b"}, true},
                         Row{"one of three changed", {"a", "b", "c"}, {"a", "b", "d"}, true},
                         Row{"half of it", {"a", "b", "c", "d"}, {"a", "b", "x", "y"}, false},
                         Row{"a Makefile that many share", {"a"}, {"a"}, false},
                         Row{"another job", {"a", "b"}, {"x", "y"}, false}}) {
    const std::string expected = row.held ? "held fresh LooksRenamed; held old LooksRenamed; "
                                          : "start fresh@w1 New; stop old@w1 Left; remove old@w1 Left; ";
    EXPECT_EQ(told(world(row.before, row.now).plan()), expected) << row.when;
  }
}

TEST(LooksRenamed, OfAJobWhoseNameComesBackItsMakefileIsEnough) {
  PlanWorld reverted = world({"a"}, {"a"});
  reverted.applied.forgotten[{JobName("fresh"), WorkerHost("w2")}] = 7;
  EXPECT_EQ(told(reverted.plan()).find("held"), std::string::npos) << "it was somewhere else";
  reverted.applied.forgotten[{JobName("fresh"), WorkerHost("w1")}] = 7;
  EXPECT_EQ(told(reverted.plan()), "held fresh LooksRenamed; held old LooksRenamed; ");
}

TEST(LooksRenamed, AReleasedRemovalGoesOn) {
  PlanWorld released = world({"a", "b"}, {"a", "b"});
  released.settings.released_removals = {{JobName("old"), WorkerHost("w1")}};
  const std::string both = "start fresh@w1 New; stop old@w1 Left; remove old@w1 Left; ";
  EXPECT_EQ(told(released.plan()), both);
  PlanWorld trailer = world({"a", "b"}, {"a", "b"});
  trailer.settings.all_removals_released = true;
  EXPECT_EQ(told(trailer.plan()), both);
}

TEST(LooksRenamed, AJobThatRunsAlreadyIsNobodysNewName) {
  PlanWorld both = world({"a", "b"}, {"a", "b"});
  both.running("fresh", "w1").files = both.job_of("fresh").files;
  EXPECT_EQ(told(both.plan()).find("LooksRenamed"), std::string::npos);
}

// Its batches would not count what runs there.
TEST(Unsettled, NothingOfAJobBeginsWhileSomethingOfItStillRuns_R3_4) {
  PlanWorld world;
  world.worker("w1").worker("w2").job("api").job("db");
  world.settings.unsettled = {{JobName("api"), "what was begun on w1 earlier still runs"}};
  EXPECT_EQ(told(world.plan()), "held api Unsettled; start db@w1 New; start db@w2 New; ");
}

TEST(Renames, AllocationsAreReadyWhereNothingIsUnderWay) {
  PlanWorld world;
  world.worker("w1").worker("w2").job("fresh");
  world.job_of("fresh").renamed_from = JobName("old");
  world.running("old", "w1");
  world.running("old", "w2").open = Operation{};
  const Renames found = pending_renames(world.workspace, world.applied);
  ASSERT_EQ(found.ready.size(), 1u);
  EXPECT_EQ(found.ready[0].first.str(), "old@w1");
  EXPECT_EQ(found.ready[0].second.str(), "fresh@w1");
  EXPECT_EQ(found.waiting.count(JobName("fresh")), 1u);
}

TEST(Renames, ANameThatIsInUseIsNotTakenOver) {
  PlanWorld world;
  world.worker("w1").job("fresh").job("old");
  world.job_of("fresh").renamed_from = JobName("old");
  world.running("old", "w1");
  EXPECT_TRUE(pending_renames(world.workspace, world.applied).ready.empty());
}

TEST(Renames, WhatHasItsOwnRecordUnderTheNewNameIsLeftAlone) {
  PlanWorld world;
  world.worker("w1").job("fresh");
  world.job_of("fresh").renamed_from = JobName("old");
  world.running("old", "w1");
  world.running("fresh", "w1");
  EXPECT_TRUE(pending_renames(world.workspace, world.applied).ready.empty());
}

TEST(Renames, TheRecordKeepsVersionAndDataAndIsRestartedWhateverThePolicy) {
  PlanWorld world;
  world.worker("w1").job("fresh", "1.0.0");
  world.job_of("fresh").restart_policy = RestartPolicy::kNever;
  const AppliedAllocation before = world.running("old", "w1", "0.9.0");
  const AppliedAllocation after = renamed(before, {JobName("fresh"), WorkerHost("w1")});
  EXPECT_EQ(after.version, "0.9.0");
  EXPECT_EQ(after.moved_from, JobName("old"));
  world.applied.allocations.clear();
  world.applied.allocations[after.key] = after;
  const Plan plan = world.plan();
  EXPECT_EQ(told(plan), "restart fresh@w1 Renamed; ");
  EXPECT_EQ(plan.jobs.at(JobName("fresh")).upgrades[0].current_version, "0.9.0");
}

// A second rename before the first has reached the worker: the directory is where it was.
TEST(Renames, TheDirectoryIsThatOfTheFirstName) {
  AppliedAllocation once;
  once.key = {JobName("a"), WorkerHost("w1")};
  const AppliedAllocation twice =
      renamed(renamed(once, {JobName("b"), WorkerHost("w1")}), {JobName("c"), WorkerHost("w1")});
  EXPECT_EQ(twice.moved_from, JobName("a"));
}

TEST(GoneWorkers, RemovalsOnAnAbandonedWorkerAreToldOfAndNotBegun_R3_9) {
  PlanWorld world;
  world.worker("w1").job("api");
  world.running("api", "w1");
  world.running("api", "w2");
  world.settings.abandoned = {WorkerHost("w2")};
  EXPECT_EQ(told(world.plan()), "wait api@w2 Abandoned; ");
}

TEST(Authority, NothingIsBegunWhereTheWorkersAreNotOurs_R3_12) {
  PlanWorld world;
  world.worker("w1").job("api", "2.0.0").job("idle");
  world.running("api", "w1");
  world.running("idle", "w1");
  world.settings.withheld = {Reason::kFenced, "w1 says so"};
  EXPECT_EQ(told(world.plan()), "held api Fenced; ");
}

}  // namespace
}  // namespace maand
