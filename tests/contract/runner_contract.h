// What every Runner keeps. One suite, run over the fake and over the real one
// with a real worker behind it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "tests/support/runner_kit.h"

namespace maand::testing {

class RunnerHarness {
 public:
  virtual ~RunnerHarness() = default;
  virtual Runner& runner() = 0;
  virtual Endpoint endpoint() = 0;
  virtual void kill_worker() = 0;
  // The target of a job `fails` fails; all others succeed.
  virtual FileSetPtr files() = 0;
  // The time of what waits to be confirmed is over, whatever it was begun with.
  virtual void let_time_pass(const Operation& operation) = 0;
  // How often the operation's target has run on the worker.
  virtual std::size_t runs(const Operation& operation) = 0;
};

struct RunnerCase {
  std::string name;
  std::function<std::unique_ptr<RunnerHarness>()> make;
};
inline void PrintTo(const RunnerCase& one, std::ostream* out) { *out << one.name; }  // NOLINT: gtest's name

class RunnerContract : public ::testing::TestWithParam<RunnerCase> {
 protected:
  RunnerContract() : harness_(GetParam().make()) {}
  Runner& runner() { return harness_->runner(); }
  Operation start(const std::string& job = "api") {
    return operations_.make(Action::kStart, job, harness_->endpoint(), harness_->files());
  }

