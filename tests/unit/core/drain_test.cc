// Workers that operators drain: what that costs, what is planned, and how it is kept.
#include "reconciler/core/drain.h"

#include <gtest/gtest.h>

#include "reconciler/core/allocation_decision.h"
#include "reconciler/core/drain_cost.h"
#include "reconciler/core/drain_names.h"
#include "reconciler/core/order_plan.h"
#include "reconciler/core/rollout.h"
#include "tests/unit/core/plan_world.h"

namespace maand {
namespace {

const Drain kAnn{"ann", "new disks", WallTime(std::chrono::seconds(1))};

// api (wave 0) and web (wave 1, it demands api) run on w1, w2 and w3.
class DrainWorld : public PlanWorld {
 public:
  DrainWorld() {
    for (const char* host : {"w1", "w2", "w3"}) worker(host);
    for (const char* name : {"api", "web"}) {
      job(name);
      for (const char* host : {"w1", "w2", "w3"}) running(name, host);
    }
    job_of("web").demands = {{JobName("api"), "", ""}};
  }
  DesiredState desired() const {
    return make_desired({.commit = CommitId("head"),
                         .workspace = workspace,
                         .applied = applied,
                         .kept = kept,
                         .sources = no_sources(),
                         .drained = drained});
  }
  Plan plan() const { return make_plan(desired(), applied, settings); }
  std::string cost(const char* host) const {
    return broken_by_drain(WorkerHost(host), workspace, applied, drained, away);
  }

