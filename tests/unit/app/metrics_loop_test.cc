// What passes of the real loop leave in /metrics.
#include <gtest/gtest.h>

#include <string>

#include "tests/support/exposition.h"
#include "tests/support/loop_world.h"

namespace maand {
namespace {

using testing::Exposition;
using testing::LoopWorld;

class MetricsOfTheLoop : public ::testing::Test {
 protected:
  MetricsOfTheLoop() {
    world_.observer.hook = [this](const Event& event) { world_.metrics.on(event); };
  }
  Exposition now() { return Exposition(world_.board.metrics_text()); }

  LoopWorld world_;
};

TEST_F(MetricsOfTheLoop, EveryStepOfAPassIsMeasured) {
  world_.source.commit(LoopWorld::workspace(2, {{"api", "1.0.0"}, {"web", "1.0.0"}}));
  world_.pass();
  Exposition text = now();
  EXPECT_TRUE(text.problems().empty());
  for (const char* phase : {"look", "fetch", "judge", "settle", "plan", "roll_out", "report", "publish"}) {
    EXPECT_EQ(text.value("maand_phase_duration_seconds_count{phase=\"" + std::string(phase) + "\"}"), 1)
        << phase;
  }
  EXPECT_EQ(text.value("maand_pass_duration_seconds_count{acted=\"yes\"}"), 1);
  EXPECT_EQ(text.value("maand_passes_total{end=\"converged\"}"), 1);
  EXPECT_EQ(text.value("maand_phase{phase=\"idle\"}"), 1);
  EXPECT_EQ(text.value("maand_state{state=\"applied\"}"), 1);
  EXPECT_EQ(text.value("maand_source_state{state=\"Ready\"}"), 1);
  EXPECT_EQ(text.value("maand_head_applied"), 1);
  EXPECT_EQ(text.value("maand_workers"), 2);
  EXPECT_EQ(text.value("maand_jobs"), 2);
  EXPECT_EQ(text.value("maand_allocations{state=\"running\"}"), 4);
  EXPECT_EQ(text.value("maand_operations_total{action=\"start\",outcome=\"succeeded\"}"), 4);
  EXPECT_EQ(text.value("maand_rollout_jobs{state=\"done\"}"), 2);
  EXPECT_EQ(text.value("maand_rollout_allocations{state=\"done\"}"), 4);
  EXPECT_EQ(text.value("maand_applied_committed_timestamp_seconds"),
            text.value("maand_head_committed_timestamp_seconds"));

  world_.pass();
  text = now();
  EXPECT_EQ(text.value("maand_phase_duration_seconds_count{phase=\"look\"}"), 2);
  EXPECT_EQ(text.value("maand_phase_duration_seconds_count{phase=\"judge\"}"), 1)
      << "the branch did not move";
  EXPECT_EQ(text.value("maand_pass_duration_seconds_count{acted=\"no\"}"), 1);
}

TEST_F(MetricsOfTheLoop, APushIsMeasuredForTheJobsItRollsOut) {
  world_.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}, {"web", "1.0.0"}}));
  world_.pass();
  const std::string api = "maand_delivery_duration_seconds_count{maand_job=\"api\",stage=";
  const std::string web = "maand_delivery_duration_seconds_count{maand_job=\"web\",stage=";
  EXPECT_EQ(now().value(api + "\"applied\"}"), 0) << "found at the start, not pushed while we ran";
  world_.source.commit(LoopWorld::workspace(1, {{"api", "1.1.0"}, {"web", "1.0.0"}}));
  world_.pass();
  for (const char* stage : {"\"seen\"}", "\"verified\"}", "\"applied\"}"})
    EXPECT_EQ(now().value(api + stage), 1) << stage;
  EXPECT_EQ(now().value(api + "\"healthy\"}"), 0) << "it has no checks";
  EXPECT_EQ(now().value(web + "\"applied\"}"), 0);
  EXPECT_EQ(now().value("maand_heads_seen_total"), 2);
}

TEST_F(MetricsOfTheLoop, ANoteThatCannotBePushedIsInTheOutbox) {
  world_.notes.fail(SourceProblem::kAuthFailed, "may not push");
  world_.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}));
  world_.pass();
  EXPECT_EQ(now().value("maand_notes_outbox_size"), 1);
  EXPECT_EQ(now().value("maand_passes_total{end=\"unfinished\"}"), 1);
  world_.pass();
  EXPECT_EQ(now().value("maand_notes_outbox_size"), 0);
}

TEST_F(MetricsOfTheLoop, ARemoteThatIsAwayEndsThePassAsSuch) {
  world_.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}));
  world_.pass();
  world_.source.fail_remote(SourceProblem::kTimedOut, "no answer");
  world_.pass();
  EXPECT_EQ(now().value("maand_passes_total{end=\"source_failed\"}"), 1);
  EXPECT_EQ(now().value("maand_source_state{state=\"TimedOut\"}"), 1);
  EXPECT_EQ(now().value("maand_source_state{state=\"Ready\"}"), 0);
  EXPECT_EQ(now().value("maand_head_applied"), 1);
}

TEST_F(MetricsOfTheLoop, AStoreThatCannotBeWrittenIsTold) {
  world_.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}));
  world_.store.fail_all(FakeStore::Fail::kBeforeWrite);
  world_.pass();
  EXPECT_EQ(now().value("maand_store_writable"), 0);
  EXPECT_EQ(now().value("maand_ready"), 0);
  EXPECT_EQ(now().value("maand_alive"), 1);
}

}  // namespace
}  // namespace maand
