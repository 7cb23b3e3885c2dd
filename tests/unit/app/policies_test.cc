// What policies keep from being applied, in whole passes (R1.4, R1.5, R5.1, R5.6), and how
// operators let it through.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <functional>

#include "tests/support/loop_world.h"

namespace maand::testing {
namespace {

using Runs = std::vector<std::string>;
using Kind = ControlReply::Kind;
using Jobs = std::vector<std::pair<std::string, std::string>>;

std::string short_id(const CommitId& commit) { return commit.str().substr(0, 12); }

PassSettings verifying(VerifyMode mode) {
  PassSettings settings = LoopWorld::usual();
  settings.verify = mode;
  settings.hold_rewritten_history = true;
  return settings;
}

// ---- R5.1

// Three jobs on three workers run; then two of them leave.
CommitId clear_out(LoopWorld& world, const std::string& message = "clear out") {
  world.source.commit(LoopWorld::workspace(3, {{"a", "1"}, {"b", "1"}, {"keep", "1"}}));
  world.pass();
  world.runner.runs.clear();
  return world.source.commit(LoopWorld::workspace(3, {{"keep", "1"}}), message);
}

TEST(RemovalBudgetPass, ACommitThatStopsTooMuchIsHeldAndTheNoteSaysWhatToWrite_R5_1) {
  LoopWorld world;
  const CommitId commit = clear_out(world);
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{});
  EXPECT_EQ(world.state(), "held");
  const std::string note = world.note(commit);
  EXPECT_NE(note.find("RemovalBudget"), std::string::npos) << note;
  EXPECT_NE(note.find("would stop 6 of 9 running allocations"), std::string::npos) << note;
  EXPECT_NE(note.find("Maand-Allow-Removals: a, b"), std::string::npos) << note;
  EXPECT_NE(note.find("maand release " + short_id(commit)), std::string::npos) << note;
}

TEST(RemovalBudgetPass, ATrailerOfTheCommitOrOfALaterOneLetsIt_R5_1) {
  LoopWorld world;
  clear_out(world);
  world.pass();
  world.source.commit(LoopWorld::workspace(3, {{"keep", "1"}}), "on purpose\n\nMaand-Allow-Removals: a, b\n");
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), 12u) << "stopped and removed";
  EXPECT_EQ(world.state(), "applied");

  LoopWorld other;
  clear_out(other, "clear out\n\nMaand-Allow-Removals: yes\n");
  other.pass();
  EXPECT_EQ(other.state(), "applied");
}

TEST(RemovalBudgetPass, ATrailerOfWhatIsAppliedAllowsNothingMore_R5_1) {
  LoopWorld world;
  clear_out(world, "clear out\n\nMaand-Allow-Removals: yes\n");
  world.pass();
  world.source.commit(LoopWorld::workspace(3, {{"keep", "1"}, {"a", "1"}, {"b", "1"}}));
  world.pass();
  world.runner.runs.clear();
  world.source.commit(LoopWorld::workspace(3, {{"keep", "1"}}));
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{});
}

TEST(RemovalBudgetPass, AReleaseOfTheCommitHoldsForLaterHeadsWithNoOtherStops_R5_1) {
  LoopWorld world;
  const CommitId commit = clear_out(world);
  world.pass();
  ASSERT_EQ(world.desk.release_here(short_id(commit), "ann").kind, Kind::kDone);
  // Another head comes before the next pass.
  world.source.commit(LoopWorld::workspace(3, {{"keep", "1"}}).file("README.md", "words"));
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), 12u) << "stopped and removed";
  EXPECT_EQ(world.state(), "applied");
  EXPECT_EQ(world.store.audits(1)[0].action + " by " + world.store.audits(1)[0].actor, "release by ann");
  // It is used up: the same jobs coming back are not stopped by it a second time.
  world.source.commit(LoopWorld::workspace(3, {{"a", "1"}, {"b", "1"}, {"keep", "1"}}));
  world.pass();
  world.runner.runs.clear();
  world.source.commit(LoopWorld::workspace(3, {{"keep", "1"}}));
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{});
  EXPECT_EQ(world.state(), "held");
}

// ---- R1.4, R1.5