  Drains drained;
  std::set<WorkerHost> away;
};

TEST(Drain, WhatIsOnTheWorkerIsStoppedAndNothingElse) {
  DrainWorld world;
  EXPECT_EQ(told(world.plan()), "");
  world.drained[WorkerHost("w2")] = kAnn;
  const Plan plan = world.plan();
  EXPECT_EQ(told(plan), "stop api@w2 Drained; stop web@w2 Drained; ");
  EXPECT_EQ(plan.jobs.at(JobName("api")).active.size(), 2u);
  EXPECT_EQ(plan.jobs.at(JobName("api")).drains[0].detail,
            "by ann: new disks; `maand worker undrain w2` ends it");

  for (const char* name : {"api", "web"}) {
    AppliedAllocation& allocation = world.applied.allocations[{JobName(name), WorkerHost("w2")}];
    allocation.running = false;
    allocation.last_target = Target::kStop;
  }
  EXPECT_EQ(told(world.plan()), "") << "and stays so";
  EXPECT_EQ(decide_one(world.desired(), world.applied, {JobName("api"), WorkerHost("w2")}).reason,
            Reason::kDrained);
  world.drained.clear();
  EXPECT_EQ(told(world.plan()), "start api@w2 ReEnabled; start web@w2 ReEnabled; ");
}

TEST(Drain, WhatDemandsOthersStopsBeforeThem) {
  DrainWorld world;
  world.drained[WorkerHost("w2")] = kAnn;
  Rollout rollout{RolloutLimits{}};
  const Instant now{};
  for (const auto& [name, job] : world.plan().jobs) rollout.put(job, now);
  std::string order;
  for (auto steps = rollout.next(now); !steps.empty(); steps = rollout.next(now)) {
    for (const Step& step : steps) {
      ASSERT_EQ(step.kind, Step::Kind::kRun);
      order += step.key.str() + " ";
      rollout.on_outcome(step.key, Outcome{.kind = OutcomeKind::kSucceeded}, now);
    }
  }
  EXPECT_EQ(order, "web@w2 api@w2 ");
  EXPECT_TRUE(rollout.finished());
}

TEST(Drain, IsNotHeldByTheRemovalBudget_R5_1) {
  DrainWorld world;
  world.settings.max_removals = 0;
  world.drained[WorkerHost("w2")] = kAnn;
  EXPECT_EQ(told(world.plan()), "stop api@w2 Drained; stop web@w2 Drained; ");
}

TEST(Drain, NothingIsStartedThereByHand) {
  DrainWorld world;
  world.drained[WorkerHost("w2")] = kAnn;
  const JobOrder order{JobVerb::kRestart, JobName("api"), {WorkerHost("w2")}, false, {"bob", "r"}};
  const OrderPlan plan = plan_order(order, world.desired(), world.applied, world.settings);
  ASSERT_EQ(plan.left.size(), 1u);
  EXPECT_EQ(plan.left[0].why, "its worker is drained by ann: new disks; `maand worker undrain w2` ends it");
}

TEST(Drain, CostsNoMoreThanAvailabilityAllows_R2_5) {
  struct Row {
    const char* name;
    std::function<void(DrainWorld&)> given;
    const char* cost;
  };
  const auto on = [](DrainWorld& world, const char* host) -> AppliedAllocation& {
    return world.applied.allocations[{JobName("api"), WorkerHost(host)}];
  };
  const std::vector<Row> rows = {
      {"all are well", [](DrainWorld&) {}, ""},
      {"another one is ill", [&](DrainWorld& w) { on(w, "w2").health = Health::kUnhealthy; },
       "api: 2 of 3 would be out, at most 1 may be"},
      {"another worker is drained", [](DrainWorld& w) { w.drained[WorkerHost("w3")] = kAnn; },
       "api: 2 of 3 would be out, at most 1 may be; web: 2 of 3 would be out, at most 1 may be"},
      {"another worker is out of reach", [](DrainWorld& w) { w.away = {WorkerHost("w3")}; },
       "api: 2 of 3 would be out, at most 1 may be; web: 2 of 3 would be out, at most 1 may be"},
      {"it is out of reach itself",
       [](DrainWorld& w) {
         w.away = {WorkerHost("w1"), WorkerHost("w3")};
       },
       ""},
      {"more may be out",
       [&](DrainWorld& w) {
         on(w, "w2").health = Health::kUnhealthy;
         w.job_of("api").rollout.max_unavailable = 2;
       },
       ""},
      {"what is ill is on that worker", [&](DrainWorld& w) { on(w, "w1").health = Health::kUnhealthy; }, ""},
      {"somebody stopped another one",
       [&](DrainWorld& w) {
         on(w, "w2").stopped_by = StoppedBy{"bob", "r"};
         on(w, "w2").running = false;
       },
       ""},
      {"none may be out", [](DrainWorld& w) { w.job_of("web").rollout.max_unavailable = 0; },
       "web: 1 of 3 would be out, at most 0 may be"},
  };
  for (const Row& row : rows) {
    DrainWorld world;
    row.given(world);
    EXPECT_EQ(world.cost("w1"), row.cost) << row.name;
  }
}

// R3.6: the machine is the same one.
TEST(Drain, GoesWithAWorkerThatGetsAnotherName) {
  DrainWorld world;
  world.drained[WorkerHost("w2")] = kAnn;
  ASSERT_EQ(told(world.plan()), "stop api@w2 Drained; stop web@w2 Drained; ");
  for (Worker& worker : world.workspace.workers) {
    if (worker.host != WorkerHost("w2")) continue;
    worker.host = WorkerHost("n2");
    worker.was = WorkerHost("w2");
  }
  EXPECT_EQ(world.desired().drained, (Drains{{WorkerHost("n2"), kAnn}}));
  for (const char* name : {"api", "web"}) {
    auto record = world.applied.allocations.extract({JobName(name), WorkerHost("w2")});
    record.key() = record.mapped().key = {JobName(name), WorkerHost("n2")};
    world.applied.allocations.insert(std::move(record));
  }
  EXPECT_EQ(told(world.plan()), "stop api@n2 Drained; stop web@n2 Drained; ");

  const Drain bob{"bob", "r", WallTime(std::chrono::seconds(2))};
  const auto names = [](const char* host, const char* was) {
    Worker worker;
    worker.host = WorkerHost(host);
    worker.was = WorkerHost(was);
    return worker;
  };
  const struct {
    const char* name;
    Drains drains;
    std::vector<Worker> workers;
    Drains expected;
  } rows[] = {
      {"nobody was it", {{WorkerHost("a"), kAnn}}, {names("b", "")}, {{WorkerHost("a"), kAnn}}},
      {"it is listed itself",
       {{WorkerHost("a"), kAnn}},
       {names("a", ""), names("b", "a")},
       {{WorkerHost("a"), kAnn}}},
      {"the newer word stays",
       {{WorkerHost("a"), kAnn}, {WorkerHost("b"), bob}},
       {names("b", "a")},
       {{WorkerHost("b"), bob}}},
      {"`was` has stayed", {{WorkerHost("b"), bob}}, {names("b", "a")}, {{WorkerHost("b"), bob}}},
  };
  for (const auto& row : rows) EXPECT_EQ(with_new_names(row.drains, row.workers), row.expected) << row.name;
}

TEST(Drain, IsKeptAndEndsByItself) {
  Drains drains = {
      {WorkerHost("w1"), kAnn},
      {WorkerHost("w2"), {"bob", "r", WallTime(std::chrono::seconds(1)), WallTime(std::chrono::seconds(9))}}};
  EXPECT_EQ(drains_from(to_json(drains)), drains);
  EXPECT_FALSE(drains_from("rubbish"));
  EXPECT_FALSE(expire(drains, WallTime(std::chrono::seconds(8))));
  EXPECT_TRUE(expire(drains, WallTime(std::chrono::seconds(9))));
  EXPECT_EQ(drains.size(), 1u);
}

}  // namespace
}  // namespace maand
