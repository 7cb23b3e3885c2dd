// Previews beside the loop: what is asked of git and of the judge, what is told, and
// that nothing of it touches what the loop has.
#include "reconciler/app/previews.h"

#include <gtest/gtest.h>

#include "reconciler/app/lane_thread.h"
#include "reconciler/core/preview/preview_text.h"
#include "tests/support/loop_world.h"

namespace maand::testing {
namespace {

using namespace std::chrono_literals;

// Moves by hand; timers of the inbox are of the real one, so that none is waited for.
class HandClock : public Clock {
 public:
  Instant now() const override { return now_; }
  WallTime wall() const override { return {}; }
  Instant now_ = std::chrono::steady_clock::now();
};

class FakeRefs : public PreviewRefs {
 public:
  CommitId bring(const std::string& ref, const CommitId& commit, const CommitId& head) override {
    calls.push_back("bring " + ref + " " + head.str());
    if (const auto it = gone.find(ref); it != gone.end())
      throw SourceError(SourceProblem::kNotFound, "the remote has no " + ref + " any more");
    return commit;
  }
  void keep_only(const std::vector<std::string>& refs) override {
    calls.push_back("keep " + std::to_string(refs.size()));
  }
  std::vector<std::string> calls;
  std::set<std::string> gone;
};

class FakeJudge : public PreviewJudge {
 public:
  PreviewVerdict judge(const PreviewTask& task) override {
    tasks.push_back(task);
    PreviewPlan plan;
    plan.result = result;
    plan.unchanged = tasks.size();  // no two say the same
    return tell_preview({BucketId("bucket"), "test", task.ref, task.commit, task.head}, plan);
  }
  PreviewResult result = PreviewResult::kChanges;
  std::vector<PreviewTask> tasks;
};

class FakeReports : public PreviewReports {
 public:
  void previewed(const PreviewReport& report) override { all.push_back(report); }
  std::vector<PreviewReport> all;
};

class PreviewLoop : public ::testing::Test {
 protected:
  PreviewLoop() {
    auto judged = std::make_shared<Judged>();
    judged->info.id = CommitId(std::string(40, 'b'));
    memory_.judged = memory_.accepted = judged;
  }
  static CommitId commit(char letter) { return CommitId(std::string(40, letter)); }
  void passed() { previews_->passed(memory_, state_, nullptr); }
  // Until nothing is under way and nothing is due.
  void settle(int rounds = 40) {
    for (int i = 0; i < rounds; ++i) {
      inbox_.serve(std::chrono::steady_clock::now() + 5ms);
      clock_.now_ += 3s;
      passed();
    }
  }
  std::string note(const CommitId& commit) { return notes_.read(commit).value_or(""); }

  HandClock clock_;
  Inbox inbox_;
  FakeNotes notes_{"bucket", "test"};
  FakeRefs refs_;
  FakeJudge judge_;
  FakeReports reports_;
  RecordingObserver observer_;
  LaneThread git_{inbox_};
  LaneThread lane_{inbox_};
  Memory memory_;
  AppliedState state_;
  std::unique_ptr<Previews> previews_ = make(NotesMode::kAll);