TEST(SignaturePass, AnUnsignedCommitIsNeverAppliedAndItsFilesAreNotRead_R1_5) {
  LoopWorld world(verifying(VerifyMode::kHead));
  const CommitId first = world.source.commit(LoopWorld::workspace(1, {{"api", "1"}}));
  world.signatures.sign(first);
  world.pass();
  EXPECT_EQ(world.state(), "applied");
  const CommitId second =
      world.source.commit(LoopWorld::workspace(1, {{"api", "2"}}).file("workspace/workers.json", "[{"));
  world.pass();
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), 1u);
  EXPECT_EQ(world.state(), "held");
  const std::string note = world.note(second);
  EXPECT_NE(note.find("held: commit " + short_id(second) + " is not signed"), std::string::npos) << note;
  EXPECT_EQ(note.find("workers.json"), std::string::npos) << note;
  EXPECT_EQ(world.journal.state().applied, first);
  const CommitId third = world.source.commit(LoopWorld::workspace(1, {{"api", "3"}}));
  world.signatures.sign(third);
  world.pass();
  EXPECT_EQ(world.runner.runs.back(), "restart api@w1 1→3");
  EXPECT_EQ(world.state(), "applied");
}

TEST(SignaturePass, AfterAStartWhatIsAppliedGoesOnWhileTheHeadIsHeld_R1_5) {
  LoopWorld world(verifying(VerifyMode::kHead));
  const CommitId first = world.source.commit(LoopWorld::workspace(1, {{"api", "1"}}));
  world.signatures.sign(first);
  world.pass();
  world.source.commit(LoopWorld::workspace(1, {{"api", "2"}}));
  Reconciler again({world.inbox, world.lane, world.source, world.notes, world.judge, world.runner,
                    world.store, world.journal, world.clock, world.observer, world.board, &world.metrics},
                   verifying(VerifyMode::kHead), {});
  again.run_once("commit");
  ASSERT_TRUE(again.memory().accepted);
  EXPECT_EQ(again.memory().accepted->info.id, first);
  EXPECT_EQ(std::string(to_string(again.memory().status->state)), "held");
  EXPECT_EQ(world.runner.runs.size(), 1u);
}

TEST(SignaturePass, AFirstCommitThatIsNotSignedBeginsNothing_R1_5) {
  LoopWorld world(verifying(VerifyMode::kStrict));
  world.source.commit(LoopWorld::workspace(1, {{"api", "1"}}));
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{});
  EXPECT_EQ(world.state(), "held");
}

TEST(SignaturePass, AKeyThatComesToBeTrustedNeedsNoNewCommit_R1_5) {
  LoopWorld world(verifying(VerifyMode::kHead));
  const CommitId commit = world.source.commit(LoopWorld::workspace(1, {{"api", "1"}}));
  world.pass();
  EXPECT_EQ(world.state(), "held");
  world.signatures.sign(commit);
  world.pass();
  EXPECT_EQ(world.state(), "applied");
  EXPECT_EQ(world.runner.runs.size(), 1u);
}

TEST(SignaturePass, ARangeIsLetThroughWithActorAndReason_R1_5) {
  LoopWorld world(verifying(VerifyMode::kStrict));
  world.signatures.sign(world.source.commit(LoopWorld::workspace(1, {{"api", "1"}})));
  world.pass();
  world.source.commit(LoopWorld::workspace(1, {{"api", "2"}}));
  const CommitId head = world.source.commit(LoopWorld::workspace(1, {{"api", "3"}}));
  world.signatures.sign(head);
  world.pass();
  EXPECT_EQ(world.state(), "held") << "one of the chain is not signed";
  const ControlReply plain = world.desk.release_here(short_id(head), "ann");
  EXPECT_EQ(plain.kind, Kind::kRefused);
  EXPECT_NE(plain.text.find("--unsigned"), std::string::npos) << plain.text;
  EXPECT_EQ(world.desk.release_unsigned_here(short_id(head), "  ", "ann").kind, Kind::kMalformed);
  EXPECT_EQ(world.desk.release_unsigned_here("abcdef0", "why", "ann").kind, Kind::kUnknownSubject);
  ASSERT_EQ(world.desk.release_unsigned_here(short_id(head), "imported", "ann").kind, Kind::kDone);
  world.pass();
  EXPECT_EQ(world.state(), "applied");
  EXPECT_NE(world.note(head).find("were let through by ann: imported"), std::string::npos)
      << world.note(head);
  const AuditRecord audit = world.store.audits(1)[0];
  EXPECT_EQ(audit.actor + " " + audit.action + " " + audit.subject + ": " + audit.detail,
            "ann release unsigned " + head.str() + ": imported");
  const CommitId next = world.source.commit(LoopWorld::workspace(1, {{"api", "4"}}));
  world.pass();
  EXPECT_EQ(world.state(), "held") << "what comes later is verified again";
  EXPECT_EQ(world.journal.state().head, next);
}

