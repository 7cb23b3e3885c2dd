// What every Store keeps. One suite, run over the fake and the real store, and
// over each of them with a reopen or a crash after every single step.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "reconciler/core/ports.h"
#include "tests/support/applied_text.h"

namespace maand {

class StoreHarness {
 public:
  virtual ~StoreHarness() = default;
  virtual Store& store() = 0;
  virtual void disturb() {}  // what happens between two steps
};

struct StoreCase {
  std::string name;
  std::function<std::unique_ptr<StoreHarness>()> make;
};
inline void PrintTo(const StoreCase& one, std::ostream* out) { *out << one.name; }  // NOLINT: gtest's name

class StoreContract : public testing::TestWithParam<StoreCase> {
 protected:
  StoreContract() : harness_(GetParam().make()) {}

  // One call, then whatever this harness does between calls.
  template <class Call>
  auto step(Call call) {
    if constexpr (std::is_void_v<decltype(call(harness_->store()))>) {
      call(harness_->store());
      harness_->disturb();
    } else {
      auto result = call(harness_->store());
      harness_->disturb();
      return result;
    }
  }
  AppliedState load() {
    return step([](Store& store) { return store.load(); });
  }

  const AllocationKey api1_{JobName("api"), WorkerHost("10.0.0.1")};
  const AllocationKey api2_{JobName("api"), WorkerHost("10.0.0.2")};

