// /metrics: what is counted, and that the text is what Prometheus reads.
#include "reconciler/app/metrics.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "reconciler/app/certificate_expiry.h"
#include "reconciler/app/judge.h"
#include "reconciler/app/metered_source.h"
#include "reconciler/app/metrics_readings.h"
#include "reconciler/app/process_readings.h"
#include "reconciler/app/system_clock.h"
#include "tests/support/exposition.h"
#include "tests/support/fake_source.h"
#include "tests/support/process.h"

namespace maand {
namespace {

using namespace std::chrono_literals;
using testing::Exposition;

class MetricsTest : public ::testing::Test {
 protected:
  Exposition now() const { return Exposition(metrics_.text(readings_)); }

  SystemClock clock_;
  Metrics metrics_{clock_};
  Readings readings_;
};

TEST_F(MetricsTest, EveryFamilyStandsTogetherUnderOneHelpAndOneType) {
  const Exposition text = now();
  EXPECT_TRUE(text.problems().empty()) << text.problems().front();
  EXPECT_GT(text.families().size(), 40u);
  for (const auto& [name, type] : text.families()) {
    EXPECT_EQ(type == "counter", name.ends_with("_total")) << name;
    EXPECT_TRUE(name.starts_with("maand_") || name.starts_with("process_")) << name;
  }
}

TEST_F(MetricsTest, WhatCanBeCountedIsThereBeforeItHappens) {
  const Exposition text = now();
  for (const char* series : {
           "maand_events_total{kind=\"store_problem\"}",
           "maand_operations_total{action=\"restart\",outcome=\"failed\"}",
           "maand_operation_retries_total{action=\"start\"}",
           "maand_ssh_connections_total{condition=\"HostKeyChanged\"}",
           "maand_ssh_connections_total{condition=\"none\"}",
           "maand_git_operations_total{operation=\"publish_notes\",problem=\"AuthFailed\"}",
           "maand_passes_total{end=\"source_failed\"}",
           "maand_job_failures_total{reason=\"GateFailed\"}",
           "maand_phase_duration_seconds_count{phase=\"roll_out\"}",
           "maand_pass_duration_seconds_count{acted=\"yes\"}",
           "maand_jobs_held{reason=\"TargetFailed\"}",
           "maand_jobs_waiting{reason=\"Blocked\"}",
           "maand_workers_set_aside{condition=\"Unreachable\"}",
           "maand_certificate_not_after_timestamp_seconds{certificate=\"api\"}",
           "maand_last_converged_pass_timestamp_seconds",
           "maand_heads_seen_total",
       }) {
    EXPECT_EQ(text.value(series), 0.0) << series;
  }
}

TEST_F(MetricsTest, BucketsAreCumulativeAndTheLastIsTheCount) {
  for (const auto took : {30ms, 200ms, 700ms, 40'000ms, 9'000'000ms}) {
    metrics_.phase_ended(Phase::kPlan, took);
    metrics_.pass_ended(PassEnd::kConverged, true, took);
    metrics_.git_called(GitCall::kFetch, std::nullopt, took);
  }
  const Exposition text = now();
  EXPECT_TRUE(text.problems().empty()) << text.problems().front();
  const std::string plan = "maand_phase_duration_seconds_bucket{phase=\"plan\",le=";
  EXPECT_EQ(text.value(plan + "\"0.05\"}"), 1);
  EXPECT_EQ(text.value(plan + "\"0.25\"}"), 2);
  EXPECT_EQ(text.value(plan + "\"60\"}"), 4);
  EXPECT_EQ(text.value(plan + "\"3600\"}"), 4);
  EXPECT_EQ(text.value(plan + "\"+Inf\"}"), 5);
  EXPECT_EQ(text.value("maand_phase_duration_seconds_count{phase=\"plan\"}"), 5);
  EXPECT_NEAR(text.value("maand_phase_duration_seconds_sum{phase=\"plan\"}"), 9040.93, 1e-6);
  EXPECT_EQ(text.value("maand_git_operation_duration_seconds_count{operation=\"fetch\"}"), 5);
  EXPECT_GT(text.value("maand_last_converged_pass_timestamp_seconds"), 1.7e9);
}

TEST_F(MetricsTest, EventsBecomeOperationsRetriesAndFailures) {
  const Event ended{
      .kind = EventKind::kOperationEnded, .action = "restart", .outcome = "failed", .duration = 1500ms};
  metrics_.on(ended);
  metrics_.on(Event{.kind = EventKind::kOperationBegun, .action = "restart", .attempt = 1});
  metrics_.on(Event{.kind = EventKind::kOperationBegun, .action = "restart", .attempt = 2});
  metrics_.on(Event{.kind = EventKind::kJobHeld, .reason = "GateFailed"});
  const Exposition text = now();
  EXPECT_EQ(text.value("maand_operations_total{action=\"restart\",outcome=\"failed\"}"), 1);
  EXPECT_EQ(text.value("maand_operations_total{action=\"restart\",outcome=\"succeeded\"}"), 0);
  EXPECT_EQ(text.value("maand_operation_duration_seconds_sum{action=\"restart\"}"), 1.5);
  EXPECT_EQ(text.value("maand_operation_retries_total{action=\"restart\"}"), 1);
  EXPECT_EQ(text.value("maand_job_failures_total{reason=\"GateFailed\"}"), 1);
  EXPECT_EQ(text.value("maand_events_total{kind=\"operation_begun\"}"), 2);
}

TEST_F(MetricsTest, ConnectionsAreCountedByTheirCondition) {
  metrics_.connected(WorkerCondition::kNone, 40ms);
  metrics_.connected(WorkerCondition::kUnreachable, 15'000ms);
  metrics_.connected(WorkerCondition::kUnreachable, 15'000ms);
  const Exposition text = now();
  EXPECT_EQ(text.value("maand_ssh_connections_total{condition=\"none\"}"), 1);
  EXPECT_EQ(text.value("maand_ssh_connections_total{condition=\"Unreachable\"}"), 2);
  EXPECT_EQ(text.value("maand_ssh_connect_duration_seconds_count{result=\"failed\"}"), 2);
  EXPECT_EQ(text.value("maand_ssh_connect_duration_seconds_bucket{result=\"connected\",le=\"0.05\"}"), 1);
}

TEST_F(MetricsTest, GitCallsAreCountedAlsoWhenTheyThrow) {
  testing::FakeSource source;
  MeteredSource metered(source, metrics_);
  metered.ls_remote();
  source.fail_remote(SourceProblem::kUnreachable, "no route");
  EXPECT_THROW(metered.ls_remote(), SourceError);
  const Exposition text = now();
  EXPECT_EQ(text.value("maand_git_operations_total{operation=\"ls_remote\",problem=\"none\"}"), 1);
  EXPECT_EQ(text.value("maand_git_operations_total{operation=\"ls_remote\",problem=\"Unreachable\"}"), 1);
  EXPECT_EQ(text.value("maand_git_operation_duration_seconds_count{operation=\"ls_remote\"}"), 2);
}

TEST_F(MetricsTest, ReadingsAreWhatTheyAreNow) {
  readings_.state = PassState::kDegraded;
  readings_.phase = Phase::kRollOut;
  readings_.source_state = "AuthFailed";
  readings_.head_applied = false;
  readings_.allocations = {{"running", 7}, {"failed", 1}};
  readings_.running = {{Health::kHealthy, 6}, {Health::kUnhealthy, 1}};
  readings_.held = {{Reason::kBroken, 2}};
  readings_.waiting = {{Reason::kBlocked, 3}};
  readings_.set_aside = {{WorkerCondition::kDiskFull, 1}};
  readings_.rollout_jobs = {{JobReport::State::kRunning, 4}};
  readings_.notes_waiting = 2;
  readings_.jobs_suspended = 5;
  readings_.heartbeat_age = 1500ms;
  const Exposition text = now();
  const std::map<std::string, double> expected = {
      {"maand_state{state=\"degraded\"}", 1},
      {"maand_state{state=\"applied\"}", 0},
      {"maand_phase{phase=\"roll_out\"}", 1},
      {"maand_phase{phase=\"idle\"}", 0},
      {"maand_source_state{state=\"AuthFailed\"}", 1},
      {"maand_source_state{state=\"Ready\"}", 0},
      {"maand_head_applied", 0},
      {"maand_allocations{state=\"running\"}", 7},
      {"maand_allocations{state=\"stopped\"}", 0},
      {"maand_allocations_health{health=\"unhealthy\"}", 1},
      {"maand_jobs_held{reason=\"Broken\"}", 2},
      {"maand_jobs_waiting{reason=\"Blocked\"}", 3},
      {"maand_workers_set_aside{condition=\"DiskFull\"}", 1},
      {"maand_rollout_jobs{state=\"running\"}", 4},
      {"maand_notes_outbox_size", 2},
      {"maand_suspended{scope=\"job\"}", 5},
      {"maand_suspended{scope=\"bucket\"}", 0},
      {"maand_reconcile_heartbeat_age_seconds", 1.5},
  };
  for (const auto& [series, value] : expected) EXPECT_EQ(text.value(series), value) << series;
}

TEST_F(MetricsTest, ALabelMayHoldAnything) {
  readings_.bucket_name = "a\"b\\c\nd";
  const std::string text = metrics_.text(readings_);
  EXPECT_NE(text.find("maand_bucket_info{bucket=\"a\\\"b\\\\c\\nd\",bucket_id=\"\"} 1\n"), std::string::npos);
  EXPECT_TRUE(Exposition(text).problems().empty());
}

// A workspace of thousands of jobs must not become hundreds of thousands of series.
TEST_F(MetricsTest, OnlySoManyJobsHaveSeriesOfTheirOwn) {
  Judged judged;
  judged.info = {CommitId("c1"), "", "", clock_.wall()};
  for (int i = 0; i < 1000; ++i) judged.workspace.jobs[JobName("job" + std::to_string(1000 + i))];
  metrics_.commit_accepted(judged);
  std::set<std::string> names;
  for (const std::string& label : now().label_values("maand_delivery_duration_seconds_count", "maand_job")) {
    names.insert(label);
  }
  EXPECT_EQ(names.size(), 101u);
  EXPECT_TRUE(names.count("job1000") && names.count("(other)") && !names.count("job1500"));
}

TEST_F(MetricsTest, FamiliesThatAreRenderedElsewhereFollow) {
  metrics_.also(
      [] { return "# HELP maand_more_total More.\n# TYPE maand_more_total counter\nmaand_more_total 3\n"; });
  const Exposition text = now();
  EXPECT_TRUE(text.problems().empty());
  EXPECT_EQ(text.value("maand_more_total"), 3);
}

TEST_F(MetricsTest, TheEndOfACertificateIsToldAndOneThatIsNotThereIsZero) {
  const testing::TempDirectory directory("maand-certificate");
  const std::string file = directory.path() / "cert.pem";
  testing::run_program({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-keyout", directory.path() / "key.pem", "-out", file, "-days", "10",
                        "-subj", "/CN=api"});
  metrics_.watch_certificate("api", file);
  const double days = (now().value("maand_certificate_not_after_timestamp_seconds{certificate=\"api\"}") -
                       std::chrono::duration<double>(clock_.wall().time_since_epoch()).count()) /
                      86400;
  EXPECT_GT(days, 9.9);
  EXPECT_LT(days, 10.1);
  EXPECT_EQ(certificate_expiry(directory.path() / "none.pem"), std::nullopt);
  testing::write_file(file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  EXPECT_EQ(now().value("maand_certificate_not_after_timestamp_seconds{certificate=\"api\"}"), 0);
}

TEST(ProcessReadings, AreReadFromAStatOfAnyProgram) {
  const std::string stat =
      "42 (a ) b) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 9 0 30000 104857600 2560 "
      "18446744073709551615 1";
  const ProcessReadings read = process_from_stat(stat, 1000, 100, 4096);
  EXPECT_EQ(read.cpu_seconds, 3);
  EXPECT_EQ(read.start_time_seconds, 1300);
  EXPECT_EQ(read.virtual_bytes, 104857600);
  EXPECT_EQ(read.resident_bytes, 2560 * 4096);
  for (const char* text : {"", "42", "42 (", ")", "1 (a) S", "1 (a) S x y z"}) {
    EXPECT_EQ(process_from_stat(text, 0, 100, 4096).resident_bytes, 0) << text;
  }
}

TEST(ProcessReadings, AreThoseOfThisProcess) {
  const ProcessReadings read = read_process();
  EXPECT_GT(read.resident_bytes, 1e6);
  EXPECT_GT(read.virtual_bytes, read.resident_bytes);
  EXPECT_GT(read.start_time_seconds, 1e9);
  EXPECT_GE(read.open_fds, 3);
  EXPECT_GT(read.max_fds, read.open_fds);
}

}  // namespace
}  // namespace maand
