// What a controller that lost its store makes of what workers keep (R7.3).
#include "reconciler/core/reconstruction.h"

#include <gtest/gtest.h>

#include "reconciler/core/allocation_record.h"
#include "tests/support/applied_text.h"

namespace maand {
namespace {

const AllocationKey kApi{JobName("api"), WorkerHost("w1")};
const OwnStore kNew{"new-store", 1, 0};

AppliedAllocation torn(Action action, int n = 1) {
  AppliedAllocation before = sample_allocation(kApi, n);
  if (!ships_files(action)) before.files = sample_operation(kApi, n).files;
  Operation operation = sample_operation(kApi, n);
  operation.action = action;
  operation.epoch = 1;
  operation.base = before.files;
  if (action == Action::kStop) operation.files = before.files;
  if (action == Action::kRemove) operation.files = empty_file_set();
  before.open = operation;
  return before;
}

RecalledJob told(const AppliedAllocation& allocation, std::optional<Outcome> outcome,
                 const std::string& store = "lost-store") {
  RecalledJob job;
  job.job = allocation.key.job;
  job.operation = allocation.open->id;
  job.seq = allocation.open->seq;
  job.epoch = allocation.open->epoch;
  job.action = allocation.open->action;
  job.current_version = allocation.open->current_version;
  job.new_version = allocation.open->new_version;
  job.record = allocation_record(allocation, store);
  job.outcome = std::move(outcome);
  return job;
}

Reconstruction of(RecalledJob job, const OwnStore& own = kNew) {
  Recalled recalled;
  recalled.instance = "marker";
  recalled.epoch = job.epoch;
  recalled.jobs = {std::move(job)};
  Endpoint worker;
  worker.host = kApi.worker;
  return reconstruct(worker, recalled, own);
}

// Without what only this side knows: how the worker is reached, when it was confirmed, and what
// was found there since.
std::string text_of(AppliedAllocation allocation) {
  allocation.endpoint = {};
  allocation.confirmed_at = {};
  allocation.drift.reset();
  allocation.ran_seq = 0;
  if (allocation.open) {
    allocation.open->endpoint = {};
    allocation.open->worker_json.clear();
    allocation.open->jobs_json.clear();
    allocation.open->expect_marker = false;
    allocation.open->base = nullptr;
  }
  return to_text(allocation);
}

TEST(AllocationRecord, SaysAllThatTheStoreHeldButWhatLayThereBefore) {
  for (const Action action :
       {Action::kStart, Action::kRestart, Action::kSync, Action::kStop, Action::kRemove}) {
    AppliedAllocation allocation = torn(action);
    const auto read = allocation_record_from(allocation_record(allocation, "s"));
    ASSERT_TRUE(read) << to_string(action);
    EXPECT_EQ(read->store, "s");
    if (ships_files(action) || action == Action::kRemove) allocation.files = nullptr;
    EXPECT_EQ(text_of(read->torn), text_of(allocation)) << to_string(action);
  }
}

TEST(AllocationRecord, AListThatIsShippedOnceMoreGoesOnCountingAsWhatItCountedAs) {
  AppliedAllocation allocation = torn(Action::kSync);
  const Digest baseline = allocation.baseline;
  ASSERT_FALSE(baseline.empty());
  for (const bool same : {true, false}) {
    AppliedAllocation one = allocation;
    if (same) one.files = one.open->files;
    const RecalledJob job = told(one, Outcome{.kind = OutcomeKind::kSucceeded});
    const Reconstruction rebuilt = of(job);
    ASSERT_EQ(rebuilt.allocations.size(), 1u);
    EXPECT_EQ(rebuilt.allocations[0].baseline, same ? baseline : Digest{}) << same;
  }
}

TEST(AllocationRecord, IsOneLineWithoutTheBytesOfAnyFile) {
  AppliedAllocation allocation = torn(Action::kStart);
  FileSet files = *allocation.open->files;
  files.files[0].text = std::make_shared<const std::string>("a password");
  allocation.open->files = make_file_set(files.files);
  const std::string record = allocation_record(allocation, "s");
  EXPECT_EQ(record.find('\n'), record.size() - 1);
  EXPECT_EQ(record.find("password"), std::string::npos);
}

TEST(AllocationRecord, BytesThatAreNoneOfOursAreNone) {
  const std::string whole = allocation_record(torn(Action::kStart), "s");
  for (std::size_t cut = 0; cut + 2 < whole.size(); cut += 7) {
    EXPECT_FALSE(allocation_record_from(whole.substr(0, cut))) << cut;
  }
  for (const char* text : {"", "null", "[]", "{}", "{\"schema\":1}", "{\"schema\":1e300}", "\xff\xfe"}) {
    EXPECT_FALSE(allocation_record_from(text)) << text;
  }
}

TEST(Reconstruction, WhatWaitsToBeConfirmedStaysOpenHoweverItsTargetEnded_R2_9) {
  for (const OutcomeKind kind : {OutcomeKind::kSucceeded, OutcomeKind::kFailed, OutcomeKind::kInterrupted}) {
    AppliedAllocation first;
    first.key = kApi;
    first.open = sample_operation(kApi, 1);
    first.open->action = Action::kStart;
    const Reconstruction made =
        of(told(first, Outcome{.kind = kind, .confirmation = Confirmation::kPending}));
    ASSERT_EQ(made.allocations.size(), 1u) << to_string(kind);
    EXPECT_TRUE(made.allocations[0].open) << to_string(kind);
  }
}

// R7.1: the store and a worker's memory of it may not tell two stories.
TEST(Reconstruction, IsWhatTheStoreWouldHaveMadeOfTheSameReceipt) {
  Outcome failed{.kind = OutcomeKind::kFailed, .exit_status = 2};
  Outcome interrupted{.kind = OutcomeKind::kInterrupted, .boot_id = "boot"};
  for (const Action action :
       {Action::kStart, Action::kRestart, Action::kReload, Action::kSync, Action::kStop}) {
    for (const Outcome& outcome : {Outcome{.kind = OutcomeKind::kSucceeded}, failed, interrupted}) {
      const AppliedAllocation allocation = torn(action);
      AppliedAllocation expected = allocation;
      record_outcome(expected, outcome, expected.attempted_head);
      // Nobody behind what was confirmed: the rollout may have been through.
      if (outcome.kind == OutcomeKind::kSucceeded) expected.before.reset();
      const Reconstruction found = of(told(allocation, outcome));
      ASSERT_EQ(found.allocations.size(), 1u);
      EXPECT_EQ(text_of(found.allocations[0]), text_of(expected)) << to_string(action);
      EXPECT_TRUE(found.remarks.empty());
    }
  }
}

TEST(Reconstruction, AnOperationWithoutAReceiptIsOpenAndIsSettledLikeAnyOther_R3_4) {
  const Reconstruction found = of(told(torn(Action::kRestart), std::nullopt));
  ASSERT_EQ(found.allocations.size(), 1u);
  ASSERT_TRUE(found.allocations[0].open);
  EXPECT_EQ(found.allocations[0].open->id, torn(Action::kRestart).open->id);
  EXPECT_EQ(found.allocations[0].open->endpoint.host, kApi.worker);
}

TEST(Reconstruction, WhatWasRemovedIsGoneAndNobodys) {
  const Reconstruction found = of(told(torn(Action::kRemove), Outcome{.kind = OutcomeKind::kSucceeded}));
  EXPECT_TRUE(found.allocations.empty());
  EXPECT_EQ(found.gone, (Forgotten{{kApi, torn(Action::kRemove).open->seq}}));
  EXPECT_FALSE(found.foreign);
}

TEST(Reconstruction, WhatGoesOnUnderAnotherNameIsGoneUnderTheOldOne) {
  Recalled recalled;
  recalled.moved = {{kApi.job, 17}};
  Endpoint worker;
  worker.host = kApi.worker;
  const Reconstruction found = reconstruct(worker, recalled, kNew);
  EXPECT_EQ(found.gone, (Forgotten{{kApi, 17}}));
  EXPECT_EQ(found.newest_seq, 17u);
}

TEST(Reconstruction, WithoutARecordOnlyTargetAndVersionAreKnown) {
  RecalledJob job = told(torn(Action::kRestart), Outcome{.kind = OutcomeKind::kSucceeded});
  for (const std::string record : {"", "{}", "not json"}) {
    job.record = record;
    const Reconstruction found = of(job);
    ASSERT_EQ(found.allocations.size(), 1u);
    EXPECT_TRUE(found.allocations[0].running);
    EXPECT_EQ(found.allocations[0].version, job.new_version);
    EXPECT_FALSE(found.allocations[0].files);
    EXPECT_EQ(found.remarks.size(), 1u);
    EXPECT_TRUE(found.foreign);
  }
}

// A record of another operation is of no use: its receipt is not there.
TEST(Reconstruction, ARecordCountsOnlyForItsOwnOperation) {
  RecalledJob job = told(torn(Action::kRestart), Outcome{.kind = OutcomeKind::kSucceeded});
  job.operation = OperationId("0123");
  EXPECT_EQ(of(job).remarks.size(), 1u);
}

TEST(Reconstruction, WhoseOperationsTheyAreIsToldByEpochAndStore_R3_12) {
  const RecalledJob job = told(torn(Action::kStart), Outcome{.kind = OutcomeKind::kSucceeded}, "theirs");
  struct Row {
    const char* when;
    OwnStore own;
    bool foreign;
  };
  for (const Row& row : {Row{"another store in the same epoch", {"ours", 1, 0}, true},
                         Row{"our own", {"theirs", 1, job.seq}, false},
                         Row{"our own, from before that operation", {"theirs", 1, job.seq - 1}, true},
                         Row{"left behind by an epoch we claimed", {"ours", 2, 0}, false}}) {
    EXPECT_EQ(of(job, row.own).foreign, row.foreign) << row.when;
  }
  Recalled newer;
  newer.epoch = 2;
  EXPECT_TRUE(reconstruct({}, newer, {"ours", 1, 0}).foreign) << "a newer epoch was seen, whatever is there";
}

// Numbers are of the whole bucket, so a store that was put back may be at any of them: what it knows of
// each job there decides.
TEST(Reconstruction, WhatAWorkerTellsIsBeyondWhatIsKnownJobByJob_R7_3) {
  const WorkerHost w1("w1");
  AppliedState state;
  state.epoch = 2;
  state.claimed_seq = 10;
  state.last_seq = 90;
  AppliedAllocation api = sample_allocation(kApi, 1);
  api.ran_seq = 50;
  api.open.reset();
  state.allocations[api.key] = api;
  AppliedAllocation web = sample_allocation({JobName("web"), w1}, 1);
  web.ran_seq = 20;
  web.open = sample_operation(web.key, 1);
  web.open->seq = 60;
  web.open->moved_from = JobName("site");
  state.allocations[web.key] = web;
  state.forgotten[{JobName("gone"), w1}] = 40;

  struct Case {
    const char* what;
    const char* job;
    std::uint64_t seq;
    std::uint64_t epoch;
    bool beyond;
  };
  for (const Case& c : std::vector<Case>{
           {"its last operation", "api", 50, 2, false},
           {"a newer one, which others of ours have passed since", "api", 51, 2, true},
           {"what is open may have run", "web", 60, 2, false},
           {"and nothing after it", "web", 61, 2, true},
           {"by the name it had before", "site", 60, 2, false},
           {"by that name, and newer", "site", 61, 2, true},
           {"what was removed", "gone", 40, 2, false},
           {"what came back without us", "gone", 41, 2, true},
           {"a job of nothing on record, from before the workers were claimed", "other", 10, 1, false},
           {"one that began since", "other", 11, 2, true},
           {"a newer controller was there", "api", 50, 3, true},
       }) {
    Recalled told;
    told.epoch = c.epoch;
    RecalledJob job;
    job.job = JobName(c.job);
    job.seq = c.seq;
    told.jobs = {job};
    EXPECT_EQ(beyond_known(state, w1, told), c.beyond) << c.what;
    Recalled moved;
    moved.epoch = c.epoch;
    moved.moved[JobName(c.job)] = c.seq;
    EXPECT_EQ(beyond_known(state, w1, moved), c.beyond) << c.what << ", moved away";
  }
}

TEST(Reconstruction, AFailedRolloutStaysHeldAndContentThatRanStaysKept_R2_6) {
  AppliedState state;
  AppliedAllocation good = sample_allocation(kApi, 1);
  good.last = LastResult::kConfirmed;
  AppliedAllocation bad = sample_allocation({JobName("api"), WorkerHost("w2")}, 2);
  bad.last = LastResult::kFailed;
  bad.last_target = Target::kRestart;
  bad.missing_target = false;
  state.allocations = {{good.key, good}, {bad.key, bad}};
  const std::vector<JobRecord> jobs = reconstruct_jobs(state, WallTime{});
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0].target_commit, good.commit);
  EXPECT_EQ(jobs[0].good_tree, good.tree);
  EXPECT_EQ(jobs[0].held_reason, "TargetFailed");
  EXPECT_EQ(jobs[0].held_tree, bad.tree);
  state.jobs[JobName("api")] = {};
  EXPECT_TRUE(reconstruct_jobs(state, WallTime{}).empty()) << "what is on record is left alone";
}

}  // namespace
}  // namespace maand