  std::unique_ptr<RunnerHarness> harness_;
  Operations operations_;
};

TEST_P(RunnerContract, a_submitted_operation_runs_once_and_is_answered_once) {
  const Operation operation = start();
  const auto answer = submit(runner(), operation);
  const Outcome outcome = answer.wait();
  EXPECT_EQ(outcome.kind, OutcomeKind::kSucceeded) << outcome.detail;
  EXPECT_EQ(outcome.condition, WorkerCondition::kNone);
  EXPECT_EQ(harness_->runs(operation), 1u);
  EXPECT_EQ(answer.count(), 1u);
}

// R7.3: what a lost store is rebuilt from. The fake must be as the real one.
TEST_P(RunnerContract, what_a_worker_keeps_is_told_with_its_record_and_its_receipt) {
  const auto told_now = [&] {
    Answer<Recalled> answer;
    runner().recall(harness_->endpoint(), {},
                    [answer](Recalled told) mutable { answer.give(std::move(told)); });
    return answer.wait();
  };
  const Recalled before = told_now();
  EXPECT_EQ(before.condition, WorkerCondition::kNone) << before.detail;
  EXPECT_TRUE(before.instance.empty());
  EXPECT_TRUE(before.jobs.empty());

  Operation operation = start();
  operation.epoch = 3;
  operation.credentials.record = "{\"a\": 1}\n";
  const Outcome outcome = submit(runner(), operation).wait();
  const Recalled after = told_now();
  EXPECT_EQ(after.instance, outcome.instance);
  EXPECT_FALSE(after.instance.empty());
  EXPECT_EQ(after.epoch, 3u);
  ASSERT_EQ(after.jobs.size(), 1u);
  const RecalledJob& job = after.jobs[0];
  EXPECT_EQ(job.job, operation.allocation.job);
  EXPECT_EQ(job.operation, operation.id);
  EXPECT_EQ(job.seq, operation.seq);
  EXPECT_EQ(job.epoch, 3u);
  EXPECT_EQ(job.action, Action::kStart);
  EXPECT_EQ(job.new_version, operation.new_version);
  EXPECT_EQ(job.record.substr(0, 8), "{\"a\": 1}");
  ASSERT_TRUE(job.outcome);
  EXPECT_EQ(job.outcome->kind, OutcomeKind::kSucceeded);
}

// R3.5, R3.12: what an operation may not begin at.
TEST_P(RunnerContract, an_older_epoch_and_what_cannot_be_known_are_fenced_and_another_marker_is_told) {
  Operation first = start();
  first.seq = 1000;
  first.epoch = 2;
  const std::string instance = submit(runner(), first).wait().instance;
  Operation older = start();
  older.seq = 1001;
  older.epoch = 1;
  EXPECT_EQ(submit(runner(), older).wait().condition, WorkerCondition::kFenced);
  Operation restored = start();
  restored.seq = 1002;
  restored.epoch = 2;
  restored.credentials.known_seq = first.seq - 1;
  EXPECT_EQ(submit(runner(), restored).wait().condition, WorkerCondition::kFenced);
  Operation other = start();
  other.seq = 1003;
  other.epoch = 2;
  other.expect_marker = true;
  other.credentials.instance = "another";
  EXPECT_EQ(submit(runner(), other).wait().condition, WorkerCondition::kWorkerStateMissing);
  Operation good = start();
  good.seq = 1004;
  good.epoch = 2;
  good.expect_marker = true;
  good.credentials.instance = instance;
  good.credentials.known_seq = good.seq - 1;
  EXPECT_EQ(submit(runner(), good).wait().kind, OutcomeKind::kSucceeded);
  for (const Operation* refused : {&older, &restored, &other}) EXPECT_EQ(harness_->runs(*refused), 0u);
}

TEST_P(RunnerContract, the_same_id_runs_once_however_often_it_is_submitted) {
  const Operation operation = start();
  std::vector<Answer<Outcome>> answers;
  for (int i = 0; i < 4; ++i) answers.push_back(submit(runner(), operation));
  for (const auto& answer : answers) {
    // Of twins at the same moment one may be told that the other is at it.
    const Outcome outcome = answer.wait();
    EXPECT_TRUE(outcome.kind == OutcomeKind::kSucceeded || outcome.condition == WorkerCondition::kBusy)
        << to_string(outcome.kind) << outcome.detail;
    EXPECT_EQ(answer.count(), 1u);
  }
  EXPECT_EQ(submit(runner(), operation).wait().kind, OutcomeKind::kSucceeded);
  EXPECT_EQ(harness_->runs(operation), 1u);
}

TEST_P(RunnerContract, what_has_ended_can_be_asked_for) {
  const Operation good = start();
  const Operation bad = start("fails");
  EXPECT_EQ(submit(runner(), good).wait().kind, OutcomeKind::kSucceeded);
  EXPECT_EQ(submit(runner(), bad).wait().kind, OutcomeKind::kFailed);
  EXPECT_EQ(ask(runner(), good).wait().kind, OutcomeKind::kSucceeded);
  EXPECT_EQ(ask(runner(), bad).wait().kind, OutcomeKind::kFailed);
  EXPECT_EQ(harness_->runs(good), 1u);
}

// R2.9 confirm_seconds.
TEST_P(RunnerContract, what_has_to_be_confirmed_waits_and_counts_once_it_is) {
  Operation operation = start();
  operation.confirm = std::chrono::hours(1);
  const Outcome outcome = submit(runner(), operation).wait();
  EXPECT_EQ(outcome.kind, OutcomeKind::kSucceeded) << outcome.detail;
  EXPECT_EQ(outcome.confirmation, Confirmation::kPending);
  EXPECT_EQ(ask(runner(), operation).wait().confirmation, Confirmation::kPending);
  for (int i = 0; i < 2; ++i) {
    const Outcome confirmed = confirm(runner(), operation).wait();
    EXPECT_EQ(confirmed.kind, OutcomeKind::kSucceeded) << confirmed.detail;
    EXPECT_EQ(confirmed.confirmation, Confirmation::kConfirmed);
  }
  EXPECT_EQ(ask(runner(), operation).wait().confirmation, Confirmation::kConfirmed);
  EXPECT_EQ(harness_->runs(operation), 1u);
}

TEST_P(RunnerContract, what_nobody_confirms_is_taken_back_and_a_late_word_changes_nothing) {
  Operation operation = start();
  operation.confirm = std::chrono::hours(1);
  EXPECT_EQ(submit(runner(), operation).wait().confirmation, Confirmation::kPending);
  harness_->let_time_pass(operation);
  for (const auto& answer :
       {ask(runner(), operation), confirm(runner(), operation), ask(runner(), operation)}) {
    const Outcome outcome = answer.wait();
    EXPECT_EQ(outcome.kind, OutcomeKind::kFailed) << outcome.detail;
    EXPECT_EQ(outcome.confirmation, Confirmation::kReverted);
    EXPECT_EQ(outcome.back, OutcomeKind::kSucceeded) << outcome.detail;
    EXPECT_TRUE(outcome.back_stopped) << "there was nothing before it";
  }
  EXPECT_EQ(harness_->runs(operation), 1u);
}

TEST_P(RunnerContract, what_is_not_to_be_confirmed_or_fails_waits_for_nobody) {
  Operation bad = start("fails");
  bad.confirm = std::chrono::hours(1);
  for (const Operation& operation : {start(), bad})
    EXPECT_EQ(submit(runner(), operation).wait().confirmation, Confirmation::kNone);
}

TEST_P(RunnerContract, a_worker_that_cannot_be_asked_confirms_nothing) {
  Operation operation = start();
  operation.confirm = std::chrono::seconds(1);
  submit(runner(), operation).wait();
  harness_->kill_worker();
  const Outcome outcome = confirm(runner(), operation).wait();
  EXPECT_EQ(outcome.kind, OutcomeKind::kUnknown);
  EXPECT_EQ(outcome.condition, WorkerCondition::kUnreachable);
}

TEST_P(RunnerContract, an_unknown_operation_that_was_asked_for_cannot_begin_any_more) {
  const Operation operation = start();
  EXPECT_EQ(ask(runner(), operation).wait().kind, OutcomeKind::kNever);
  EXPECT_EQ(submit(runner(), operation).wait().kind, OutcomeKind::kNever);
  EXPECT_EQ(harness_->runs(operation), 0u);
}

TEST_P(RunnerContract, asking_while_it_may_run_gives_its_end) {
  const Operation operation = start();
  const auto submitted = submit(runner(), operation);
  const OutcomeKind asked = ask(runner(), operation).wait().kind;
  EXPECT_EQ(submitted.wait().kind, asked);  // whichever came first
  EXPECT_EQ(harness_->runs(operation), asked == OutcomeKind::kSucceeded ? 1u : 0u);
}

TEST_P(RunnerContract, a_living_worker_is_reached) {
  EXPECT_EQ(contact(runner(), harness_->endpoint()).wait().condition, WorkerCondition::kNone);
}

TEST_P(RunnerContract, a_dead_worker_is_unreachable_and_nothing_is_claimed_of_it) {
  const Operation before = start();
  EXPECT_EQ(submit(runner(), before).wait().kind, OutcomeKind::kSucceeded);
  harness_->kill_worker();  // over a connection that may still lie idle
  const Operation operation = start();
  const Outcome outcome = submit(runner(), operation).wait();
  EXPECT_EQ(outcome.kind, OutcomeKind::kCondition) << to_string(outcome.kind);
  EXPECT_EQ(outcome.condition, WorkerCondition::kUnreachable);
  const Outcome asked = ask(runner(), before).wait();
  EXPECT_TRUE(asked.kind == OutcomeKind::kCondition || asked.kind == OutcomeKind::kUnknown);
  EXPECT_EQ(asked.condition, WorkerCondition::kUnreachable);
  EXPECT_EQ(contact(runner(), harness_->endpoint()).wait().condition, WorkerCondition::kUnreachable);
  EXPECT_EQ(harness_->runs(operation), 0u);
}

TEST_P(RunnerContract, a_probe_says_what_was_found_and_no_verdict_where_there_is_none) {
  const Endpoint to = harness_->endpoint();
  HealthSpec spec;
  const auto probe = [&] {
    Answer<std::pair<Health, std::string>> answer;
    runner().probe(to, spec, [answer](Health health, std::string detail) mutable {
      answer.give({health, std::move(detail)});
    });
    return answer.wait();
  };
  EXPECT_EQ(probe().first, Health::kUnprobed) << "without checks";
  spec.checks = {{HealthCheck::Type::kTcp, to.port, "ssh"}};
  EXPECT_EQ(probe(), std::pair(Health::kHealthy, std::string()));
  harness_->kill_worker();
  EXPECT_EQ(probe().first, Health::kUnhealthy);
  EXPECT_NE(probe().second, "");
  runner().stop();
  EXPECT_EQ(probe().first, Health::kUnprobed) << "while the daemon leaves";
}

TEST_P(RunnerContract, stop_answers_everything_and_what_comes_later_does_not_begin) {
  std::vector<Answer<Outcome>> answers;
  std::vector<Operation> operations;
  for (int i = 0; i < 12; ++i) operations.push_back(start("job" + std::to_string(i)));
  for (const Operation& operation : operations) answers.push_back(submit(runner(), operation));
  const auto asked = ask(runner(), operations[0]);
  const auto contacted = contact(runner(), harness_->endpoint());
  runner().stop();
  for (const auto& answer : answers) {
    const OutcomeKind kind = answer.wait().kind;
    EXPECT_TRUE(kind == OutcomeKind::kSucceeded || kind == OutcomeKind::kUnknown ||
                kind == OutcomeKind::kCondition || kind == OutcomeKind::kNever)
        << to_string(kind);
  }
  asked.wait();
  contacted.wait();
  const Operation late = start("late");
  const OutcomeKind kind = submit(runner(), late).wait().kind;
  EXPECT_TRUE(kind == OutcomeKind::kUnknown || kind == OutcomeKind::kCondition) << to_string(kind);
  EXPECT_EQ(ask(runner(), operations[0]).wait().kind, OutcomeKind::kUnknown);
  EXPECT_EQ(harness_->runs(late), 0u);
  for (const auto& answer : answers) EXPECT_EQ(answer.count(), 1u);
}

}  // namespace maand::testing
