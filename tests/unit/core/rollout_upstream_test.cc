// Upstreams and stopping: R2.8, R1.8, R5.5.
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/support/rollout_script.h"

namespace maand {
namespace {

// db (wave 0) and api (wave 1), which demands it.
struct Pair {
  JobText db = job("db").upgrade("w1");
  JobText api = job("api").upgrade("w2");
  RolloutScript script;
  explicit Pair(const std::string& min = "", const std::string& max = "") {
    api.demands("db", min, max);
    api.plan.wave = 1;
  }
  void run() {
    script.put(api);
    script.put(db);
    script.run();
  }
};

TEST(RolloutUpstream, R2_8_AJobBeginsWhenItsUpstreamIsDone) {
  Pair pair;
  std::string order;
  pair.script.on_step = [&](const Step& step) {
    if (step.kind == Step::Kind::kRun) order += step.key.str() + " ";
  };
  pair.run();
  EXPECT_EQ(order, "db@w1 api@w2 ");
}

TEST(RolloutUpstream, R2_8_AFailedUpstreamBlocksAndTheDetailNamesTheChain) {
  Pair pair;
  JobText web = job("web").upgrade("w3").demands("api");
  web.plan.wave = 2;
  pair.script.put(web);
  pair.script.outcomes("db@w1", {failed()});
  pair.run();
  EXPECT_EQ(pair.script.end("api"), "waiting: Blocked");
  EXPECT_EQ(pair.script.end("web"), "waiting: Blocked");
  EXPECT_EQ(pair.script.report("web").detail,
            "needs api, which waits (Blocked: needs db, which failed (TargetFailed: db@w1: restart failed))");
}

TEST(RolloutUpstream, R2_8_AnUpstreamThatWaitsBlocks) {
  Pair pair;
  pair.db = job("db").upgrade("w1 w3 w4");
  pair.script.unreachable("w3");
  pair.run();
  EXPECT_EQ(pair.script.end("db"), "waiting: Unavailable");
  EXPECT_EQ(pair.script.end("api"), "waiting: Blocked");
}

struct Versions {
  const char* name;
  const char* min;
  const char* max;
  bool reachable;
  const char* end;
};

TEST(RolloutUpstream, R2_8_TheVersionsThatRunHaveToMeetTheBounds) {
  // db runs 1.0.0 on w1 (unchanged) and 2.0.0 on w3 after its rollout.
  const Versions table[] = {
      {"no bounds", "", "", true, "done"},
      {"inclusive bounds", "1.0.0", "2.0.0", true, "done"},
      {"too old on w1", "1.5.0", "", true, "waiting: Blocked"},
      {"too new on w3", "", "1.5.0", true, "waiting: Blocked"},
      {"too old on w1, which is out of reach", "1.5.0", "", false, "done"},
  };
  for (const Versions& row : table) {
    Pair pair(row.min, row.max);
    pair.db = job("db").unchanged("w1").upgrade("w3");
    pair.db.plan.policy.max_unavailable = 2;
    if (!row.reachable) pair.script.unreachable("w1");
    pair.run();
    EXPECT_EQ(pair.script.end("api"), row.end) << row.name;
  }
}

TEST(RolloutUpstream, R2_8_TheDetailNamesTheBoundAndWhoMissesIt) {
  Pair pair("3", "4.1");
  pair.run();
  EXPECT_EQ(pair.script.report("api").detail, "needs db >= 3 and <= 4.1, but db@w1 runs 2.0.0");
}

TEST(RolloutUpstream, R2_8_AHeldUpstreamAtItsLastGoodContentDoesNotBlock) {
  Pair pair;
  pair.db = job("db").unchanged("w1");
  pair.db.plan.held = true;
  pair.db.plan.held_reason = Reason::kTargetFailed;
  pair.run();
  EXPECT_EQ(pair.script.end("api"), "done");
}

TEST(RolloutUpstream, R2_8_AnUnknownUpstreamDoesNotBlock) {
  RolloutScript script;
  script.put(job("api").upgrade("w1").demands("somebody"));
  script.run();
  EXPECT_EQ(script.end("api"), "done");
}

TEST(RolloutUpstream, R2_8_ReleaseOverrides) {
  Pair pair("9");
  pair.api.plan.released = true;
  pair.script.outcomes("db@w1", {failed()});
  pair.run();
  EXPECT_EQ(pair.script.end("api"), "done");
}

TEST(RolloutUpstream, JobsThatDemandOneAnotherEndBlockedInsteadOfSleepingForEver) {
  RolloutScript script;
  script.put(job("a").upgrade("w1").demands("b"));
  script.put(job("b").upgrade("w2").demands("a"));
  script.run();
  EXPECT_EQ(script.end("a"), "waiting: Blocked");
  EXPECT_EQ(script.end("b"), "waiting: Blocked");
}

TEST(RolloutStop, R1_8_WhatIsInFlightAndItsGateFinishAndNothingElseBegins) {
  RolloutScript script;
  script.put(job("api").upgrade("w1 w2").checks());
  script.on_step = [&](const Step& step) {
    if (step.kind != Step::Kind::kRun) return;
    script.rollout.stop_job(JobName("api"), Reason::kSuperseded);
    script.tick(std::chrono::seconds(60));  // what is known of w2 is old by now
  };
  script.run();
  EXPECT_EQ(script.log("api"), "restart w1");
  EXPECT_EQ(script.end("api"), "stopped: Superseded");
  EXPECT_EQ(script.report("api").allocations[0].health, Health::kHealthy) << "its gate finished";
  EXPECT_EQ(script.probes("api@w2"), 1) << "nobody looks at a batch that will not begin";
}

TEST(RolloutStop, R1_8_AJobStoppedInItsLastBatchIsDone) {
  RolloutScript script;
  script.put(job("api").upgrade("w1 w2"));
  script.on_step = [&](const Step& step) {
    if (step.key.str() == "api@w2" && step.kind == Step::Kind::kRun) {
      script.rollout.stop_job(JobName("api"), Reason::kSuperseded);
    }
  };
  script.run();
  EXPECT_EQ(script.end("api"), "done");
}

TEST(RolloutStop, R1_8_ARemovalAfterItsStopIsAnOperationOfItsOwn) {
  RolloutScript script;
  JobText old = job("old").leave("w1");
  old.plan.leaving = true;
  script.put(old);
  script.fetch();
  script.rollout.stop_job(JobName("old"), Reason::kSuperseded);
  EXPECT_FALSE(script.rollout.quiet(JobName("old")));
  script.run();
  EXPECT_EQ(script.log("old"), "stop w1");
  EXPECT_EQ(script.end("old"), "stopped: Superseded");
}

TEST(RolloutStop, R1_8_NoRetryAndNoSecondTryAfterAnInterruption) {
  for (const Outcome& outcome : {failed(), interrupted("boot 1")}) {
    RolloutScript script;
    JobText api = job("api").upgrade("w1 w2");
    api.plan.policy.attempts = 3;
    script.put(api);
    script.outcomes("api@w1", {outcome});
    script.on_step = [&](const Step& step) {
      if (step.kind == Step::Kind::kRun) script.rollout.stop_job(JobName("api"), Reason::kStopping);
    };
    script.run();
    EXPECT_EQ(script.log("api"), "restart w1");
    EXPECT_EQ(script.end("api"), "stopped: Stopping");
  }
}

TEST(RolloutStop, R1_8_AJobPutAgainStartsAfreshWhileOthersGoOn) {
  RolloutScript script;
  script.put(job("api").upgrade("w1 w2"));
  script.put(job("web").upgrade("w3 w4"));
  script.fetch();  // contacts
  script.answer_all();
  script.fetch();  // api@w1, web@w3
  EXPECT_THROW(script.put(job("api")), std::logic_error) << "it is not quiet";
  script.rollout.stop_job(JobName("api"), Reason::kSuperseded);
  script.answer_all();
  ASSERT_TRUE(script.rollout.quiet(JobName("api")));
  script.put(job("api").upgrade("w1 w2", Action::kReload));
  script.run();
  EXPECT_EQ(script.log("api"), "restart w1 | reload w1 | reload w2");
  EXPECT_EQ(script.log("web"), "restart w3 | restart w4");
  EXPECT_EQ(script.end("api"), "done");
}

TEST(RolloutStop, R5_5_StopAllLetsNoLaterWaveBegin) {
  RolloutScript script;
  JobText late = job("late").upgrade("w2");
  late.plan.wave = 1;
  script.put(job("early").upgrade("w1"));
  script.put(late);
  script.fetch();
  script.rollout.stop_all(Reason::kStopping);
  script.run();
  EXPECT_EQ(script.log("early"), "");
  EXPECT_EQ(script.log("late"), "");
  EXPECT_EQ(script.end("late"), "stopped: Stopping");
}

TEST(RolloutStop, ADroppedJobIsNoLongerReportedOrDemanded) {
  Pair pair;
  pair.script.outcomes("db@w1", {failed()});
  pair.script.put(pair.db);
  pair.script.run();
  pair.script.rollout.drop(JobName("db"));
  pair.script.put(pair.api);
  pair.script.run();
  EXPECT_EQ(pair.script.rollout.reports().size(), 1u);
  EXPECT_EQ(pair.script.end("api"), "done");
}

}  // namespace
}  // namespace maand
