// Ports that change hands while jobs run (workspace.md, list of differences): no
// target runs while another allocation of its worker has a port that it takes.
#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/rollout_script.h"

namespace maand {
namespace {

constexpr auto kStops = PortWait::How::kStops;
constexpr auto kKeeps = PortWait::How::kKeeps;

// Every action of every job, in the order in which it was handed out: `a stop w1, b restart w1`.
std::string story(const RolloutScript& script) {
  std::string out;
  for (const std::vector<Step>& steps : script.history) {
    for (const Step& step : steps) {
      if (step.kind != Step::Kind::kRun) continue;
      out += (out.empty() ? "" : ", ") + step.key.job.str() + " " + to_string(step.action.action) + " " +
             step.key.worker.str();
    }
  }
  return out;
}

// `a` and `b` swap on those workers; `a` is the one that is stopped.
void put_swap(RolloutScript& script, const std::string& workers, int checks = 0) {
  JobText a = job("a").upgrade(workers).takes(workers, 8081, "b").gives_up(workers);
  JobText b = job("b").upgrade(workers).takes(workers, 8080, "a", kStops);
  if (checks > 0) {
    a.checks(checks);
    b.checks(checks);
  }
  script.put(a);
  script.put(b);
}

TEST(RolloutPorts, ATakerRunsWhenTheHoldersOwnTargetIsConfirmed) {
  RolloutScript script;
  script.put(job("a").upgrade("w1 w2").takes("w1 w2", 8080, "b"));
  script.put(job("b").upgrade("w1 w2"));
  script.run();
  EXPECT_EQ(story(script), "b restart w1, b restart w2, a restart w1, a restart w2");
  EXPECT_EQ(script.end("a"), "done");
}

TEST(RolloutPorts, AMemberThatHasToWaitHoldsUpNobodyOfItsJob) {
  RolloutScript script;
  script.put(job("a").upgrade("w1 w2 w3").takes("w1", 8080, "b"));
  script.put(job("b").upgrade("w2 w1"));
  script.run();
  EXPECT_EQ(script.log("a"), "restart w2 | restart w3 | restart w1");
  EXPECT_EQ(script.end("a"), "done");
}

TEST(RolloutPorts, ALeavingHolderIsGoneBeforeTheTakerBegins) {
  RolloutScript script;
  script.put(job("new").start("w1").takes("w1", 8080, "old"));
  script.put(job("old").leave("w1").leaves());
  script.run();
  EXPECT_EQ(story(script), "old stop w1, old remove w1, new start w1");
}

TEST(RolloutPorts, ADisabledHolderIsStoppedFirst) {
  RolloutScript script;
  script.put(job("a").start("w1").takes("w1", 8080, "b"));
  script.put(job("b").disable("w1"));
  script.run();
  EXPECT_EQ(story(script), "b stop w1, a start w1");
}

TEST(RolloutPorts, OfTwoThatSwapOneIsStoppedAndComesUpAfterTheOther) {
  RolloutScript script;
  put_swap(script, "w1");
  script.run();
  EXPECT_EQ(story(script), "a stop w1, b restart w1, a start w1");
  EXPECT_EQ(script.end("a"), "done");
  EXPECT_EQ(script.end("b"), "done");
}

TEST(RolloutPorts, ASwapOnManyWorkersGoesOneByOneWithinAvailability_R2_5) {
  RolloutScript script;
  put_swap(script, "w1 w2 w3", 2);
  std::set<std::string> down;
  script.on_step = [&](const Step& step) {
    if (step.key.job.str() != "a" || step.kind != Step::Kind::kRun) return;
    if (step.action.action == Action::kStop) down.insert(step.key.worker.str());
    EXPECT_LE(down.size(), 1u) << "one of three may be out";
    if (step.action.action == Action::kStart) down.erase(step.key.worker.str());
  };
  script.run();
  EXPECT_EQ(script.log("a"), "stop w1 | start w1 | stop w2 | start w2 | stop w3 | start w3");
  EXPECT_EQ(script.log("b"), "restart w1 | restart w2 | restart w3");
  EXPECT_EQ(script.end("a"), "done");
}

TEST(RolloutPorts, NobodyIsStoppedForATakerThatCannotGo) {
  RolloutScript script;
  JobText a = job("a").upgrade("w1").takes("w1", 8081, "b").gives_up("w1");
  JobText b = job("b").upgrade("w1").unchanged("w2").takes("w1", 8080, "a", kStops).checks();
  b.plan.policy.max_unavailable = 1;
  script.unhealthy("b@w2");
  script.put(a);
  script.put(b);
  script.run();
  EXPECT_EQ(story(script), "");
  EXPECT_EQ(script.end("b"), "waiting: Unavailable");
  EXPECT_EQ(script.end("a"), "waiting: PortConflict");
  EXPECT_EQ(script.report("a").detail, "a@w1: port 8081 is still held by b@w1");
}

TEST(RolloutPorts, AHolderWithoutRoomIsNotStopped_R2_5) {
  RolloutScript script;
  script.put(job("a").upgrade("w1").unchanged("w2").takes("w1", 8081, "b").gives_up("w1").checks());
  script.put(job("b").upgrade("w1").takes("w1", 8080, "a", kStops));
  script.unhealthy("a@w2");
  script.run();
  EXPECT_EQ(story(script), "");
  EXPECT_EQ(script.end("b"), "waiting: PortConflict");
}

TEST(RolloutPorts, AnIllMemberThatWaitsForAPortMakesRoomForTheOthers_R2_5) {
  RolloutScript script;
  JobText a = job("a").upgrade("w1 w2").takes("w2", 8081, "b").gives_up("w2");
  a.active("w2").failed = true;
  a.plan.policy.max_unavailable = 1;
  script.put(a);
  script.put(job("b").upgrade("w2").takes("w2", 8080, "a", kStops));
  script.run();
  EXPECT_EQ(story(script), "a stop w2, b restart w2, a start w2, a restart w1");
}

TEST(RolloutPorts, AHolderOfALaterWaveIsStoppedForTheTakerAndComesUpInItsOwnWave) {
  RolloutScript script;
  script.put(job("db").upgrade("w1").takes("w1", 8080, "api", kStops));
  script.put(job("api").upgrade("w1").gives_up("w1").demands("db").wave(1));
  script.run();
  EXPECT_EQ(story(script), "api stop w1, db restart w1, api start w1");
  EXPECT_EQ(script.end("api"), "done");
}

TEST(RolloutPorts, ADrainOfALaterWaveIsOnlyDoneEarlier) {
  RolloutScript script;
  script.put(job("db").upgrade("w1").takes("w1", 8080, "api", kStops));
  script.put(job("api").leave("w1").unchanged("w2").demands("db").wave(1));
  script.run();
  EXPECT_EQ(story(script), "api stop w1, db restart w1, api remove w1");
}

TEST(RolloutPorts, AHolderThatNobodyAskedToStopRestarts) {
  RolloutScript script;
  script.put(job("db").upgrade("w1").takes("w1", 8080, "api", kStops));
  script.put(job("api").upgrade("w1").gives_up("w1").wave(1));
  script.outcomes("db@w1", {condition(WorkerCondition::kBusy)});
  script.outcomes("api@w1", {condition(WorkerCondition::kBusy), succeeded()});
  script.run();
  EXPECT_EQ(script.end("db"), "waiting: PortConflict");
  EXPECT_EQ(script.log("db"), "");
}

struct Blocked {
  const char* what;
  std::function<void(RolloutScript&)> put;
};

TEST(RolloutPorts, ATakerWhoseHolderDoesNotLetGoNeverRunsAndNamesIt) {
  const Blocked table[] = {
      {"it is left as it is",
       [](RolloutScript& s) { s.put(job("a").upgrade("w1").takes("w1", 8080, "b", kKeeps)); }},
      {"its target fails",
       [](RolloutScript& s) {
         s.put(job("a").upgrade("w1").takes("w1", 8080, "b"));
         s.put(job("b").upgrade("w1"));
         s.outcomes("b@w1", {failed()});
       }},
      {"its stop fails",
       [](RolloutScript& s) {
         s.put(job("a").start("w1").takes("w1", 8080, "b"));
         s.put(job("b").leave("w1").leaves());
         s.outcomes("b@w1", {failed()});
       }},
      {"its end is not known",
       [](RolloutScript& s) {
         s.put(job("a").upgrade("w1").takes("w1", 8080, "b"));
         s.put(job("b").upgrade("w1"));
         s.outcomes("b@w1", {unknown()});
       }},
      {"the stop for the port fails",
       [](RolloutScript& s) {
         s.put(job("a").upgrade("w1").takes("w1", 8080, "b", kStops));
         s.put(job("b").upgrade("w1").gives_up("w1").takes("w1", 8081, "a"));
         s.outcomes("b@w1", {failed()});
       }},
      {"its job waits for another",
       [](RolloutScript& s) {
         s.put(job("a").upgrade("w1").takes("w1", 8080, "b"));
         s.put(job("b").upgrade("w1").demands("c"));
         s.put(job("c").upgrade("w1"));
         s.outcomes("c@w1", {failed()});
       }},
      {"its job was stopped",
       [](RolloutScript& s) {
         s.put(job("a").upgrade("w1").takes("w1", 8080, "b"));
         s.put(job("b").upgrade("w1"));
         s.rollout.stop_job(JobName("b"), Reason::kSuperseded);
       }},
  };
  for (const Blocked& each : table) {
    RolloutScript script;
    each.put(script);
    script.run();
    EXPECT_EQ(script.log("a"), "") << each.what;
    EXPECT_EQ(script.end("a"), "waiting: PortConflict") << each.what;
    EXPECT_EQ(script.report("a").detail, "a@w1: port 8080 is still held by b@w1") << each.what;
  }
}

TEST(RolloutPorts, WhoWaitsForSomebodyWhoWaitsIsToldOfItAndTheRolloutEnds) {
  RolloutScript script;  // a plan that is wrong: nobody of the circle is to be stopped
  script.put(job("a").upgrade("w1").takes("w1", 8081, "b"));
  script.put(job("b").upgrade("w1").takes("w1", 8080, "a"));
  script.run();
  EXPECT_EQ(story(script), "");
  EXPECT_EQ(script.end("a"), "waiting: PortConflict");
  EXPECT_EQ(script.end("b"), "waiting: PortConflict");
}

TEST(RolloutPorts, StartsThatWaitComeAfterTheUpgradesThatOthersWaitFor) {
  RolloutScript script;  // each starts where the other upgrades
  script.put(job("a").start("w1").upgrade("w2").takes("w1", 8081, "b"));
  script.put(job("b").start("w2").upgrade("w1").takes("w2", 8080, "a"));
  script.run();
  EXPECT_EQ(script.log("a"), "restart w2 | start w1");
  EXPECT_EQ(script.log("b"), "restart w1 | start w2");
  EXPECT_EQ(script.end("a"), "done");
}

TEST(RolloutPorts, TwoJobsThatChangePlacesBothStopBeforeTheyStart_R2_3) {
  for (const bool first : {false, true}) {
    RolloutScript script;
    JobText a = job("a").leave("w1").start("w2").takes("w2", 8080, "b");
    JobText b = job("b").leave("w2").start("w1").takes("w1", 8081, "a");
    for (JobText* each : {&a, &b}) {
      if (first) each->plan.policy.move = RolloutPolicy::Move::kStartFirst;
      script.put(*each);
    }
    script.run();
    EXPECT_EQ(script.end("a"), "done") << first;
    EXPECT_EQ(script.end("b"), "done") << first;
    EXPECT_LT(story(script).find("a stop w1"), story(script).find("b start w1")) << story(script);
    EXPECT_LT(story(script).find("b stop w2"), story(script).find("a start w2")) << story(script);
  }
}

TEST(RolloutPorts, AMoveStopsNothingBeforeItsNewWorkerIsFree_R2_3) {
  RolloutScript script;
  script.put(job("a").leave("w1").start("w2").takes("w2", 8080, "b"));
  script.put(job("b").upgrade("w2"));
  script.run();
  EXPECT_EQ(story(script), "b restart w2, a stage w2, a stop w1, a remove w1, a start w2");
  RolloutScript other;
  JobText a = job("a").leave("w1").start("w2").takes("w2", 8080, "b");
  a.plan.policy.move = RolloutPolicy::Move::kStartFirst;
  other.put(a);
  other.put(job("b").upgrade("w2"));
  other.run();
  EXPECT_EQ(story(other), "b restart w2, a start w2, a stop w1, a remove w1");
}

TEST(RolloutPorts, AJobThatIsStoppedWhileItWaitsEnds_R1_8) {
  RolloutScript script;
  script.put(job("a").upgrade("w1").takes("w1", 8080, "b"));
  script.put(job("b").upgrade("w1"));
  script.fetch();
  script.rollout.stop_job(JobName("a"), Reason::kSuperseded);
  EXPECT_TRUE(script.rollout.quiet(JobName("a")));
  script.run();
  EXPECT_EQ(script.end("a"), "stopped: Superseded");
  EXPECT_EQ(script.end("b"), "done");
}

TEST(RolloutPorts, WhatABlockedTakerRunsStaysInService) {
  RolloutScript script;
  script.put(job("a").upgrade("w1 w2 w3").takes("w1", 8080, "b", kKeeps));
  script.run();
  EXPECT_EQ(script.log("a"), "restart w2 | restart w3");
  EXPECT_EQ(script.end_of("a@w1"), "set aside");
}

}  // namespace
}  // namespace maand