TEST(SignaturePass, AnUnsignedCommitDuringARolloutDoesNotTakeOver_R1_5) {
  LoopWorld world(verifying(VerifyMode::kHead));
  const CommitId first = world.source.commit(LoopWorld::workspace(3, {{"api", "1"}}));
  world.signatures.sign(first);
  world.pass();
  const CommitId second = world.source.commit(LoopWorld::workspace(3, {{"api", "2"}}));
  world.signatures.sign(second);
  bool once = true;
  world.runner.on_run = [&](const Operation&) {
    if (std::exchange(once, false)) {
      world.source.commit(LoopWorld::workspace(3, {{"api", "3"}}));
      world.reconciler.poke("commit");
    }
    return Outcome{.kind = OutcomeKind::kSucceeded};
  };
  world.pass();
  world.pass();
  EXPECT_EQ(world.runner.runs.back(), "restart api@w3 1→2");
  EXPECT_EQ(world.journal.state().applied, second);
}

TEST(HistoryPass, WhatDescendsFromAReleasedCommitNeedsNoReleaseOfItsOwn_R1_4) {
  PassSettings settings = LoopWorld::usual();
  settings.hold_rewritten_history = true;
  LoopWorld world(settings);
  const CommitId base = world.source.commit(LoopWorld::workspace(1, {{"api", "1"}}));
  world.pass();
  world.source.commit(LoopWorld::workspace(1, {{"api", "2"}}));
  world.pass();
  const CommitId rewritten = world.source.commit_on(base, LoopWorld::workspace(1, {{"api", "3"}}));
  world.pass();
  EXPECT_EQ(world.state(), "held");
  ASSERT_EQ(world.desk.release_here(short_id(rewritten), "ann").kind, Kind::kDone);
  world.source.commit(LoopWorld::workspace(1, {{"api", "4"}}));
  world.pass();
  EXPECT_EQ(world.runner.runs.back(), "restart api@w1 2→4");
  EXPECT_EQ(world.state(), "applied");
}

// ---- R5.6

// A window of UTC that opened `from` minutes from now (may be negative) and lasts `minutes`.
std::string window(const std::string& kind, int from, int minutes, const std::string& more = "") {
  const auto now = std::chrono::floor<std::chrono::minutes>(std::chrono::system_clock::now());
  const auto start = now + std::chrono::minutes(from);
  const auto day = std::chrono::floor<std::chrono::days>(start);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(start - day);
  char schedule[40];
  std::snprintf(schedule, sizeof schedule, "%d %d %u %u *", static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.hours().count()), static_cast<unsigned>(date.day()),
                static_cast<unsigned>(date.month()));
  return "[[window]]\nkind = \"" + kind + "\"\nschedule = \"" + schedule + "\"\nduration = \"" +
         std::to_string(minutes) + "m\"\n" + more + "\n";
}

FakeFileView with_policy(const Jobs& jobs, const std::string& policy, int workers = 2) {
  FakeFileView view = LoopWorld::workspace(workers, jobs);
  view.file("workspace/policy.toml", policy);
  return view;
}