 private:
  std::unique_ptr<StoreHarness> harness_;
};

TEST_P(StoreContract, A_new_store_is_empty) {
  EXPECT_EQ(to_text(load()), to_text(AppliedState{}));
  EXPECT_TRUE(step([](Store& s) { return s.passes(10); }).empty());
  EXPECT_TRUE(step([](Store& s) { return s.pending_notes(); }).empty());
  EXPECT_TRUE(step([](Store& s) { return s.pending_letters(); }).empty());
  EXPECT_TRUE(step([](Store& s) { return s.audits(10); }).empty());
  EXPECT_EQ(step([](Store& s) { return s.setting("bucket_id"); }), std::nullopt);
}

TEST_P(StoreContract, Every_field_of_a_begun_operation_is_kept) {
  AppliedAllocation torn = sample_allocation(api1_, 1);
  torn.open = sample_operation(api1_, 1);
  step([&](Store& s) { s.begin({torn}, 41); });

  AppliedState expected;
  expected.allocations[api1_] = torn;
  expected.last_seq = 41;
  EXPECT_EQ(to_text(load()), to_text(expected));
}

TEST_P(StoreContract, An_operation_on_an_allocation_that_was_never_touched_keeps_its_missing_lists) {
  AppliedAllocation torn;
  torn.key = api1_;
  torn.open = sample_operation(api1_, 1);
  torn.open->base = nullptr;
  torn.open->files = empty_file_set();
  torn.open->worker_json.clear();
  step([&](Store& s) { s.begin({torn}, 1); });
  const AppliedState state = load();
  ASSERT_NE(state.find(api1_), nullptr);
  EXPECT_EQ(to_text(*state.find(api1_)), to_text(torn));
}

TEST_P(StoreContract, Settling_closes_the_operation_and_leaves_the_others_open) {
  AppliedAllocation one = sample_allocation(api1_, 1);
  AppliedAllocation two = sample_allocation(api2_, 2);
  one.open = sample_operation(api1_, 1);
  two.open = sample_operation(api2_, 2);
  step([&](Store& s) { s.begin({one, two}, 2); });

  Outcome outcome;
  outcome.kind = OutcomeKind::kSucceeded;
  ASSERT_TRUE(record_outcome(one, outcome, CommitId("c2")));
  step([&](Store& s) { s.settle({one}, {}, 0); });

  AppliedState expected;
  expected.allocations[api1_] = one;
  expected.allocations[api2_] = two;
  expected.last_seq = 2;
  EXPECT_EQ(to_text(load()), to_text(expected));
}

TEST_P(StoreContract, A_later_operation_takes_the_place_of_the_one_before) {
  AppliedAllocation torn = sample_allocation(api1_, 1);
  torn.open = sample_operation(api1_, 1);
  step([&](Store& s) { s.begin({torn}, 1); });
  torn.open = sample_operation(api1_, 2);
  step([&](Store& s) { s.begin({torn}, 2); });
  EXPECT_EQ(to_text(*load().find(api1_)), to_text(torn));
}

TEST_P(StoreContract, What_is_gone_is_erased_with_its_operation) {
  AppliedAllocation one = sample_allocation(api1_, 1);
  one.open = sample_operation(api1_, 1);
  const AppliedAllocation two = sample_allocation(api2_, 1);
  step([&](Store& s) { s.begin({one, two}, 1); });
  step([&](Store& s) { s.settle({}, {{api1_, 1}}, 0); });
  AppliedState expected;
  expected.forgotten[api1_] = 1;
  expected.allocations[api2_] = two;
  expected.last_seq = 1;
  EXPECT_EQ(to_text(load()), to_text(expected));
  step([&](Store& s) { s.settle({}, {{api1_, 0}}, 0); });  // gone already: not an error
}

TEST_P(StoreContract, A_record_may_lose_its_files_and_its_operator_again) {
  AppliedAllocation allocation = sample_allocation(api1_, 1);
  step([&](Store& s) { s.settle({allocation}, {}, 0); });
  allocation.files = nullptr;
  allocation.stopped_by.reset();
  allocation.drift.reset();
  allocation.baseline = {};
  step([&](Store& s) { s.settle({allocation}, {}, 0); });
  EXPECT_EQ(to_text(*load().find(api1_)), to_text(allocation));
}

TEST_P(StoreContract, The_sequence_number_never_falls) {
  step([](Store& s) { s.begin({}, 7); });
  step([](Store& s) { s.begin({}, 3); });
  EXPECT_EQ(load().last_seq, 7u);
  step([&](Store& s) { s.settle({}, {{api1_, 6}}, 5); });
  step([&](Store& s) { s.settle({}, {{api1_, 3}, {api2_, 2}}, 4); });
  EXPECT_EQ(load().claimed_seq, 5u);
  EXPECT_EQ(load().forgotten, (Forgotten{{api1_, 6}, {api2_, 2}}));
}

TEST_P(StoreContract, A_worker_that_is_erased_takes_along_what_ran_there) {
  step([&](Store& s) { s.settle({}, {{api1_, 6}, {api2_, 2}}, 0); });
  step([&](Store& s) { s.erase_worker(api1_.worker); });
  EXPECT_EQ(load().forgotten, (Forgotten{{api2_, 2}}));
}

TEST_P(StoreContract, Equal_file_lists_are_one_object_after_loading) {
  AppliedAllocation one = sample_allocation(api1_, 1);
  AppliedAllocation two = sample_allocation(api2_, 1);
  two.files = one.files;
  step([&](Store& s) { s.settle({one, two}, {}, 0); });
  const AppliedState state = load();
  EXPECT_EQ(state.find(api1_)->files, state.find(api2_)->files);
}

TEST_P(StoreContract, File_lists_still_named_survive_the_passes_that_clean_up) {
  AppliedAllocation one = sample_allocation(api1_, 1);
  one.open = sample_operation(api1_, 5);
  const AppliedAllocation two = sample_allocation(api2_, 8);
  step([&](Store& s) { s.begin({one, two}, 1); });
  step([&](Store& s) { s.settle({}, {{api2_, 0}}, 0); });
  step([&](Store& s) { s.put_pass({}); });
  EXPECT_EQ(to_text(*load().find(api1_)), to_text(one));
}

TEST_P(StoreContract, Jobs_are_replaced_and_erased) {
  step([&](Store& s) { s.put_job(sample_job(JobName("api"), 1)); });
  step([&](Store& s) { s.put_job(sample_job(JobName("db"), 2)); });
  step([&](Store& s) { s.put_job(sample_job(JobName("api"), 3)); });
  AppliedState expected;
  expected.jobs[JobName("api")] = sample_job(JobName("api"), 3);
  expected.jobs[JobName("db")] = sample_job(JobName("db"), 2);
  EXPECT_EQ(to_text(load()), to_text(expected));
  step([&](Store& s) { s.erase_job(JobName("api")); });
  EXPECT_EQ(load().jobs.size(), 1u);
}

TEST_P(StoreContract, Heads_are_kept) {
  step([&](Store& s) { s.put_heads(CommitId("head"), CommitId("applied")); });
  step([&](Store& s) { s.put_heads(CommitId("head2"), CommitId("applied")); });
  const AppliedState state = load();
  EXPECT_EQ(state.head.str(), "head2");
  EXPECT_EQ(state.applied.str(), "applied");
}

TEST_P(StoreContract, The_table_of_ports_is_replaced_as_a_whole) {
  step([&](Store& s) { s.put_ports({{JobName("api"), {{"api_http", 30000}, {"api_grpc", 30001}}}}); });
  step([&](Store& s) {
    s.put_ports({{JobName("api"), {{"api_http", 30000}}}, {JobName("db"), {{"db", 5432}}}});
  });
  const PortTable expected{{JobName("api"), {{"api_http", 30000}}}, {JobName("db"), {{"db", 5432}}}};
  EXPECT_EQ(load().ports, expected);
}

TEST_P(StoreContract, A_worker_is_kept_whole_replaced_and_erased) {
  WorkerRecord worker;
  worker.host = WorkerHost("w1");
  worker.instance = "marker";
  worker.adopt_marker = true;
  worker.was = WorkerHost("old");
  worker.away_since = WallTime(WallTime::duration(1700000000123456789));
  worker.tried_at = WallTime(WallTime::duration(1700000000987654321));
  step([&](Store& s) { s.put_worker(worker); });
  EXPECT_EQ(load().workers.at(worker.host), worker);
  worker.adopt_marker = false;
  worker.was = {};
  step([&](Store& s) { s.put_worker(worker); });
  EXPECT_EQ(load().workers.at(worker.host), worker);
  step([&](Store& s) { s.erase_worker(worker.host); });
  EXPECT_TRUE(load().workers.empty());
}

TEST_P(StoreContract, Neither_epoch_nor_number_ever_falls) {  // R3.12
  step([](Store& s) { s.put_epoch(4, 100); });
  step([](Store& s) { s.put_epoch(3, 50); });
  EXPECT_EQ(load().epoch, 4u);
  EXPECT_EQ(load().last_seq, 100u);
}

TEST_P(StoreContract, Passes_come_newest_first_and_can_be_finished_later) {
  PassRecord pass{
      0, CommitId("c1"), "applying", "commit", WallTime(WallTime::duration(1700000000000000001)), {}, "", ""};
  const std::int64_t first = step([&](Store& s) { return s.put_pass(pass); });
  const std::int64_t second = step([&](Store& s) { return s.put_pass(pass); });
  EXPECT_GT(second, first);
  pass.id = first;
  pass.state = "applied";
  pass.finished_at = WallTime(WallTime::duration(1700000000000000009));
  pass.summary = "1 started";
  pass.json = "{\"state\": \"applied\"}";
  EXPECT_EQ(step([&](Store& s) { return s.put_pass(pass); }), first);

  const std::vector<PassRecord> all = step([](Store& s) { return s.passes(10); });
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].id, second);
  EXPECT_EQ(all[1].id, first);
  EXPECT_EQ(all[1].commit.str(), "c1");
  EXPECT_EQ(all[1].state, "applied");
  EXPECT_EQ(all[1].cause, "commit");
  EXPECT_EQ(all[1].started_at, pass.started_at);
  EXPECT_EQ(all[1].finished_at, pass.finished_at);
  EXPECT_EQ(all[1].summary, "1 started");
  EXPECT_EQ(all[1].json, pass.json);
  EXPECT_EQ(step([](Store& s) { return s.passes(1); }).size(), 1u);
}

