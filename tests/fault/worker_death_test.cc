// What a target that runs becomes when its worker dies, reboots or is fenced, or
// when the daemon leaves (R3.4, R3.12): it is never run again and never forgotten.
#include "tests/fault/proxied_worker.h"

namespace maand::testing {
namespace {

using namespace std::chrono_literals;
using WorkerDeath = ProxiedWorker;

// A target that says hello and then takes until `data/go` is there.
constexpr const char* kSlow =
    "start:\n"
    "\t@mkdir -p data && echo $(NEW_VERSION) >>data/events; echo hello\n"
    "\t@while [ ! -e data/go ]; do sleep 0.05; done\n";

TEST_F(WorkerDeath, a_worker_whose_processes_die_under_the_target_says_interrupted) {
  const Operation operation =
      operations_.make(Action::kStart, "api", to_, file_set(blobs_, {{"Makefile", kSlow}}));
  const auto answer = submit(*runner_, operation);
  ASSERT_TRUE(heard_.wait_for("hello"));
  fleet_.kill(0);
  fleet_.restart(0);
  const Outcome outcome = answer.wait();
  EXPECT_EQ(outcome.kind, OutcomeKind::kInterrupted) << outcome.detail;
  EXPECT_EQ(count_lines(events(), operation.new_version), 1u);
  // Asked again it says the same; what is submitted again does not begin.
  EXPECT_EQ(ask(*runner_, operation).wait().kind, OutcomeKind::kInterrupted);
  EXPECT_EQ(submit(*runner_, operation).wait().kind, OutcomeKind::kInterrupted);
  EXPECT_EQ(count_lines(events(), operation.new_version), 1u);
}

TEST_F(WorkerDeath, a_worker_that_reboots_under_the_target_says_interrupted_by_another_boot) {
  const Operation first =
      operations_.make(Action::kStart, "other", to_, file_set(blobs_, {{"Makefile", "start:\n\t@true\n"}}));
  const Outcome before = submit(*runner_, first).wait();
  ASSERT_EQ(before.kind, OutcomeKind::kSucceeded) << before.detail;
  ASSERT_FALSE(before.boot_id.empty());

  const Operation operation =
      operations_.make(Action::kStart, "api", to_, file_set(blobs_, {{"Makefile", kSlow}}));
  const auto answer = submit(*runner_, operation);
  ASSERT_TRUE(heard_.wait_for("hello"));
  fleet_.reboot(0);
  const Outcome outcome = answer.wait();
  EXPECT_EQ(outcome.kind, OutcomeKind::kInterrupted) << outcome.detail;
  EXPECT_FALSE(outcome.boot_id.empty());
  EXPECT_NE(outcome.boot_id, before.boot_id);
  EXPECT_EQ(count_lines(events(), operation.new_version), 1u);
}

TEST_F(WorkerDeath, a_worker_that_stays_away_is_unknown_and_answers_when_it_is_back) {
  options_.lost_for = 1s;
  runner_ = std::make_unique<RemoteRunner>(options_, ssh_, blobs_, heard_);
  const Operation operation =
      operations_.make(Action::kStart, "api", to_, file_set(blobs_, {{"Makefile", kSlow}}));
  const auto answer = submit(*runner_, operation);
  ASSERT_TRUE(heard_.wait_for("hello"));
  fleet_.kill(0);
  const Outcome outcome = answer.wait();
  EXPECT_EQ(outcome.kind, OutcomeKind::kUnknown) << outcome.detail;
  EXPECT_EQ(outcome.condition, WorkerCondition::kUnreachable);
  fleet_.restart(0);
  EXPECT_EQ(ask(*runner_, operation).wait().kind, OutcomeKind::kInterrupted);
  EXPECT_EQ(count_lines(events(), operation.new_version), 1u);
}

TEST_F(WorkerDeath, a_fence_that_came_up_meanwhile_does_not_make_a_running_target_unbegun) {
  const Operation operation =
      operations_.make(Action::kStart, "api", to_, file_set(blobs_, {{"Makefile", kSlow}}));
  const auto answer = submit(*runner_, operation);
  ASSERT_TRUE(heard_.wait_for("hello"));
  write_file(fleet_.root(0) / "bucket/.maand/epoch/2", "");
  proxy_.cut_all();
  const Outcome outcome = answer.wait();
  EXPECT_EQ(outcome.kind, OutcomeKind::kUnknown) << to_string(outcome.kind) << outcome.detail;
  EXPECT_EQ(outcome.condition, WorkerCondition::kFenced);
  write_file(job() / "data/go", "");
}

TEST_F(WorkerDeath, leaving_in_the_middle_of_a_target_answers_unknown_and_the_target_goes_on) {
  const Operation operation =
      operations_.make(Action::kStart, "api", to_, file_set(blobs_, {{"Makefile", kSlow}}));
  const auto answer = submit(*runner_, operation);
  ASSERT_TRUE(heard_.wait_for("hello"));
  runner_->stop();
  EXPECT_EQ(answer.wait().kind, OutcomeKind::kUnknown);
  write_file(job() / "data/go", "");

  SshTransport next(options(secrets_.path()));
  RemoteRunner successor(options_, next, blobs_, heard_);
  EXPECT_EQ(ask(successor, operation).wait().kind, OutcomeKind::kSucceeded);
  EXPECT_EQ(count_lines(events(), operation.new_version), 1u);
}

}  // namespace
}  // namespace maand::testing