  std::unique_ptr<Previews> make(NotesMode mode) {
    return std::make_unique<Previews>(
        Previews::Deps{inbox_, lane_, git_, notes_, refs_, judge_, clock_, observer_, &reports_},
        PreviewSettings{BucketId("bucket"), mode, {}});
  }
};

TEST_F(PreviewLoop, ARefIsJudgedAgainstTheHeadAndToldOnItsCommit) {
  previews_->listed({{"refs/pull/7/head", commit('a')}});
  passed();
  settle();
  ASSERT_EQ(judge_.tasks.size(), 1u);
  EXPECT_EQ(judge_.tasks[0].head, commit('b'));
  EXPECT_EQ(judge_.tasks[0].standing, commit('b'));
  EXPECT_EQ(note(commit('a')).rfind("maand test: preview · ", 0), 0u) << note(commit('a'));
  ASSERT_EQ(reports_.all.size(), 1u);
  EXPECT_EQ(reports_.all[0].ref, "refs/pull/7/head");
  EXPECT_EQ(reports_.all[0].result, PreviewResult::kChanges);
  const auto json = previews_->take_json();
  ASSERT_TRUE(json);
  EXPECT_NE(json->find("\"result\":\"changes\""), std::string::npos) << *json;
  EXPECT_FALSE(previews_->take_json()) << "as it was";
  EXPECT_NE(previews_->prometheus().find("maand_previews_judged_total{result=\"changes\"} 1\n"),
            std::string::npos);
}

TEST_F(PreviewLoop, ItIsJudgedAnewWhenTheWorldMovedAndNotBefore) {
  previews_->listed({{"refs/pull/7/head", commit('a')}});
  settle();
  EXPECT_EQ(judge_.tasks.size(), 1u);
  state_.last_seq = 5;  // a dead worker was tried again
  settle();
  EXPECT_EQ(judge_.tasks.size(), 1u);
  state_.allocations[{JobName("api"), WorkerHost("w1")}].version = "1.0.0";
  settle();
  EXPECT_EQ(judge_.tasks.size(), 2u);
  auto judged = std::make_shared<Judged>();
  judged->info.id = commit('c');
  memory_.judged = judged;  // refused: what is converged to stays
  settle();
  ASSERT_EQ(judge_.tasks.size(), 3u);
  EXPECT_EQ(judge_.tasks[2].head, commit('c'));
  EXPECT_EQ(judge_.tasks[2].standing, commit('b'));
}

TEST_F(PreviewLoop, WhatAPassLeftUndoneIsUnsettled) {
  PlannedAction done;
  done.key = {JobName("api"), WorkerHost("w1")};
  PlannedAction left = done;
  left.key.worker = WorkerHost("w2");
  JobPlan plan;
  plan.job = JobName("api");
  plan.upgrades = {done, left};
  memory_.plan.jobs.emplace(plan.job, plan);
  JobReport report;
  report.job = plan.job;
  report.allocations.resize(2);
  report.allocations[0].action = done;
  report.allocations[0].state = AllocationReport::State::kDone;
  report.allocations[1].action = left;
  report.allocations[1].state = AllocationReport::State::kSetAside;
  memory_.jobs = {report};
  previews_->listed({{"refs/pull/7/head", commit('a')}});
  settle();
  ASSERT_EQ(judge_.tasks.size(), 1u);
  EXPECT_EQ(judge_.tasks[0].unsettled, std::vector<AllocationKey>{left.key});
}

TEST_F(PreviewLoop, TheNoteOfAPassStays) {
  notes_.publish({{commit('a'), "maand test: applied · 1 started", R"({"name":"test","state":"applied"})"}});
  previews_->listed({{"refs/pull/7/head", commit('a')}, {"refs/pull/8/head", commit('d')}});
  settle();
  EXPECT_EQ(note(commit('a')).rfind("maand test: applied", 0), 0u);
  EXPECT_EQ(note(commit('d')).rfind("maand test: preview", 0), 0u);
}

TEST_F(PreviewLoop, NotesThatCannotBePushedWaitAndAreToldOnce) {
  notes_.fail(SourceProblem::kUnreachable, "nobody answers", 2);
  previews_->listed({{"refs/pull/7/head", commit('a')}});
  settle(80);
  EXPECT_EQ(note(commit('a')).rfind("maand test: preview", 0), 0u);
  int told = 0;
  for (const Event& event : observer_.events) {
    EXPECT_EQ(event.kind, EventKind::kNotice) << "nothing of a preview is a condition of the daemon";
    told += event.text == "notes of previews wait: nobody answers" ? 1 : 0;
  }
  EXPECT_EQ(told, 1);
}

TEST_F(PreviewLoop, ARefThatCannotBeBroughtIsTriedLaterAndHasNoNote) {
  refs_.gone = {"refs/pull/7/head"};
  previews_->listed({{"refs/pull/7/head", commit('a')}});
  settle(10);
  EXPECT_EQ(refs_.calls.size(), 1u);
  EXPECT_TRUE(judge_.tasks.empty());
  EXPECT_EQ(note(commit('a')), "");
  refs_.gone.clear();
  settle(30);
  EXPECT_EQ(judge_.tasks.size(), 1u);
}

TEST_F(PreviewLoop, WhatHasVanishedIsDroppedWithTheNext) {
  previews_->listed({{"refs/pull/7/head", commit('a')}, {"refs/pull/8/head", commit('d')}});
  settle();
  previews_->listed({{"refs/pull/8/head", commit('e')}});
  settle();
  EXPECT_NE(std::find(refs_.calls.begin(), refs_.calls.end(), "keep 1"), refs_.calls.end());
}

TEST_F(PreviewLoop, NotesAreWrittenAsConfigured) {
  previews_ = make(NotesMode::kOff);
  previews_->listed({{"refs/pull/7/head", commit('a')}});
  settle();
  EXPECT_EQ(note(commit('a')), "");
  EXPECT_EQ(reports_.all.size(), 1u) << "the git host is told all the same";
  previews_ = make(NotesMode::kChanges);
  judge_.result = PreviewResult::kNothing;
  previews_->listed({{"refs/pull/7/head", commit('a')}});
  settle();
  EXPECT_EQ(note(commit('a')), "");
}

}  // namespace
}  // namespace maand::testing
