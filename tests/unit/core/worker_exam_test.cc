#include "reconciler/core/worker_exam.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maand {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr const char* kWell =
    "time 1000\nuser agent\nuid 0\nwritable yes\nfree_kb 9999999\nhost_key ssh-ed25519\nmarker b1 w1 "
    "i1\ndone\n";

WorkerExam well(const std::string& output = kWell) {
  WorkerExam exam;
  exam.login = milliseconds(40);
  exam.shell = milliseconds(4);
  exam.outcome.kind = ErrandOutcome::Kind::kEnded;
  exam.output = output;
  exam.told_at = WallTime(seconds(1000));
  return exam;
}

ExamContext context() {
  ExamContext out;
  out.bucket = BucketId("b1");
  out.worker_root = "/opt/worker";
  out.endpoint.host = WorkerHost("w1");
  out.endpoint.user = "agent";
  out.endpoint.key = "worker.key";
  out.instance = "i1";
  out.expect_marker = true;
  return out;
}

std::string said(const WorkerExam& exam, const ExamContext& about = context()) {
  std::string out;
  for (const Finding& one : judge_worker(exam, about)) {
    out += std::string(to_string(one.grade)) + " " + one.about + ": " + one.text + " > " + one.advice + "\n";
  }
  return out;
}

std::string without(const std::string& key) {
  std::string text = kWell;
  const std::size_t at = text.find(key);
  return text.erase(at, text.find('\n', at) + 1 - at);
}

TEST(WorkerExam, AWorkerThatIsWellSaysWhatItCosts) {
  EXPECT_EQ(said(well()),
            "note worker: login as agent takes 40 ms, a command 4 ms; 9 GiB are free; it has host keys of "
            "ssh-ed25519 > \n");
  EXPECT_FALSE(would_fail(judge_worker(well(), context())));
}

TEST(WorkerExam, WhatIsWrongIsToldWithWhatToDo) {
  const struct {
    std::string output;
    const char* said;
    bool fails;
  } rows[] = {
      {"missing make\nmissing tar\n" + std::string(kWell),
       "failure tools: make and tar are missing > install make", true},
      {"missing make\n" + std::string(kWell), "failure tools: make is missing", true},
      {without("writable") + "writable no /opt\ndone\n",
       "failure disk: agent cannot write to /opt > set use_sudo = true", true},
      {without("free_kb") + "free_kb 1000\n", "failure disk: 0 MiB are free for /opt/worker > make room",
       true},
      {without("free_kb") + "free_kb 500000\n", "warning disk: 488 MiB are free", false},
      {"option ro /opt\n" + std::string(kWell), "failure disk: /opt is mounted read-only", true},
      {"option noexec /opt\n" + std::string(kWell), "warning disk: /opt is mounted noexec", false},
      {without("time") + "time 900\n", "warning clock: its clock is 100 s behind ours > synchronise", false},
      {without("time") + "time 1006\n", "warning clock: its clock is 6 s ahead of ours", false},
      {"kills yes\n" + std::string(kWell),
       "failure logind: KillUserProcesses=yes ends what targets leave running", true},
      {"bucket other\n" + std::string(kWell), "note buckets: bucket other is at work here as well", false},
      {without("marker"), "failure marker: nothing of this bucket is there", true},
      {without("marker") + "marker b1 w2 i1\n", "failure marker: its marker says bucket and worker b1 w2 i1",
       true},
      {without("marker") + "marker b1 w1 i2\n", "failure marker: its marker is another one", true},
      {without("done"), "failure examination: it did not tell everything: it exited with 0", true},
      {"bucket \x1b[2J\n" + std::string(kWell), "bucket \\x1b[2J is", false},
  };
  for (const auto& row : rows) {
    EXPECT_THAT(said(well(row.output)), HasSubstr(row.said));
    EXPECT_EQ(would_fail(judge_worker(well(row.output), context())), row.fails) << row.said;
  }
}

TEST(WorkerExam, WhatWouldBeRightElsewhereIsNotTold) {
  ExamContext fresh = context();
  fresh.instance.clear();
  fresh.expect_marker = false;
  EXPECT_FALSE(would_fail(judge_worker(well(without("marker")), fresh))) << "nothing was deployed there yet";
  ExamContext renamed = context();
  renamed.was = WorkerHost("w0");
  EXPECT_FALSE(would_fail(judge_worker(well(without("marker") + "marker b1 w0 i1\n"), renamed)));
  ExamContext root = context();
  root.endpoint.user = "root";
  EXPECT_FALSE(would_fail(judge_worker(well("kills yes\n" + std::string(kWell)), root)));
}

TEST(WorkerExam, ASlowOrTalkativeShellIsToldAndTheWorstComesFirst) {
  WorkerExam exam = well("missing make\n" + std::string(kWell));
  exam.shell = milliseconds(900);
  exam.noise = "Welcome!\n";
  const std::string text = said(exam);
  EXPECT_THAT(
      text, HasSubstr("warning shell: its login's shell takes 900 ms before any command > every operation"));
  EXPECT_THAT(text, HasSubstr("warning shell: its login's shell talks before any command: \"Welcome!\""));
  EXPECT_EQ(text.find("failure tools"), 0u) << text;
}

TEST(WorkerExam, AWorkerThatLetsNobodyInSaysWhyAlone) {
  const struct {
    WorkerCondition condition;
    const char* said;
  } rows[] = {
      {WorkerCondition::kUnreachable, "failure connection: what it says > look whether it is up"},
      {WorkerCondition::kAuthFailed,
       "failure login: what it says > put the public key of secrets/worker.key into ~agent/"},
      {WorkerCondition::kHostKeyUnknown, "failure host key: what it says > compare its fingerprint"},
      {WorkerCondition::kHostKeyChanged, "failure host key: what it says"},
  };
  for (const auto& row : rows) {
    WorkerExam exam;
    exam.condition = row.condition;
    exam.detail = "what it says";
    EXPECT_THAT(said(exam), HasSubstr(row.said));
    EXPECT_EQ(judge_worker(exam, context()).size(), 1u);
  }
  WorkerExam refused = well("");
  refused.outcome = {ErrandOutcome::Kind::kNotBegun, 0, WorkerCondition::kSudoRefused,
                     "a password is required"};
  EXPECT_THAT(said(refused), HasSubstr("failure sudo: a password is required > give agent NOPASSWD"));
  refused.outcome = {ErrandOutcome::Kind::kNotBegun, 0, WorkerCondition::kToolMissing, "setsid"};
  EXPECT_THAT(said(refused), HasSubstr("failure tools: setsid is missing"));
}

}  // namespace
}  // namespace maand