TEST_P(StoreContract, The_outbox_keeps_the_newest_section_of_a_commit) {
  const NoteSection a1{CommitId("a"), "maand p: applying", "{}"};
  const NoteSection b{CommitId("b"), "maand p: applied", "{}"};
  const NoteSection a2{CommitId("a"), "maand p: applied", "{\"n\": 2}"};
  for (const NoteSection& note : {a1, b, a2}) step([&](Store& s) { s.put_note(note); });

  std::vector<NoteSection> pending = step([](Store& s) { return s.pending_notes(); });
  ASSERT_EQ(pending.size(), 2u);
  EXPECT_EQ(pending[0].commit.str(), "b");
  EXPECT_EQ(pending[1].text, a2.text);
  EXPECT_EQ(pending[1].json, a2.json);

  step([&](Store& s) { s.drop_note(a1); });  // older than what waits now: stays
  EXPECT_EQ(step([](Store& s) { return s.pending_notes(); }).size(), 2u);
  step([&](Store& s) { s.drop_note(a2); });
  pending = step([](Store& s) { return s.pending_notes(); });
  ASSERT_EQ(pending.size(), 1u);
  EXPECT_EQ(pending[0].commit.str(), "b");
}

TEST_P(StoreContract, The_newest_letter_of_a_subject_waits_and_others_in_the_order_they_came) {
  const WallTime at{WallTime::duration(7)};
  const Letter a1{0, "slack", "a", "{\"n\": 1}", at, 0, {}};
  const Letter b{0, "slack", "b", "{}", at, 2, WallTime(WallTime::duration(9))};
  const Letter other{0, "mail", "a", "{}", at, 0, {}};
  const Letter a2{0, "slack", "a", std::string("{\"n\": \0}", 9), at, 0, {}};
  std::vector<std::int64_t> ids;
  for (const Letter& letter : {a1, b, other, a2}) {
    ids.push_back(step([&](Store& s) { return s.put_letter(letter); }));
  }
  std::vector<Letter> pending = step([](Store& s) { return s.pending_letters(); });
  ASSERT_EQ(pending.size(), 3u);
  EXPECT_EQ(pending[0].subject, "b");
  EXPECT_EQ(pending[0].id, ids[1]);
  EXPECT_EQ(pending[0].created_at, at);
  EXPECT_EQ(pending[0].refusals, 2);
  EXPECT_EQ(pending[0].not_before, b.not_before);
  EXPECT_EQ(pending[1].channel, "mail");
  EXPECT_EQ(pending[2].json, a2.json);
  EXPECT_EQ(pending[2].id, ids[3]);
  EXPECT_GT(ids[3], ids[0]) << "whoever still sends the older one must not drop the newer";

  step([&](Store& s) { s.drop_letter(ids[0]); });  // replaced meanwhile
  EXPECT_EQ(step([](Store& s) { return s.pending_letters(); }).size(), 3u);
  pending[2].refusals = 3;
  pending[2].not_before = WallTime(WallTime::duration(11));
  pending[2].json = "only what a try changes is written";
  step([&](Store& s) { s.postpone_letter(pending[2]); });
  step([&](Store& s) { s.drop_letter(ids[1]); });
  step([&](Store& s) { s.drop_letter(ids[2]); });
  pending = step([](Store& s) { return s.pending_letters(); });
  ASSERT_EQ(pending.size(), 1u);
  EXPECT_EQ(pending[0].refusals, 3);
  EXPECT_EQ(pending[0].not_before, WallTime(WallTime::duration(11)));
  EXPECT_EQ(pending[0].json, a2.json);
}

TEST_P(StoreContract, The_audit_comes_newest_first) {
  step([](Store& s) { s.audit({WallTime(WallTime::duration(5)), "alice", "release", "api", "because"}); });
  step([](Store& s) { s.audit({WallTime(WallTime::duration(6)), "bob", "retry", "db", ""}); });
  const std::vector<AuditRecord> all = step([](Store& s) { return s.audits(10); });
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].actor, "bob");
  EXPECT_EQ(all[1].at, WallTime(WallTime::duration(5)));
  EXPECT_EQ(all[1].action, "release");
  EXPECT_EQ(all[1].subject, "api");
  EXPECT_EQ(all[1].detail, "because");
  EXPECT_EQ(step([](Store& s) { return s.audits(1); }).size(), 1u);
}

TEST_P(StoreContract, Settings_have_one_value_each) {
  step([](Store& s) { s.put_setting("bucket_id", "one"); });
  step([](Store& s) { s.put_setting("bucket_id", std::string("tw\0o", 4)); });
  EXPECT_EQ(step([](Store& s) { return s.setting("bucket_id"); }), std::string("tw\0o", 4));
  EXPECT_EQ(step([](Store& s) { return s.setting("other"); }), std::nullopt);
}

}  // namespace maand