TEST(WindowPass, OutsideItsWindowARolloutWaitsAndSaysUntilWhen_R5_6) {
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(2, {{"api", "1"}, {"gone", "1"}, {"web", "1"}}));
  world.pass();
  world.runner.runs.clear();
  const CommitId commit = world.source.commit(
      with_policy({{"api", "2"}, {"web", "2"}},
                  window("deny", -60, 180, "name = \"freeze\"\njobs = [\"api\", \"gone\"]")));
  const PassResult result = world.pass();
  EXPECT_EQ(world.runner.runs, (Runs{"restart web@w1 1→2", "restart web@w2 1→2"}));
  EXPECT_EQ(world.state(), "held");
  EXPECT_TRUE(result.converged) << "nothing is tried again before the window opens";
  const std::string note = world.note(commit);
  EXPECT_NE(note.find("WindowClosed"), std::string::npos) << note;
  EXPECT_NE(note.find("`freeze` denies it until "), std::string::npos) << note;
  ASSERT_TRUE(world.reconciler.memory().window_opens);
  const auto left = *world.reconciler.memory().window_opens - std::chrono::system_clock::now();
  EXPECT_GT(left, std::chrono::minutes(118));
  EXPECT_LE(left, std::chrono::minutes(121));
  for (const JobReport& job : world.reconciler.memory().jobs) {
    if (job.job == JobName("api")) {
      EXPECT_EQ(std::string(to_string(job.state)), "waiting");
    }
  }

  ASSERT_EQ(world.desk.release_here("api", "ann").kind, Kind::kDone);
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), 4u);
  EXPECT_EQ(world.runner.runs.back(), "restart api@w2 1→2");
  ASSERT_EQ(world.desk.release_here("gone", "ann").kind, Kind::kDone)
      << "removals wait as well, and are released";
  world.pass();
  EXPECT_EQ(world.state(), "applied");
  EXPECT_FALSE(world.reconciler.memory().window_opens);
}

TEST(WindowPass, ACommitThatOpensTheWindowGoesOn_R5_6) {
  LoopWorld world;
  world.source.commit(with_policy({{"api", "1"}}, window("allow", 120, 60)));
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{});
  world.source.commit(with_policy({{"api", "1"}}, window("allow", -10, 120)));
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), 2u);
  EXPECT_EQ(world.state(), "applied");
}

TEST(WindowPass, AWindowThatClosesLetsWhatIsInFlightEnd_R5_6) {
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(3, {{"api", "1"}}));
  world.pass();
  world.runner.runs.clear();
  world.source.commit(LoopWorld::workspace(3, {{"api", "2"}}));
  // A newer commit brings the freeze while the second target runs; api itself is the same in it.
  CommitId newer;
  const Instant give_up = world.clock.now() + std::chrono::seconds(30);
  std::function<void()> answer_when_taken_over = [&] {
    if (world.reconciler.memory().judged->info.id != newer && world.clock.now() < give_up)
      return world.inbox.post(answer_when_taken_over);
    world.runner.hold(false);
    world.runner.release_held();
  };
  world.runner.on_run = [&](const Operation&) {
    if (newer.empty()) {
      newer = world.source.commit(with_policy({{"api", "2"}}, window("deny", -60, 180), 3));
      world.reconciler.poke("commit");
      world.runner.hold(true);
      answer_when_taken_over();
    }
    return Outcome{.kind = OutcomeKind::kSucceeded};
  };
  world.pass();
  world.pass();
  EXPECT_EQ(world.runner.runs, (Runs{"restart api@w1 1→2", "restart api@w2 1→2"}));
  EXPECT_EQ(world.state(), "held");
  ASSERT_EQ(world.desk.release_here("api", "ann").kind, Kind::kDone);
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), 3u);
  EXPECT_EQ(world.state(), "applied");
}

TEST(WindowPass, APolicyThatIsNotUnderstoodRefusesTheCommitAndTheOldWindowsStay_R5_6) {
  LoopWorld world;
  world.source.commit(with_policy({{"api", "1"}}, window("allow", -10, 120)));
  world.pass();
  const CommitId commit = world.source.commit(with_policy({{"api", "2"}}, "[[window]]\nkind = \"alow\"\n"));
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), 2u);
  EXPECT_EQ(world.state(), "refused");
  EXPECT_NE(world.note(commit).find("policy.toml"), std::string::npos) << world.note(commit);
}

}  // namespace
}  // namespace maand::testing
