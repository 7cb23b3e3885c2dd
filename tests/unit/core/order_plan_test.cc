// An operator's order on a job: whom it acts on, in which batches, and why not on the others.
#include "reconciler/core/order_plan.h"

#include <gtest/gtest.h>

#include "reconciler/core/order_outcome.h"
#include "tests/unit/core/plan_world.h"

namespace maand {
namespace {

const StoppedBy kAnn{"ann", "disk work", WallTime(std::chrono::seconds(1)), {}};

// api 1.0.0 runs on w1, w2 and w3; the head is the same.
class OrderWorld : public PlanWorld {
 public:
  OrderWorld() {
    for (const char* host : {"w1", "w2", "w3"}) worker(host);
    job("api");
    for (const char* host : {"w1", "w2", "w3"}) running("api", host);
  }
  AppliedAllocation& on(const std::string& host) {
    return applied.allocations[{JobName("api"), WorkerHost(host)}];
  }
  void stopped(const std::string& host) {
    AppliedAllocation& allocation = on(host);
    allocation.running = false;
    allocation.last_target = Target::kStop;
    allocation.stopped_by = kAnn;
  }
  OrderPlan order(JobVerb verb, std::vector<WorkerHost> workers = {}) const {
    JobOrder order{verb, JobName("api"), std::move(workers), false, kAnn};
    return plan_order(order, desire(CommitId("head"), workspace, applied, kept), applied, settings);
  }
};

// `stop w1; start w2; idle w3; left w4: why; refused w5: why; no: why`
std::string told(const OrderPlan& plan) {
  if (!plan.refused.empty()) return (plan.unknown ? "unknown: " : "no: ") + plan.refused;
  std::string out;
  for (const auto* actions : {&plan.job.drains, &plan.job.starts, &plan.job.upgrades}) {
    for (const PlannedAction& action : *actions)
      out += std::string(to_string(action.action)) + " " + action.key.worker.str() + "; ";
  }
  for (const AllocationKey& key : plan.idle) out += "idle " + key.worker.str() + "; ";
  for (const LeftOut& left : plan.left)
    out += (left.wrong ? "refused " : "left ") + left.key.worker.str() + ": " + left.why + "; ";
  return out;
}

// workspace.md 11.1
TEST(OrderPlan, OfAJobWithJobControlItsHooksAreTheTarget) {
  for (const JobVerb verb : {JobVerb::kStart, JobVerb::kStop, JobVerb::kRestart}) {
    OrderWorld world;
    JobCommand command;
    command.name = "command_up";
    command.events = {to_string(HookEvent::kJobControl)};
    world.workspace.jobs.at(JobName("api")).commands = {command};
    if (verb == JobVerb::kStart) world.stopped("w1");
    const OrderPlan plan = world.order(verb, {WorkerHost("w1")});
    EXPECT_EQ(told(plan), "control w1; ") << to_string(verb);
    EXPECT_TRUE(plan.job.hooks.control);
    EXPECT_STREQ(plan.job.hooks.target, to_string(verb));
    ASSERT_EQ(plan.job.upgrades.size(), 1u);
    EXPECT_TRUE(plan.job.upgrades[0].files) << "or what lies there would go";
    const std::vector<OrderRow> rows = order_rows(plan, nullptr);
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].action, to_string(verb));

    // Whom its hooks do not know any more is stopped by its Makefile.
    world.workspace.workers.erase(world.workspace.workers.begin());
    if (verb == JobVerb::kStop) {
      EXPECT_EQ(told(world.order(verb, {WorkerHost("w1")})), "stop w1; ");
    }
  }
}

TEST(OrderPlan, ActsOnWhatIsThereAndSaysWhyNotOnTheRest) {
  struct Row {
    const char* name;
    std::function<void(OrderWorld&)> given;
    JobVerb verb;
    std::vector<WorkerHost> workers;
    const char* told;
  };
  const std::vector<WorkerHost> all, first = {WorkerHost("w1")};
  const std::vector<Row> rows = {
      {"stop", [](OrderWorld&) {}, JobVerb::kStop, all, "stop w1; stop w2; stop w3; "},
      {"restart", [](OrderWorld&) {}, JobVerb::kRestart, all, "restart w1; restart w2; restart w3; "},
      {"restart of one", [](OrderWorld&) {}, JobVerb::kRestart, first, "restart w1; "},
      {"start of what runs", [](OrderWorld&) {}, JobVerb::kStart, first, "left w1: it runs already; "},
      {"start of what was stopped", [](OrderWorld& w) { w.stopped("w1"); }, JobVerb::kStart, all,
       "start w1; left w2: it runs already; left w3: it runs already; "},
      {"start of what failed to start",
       [](OrderWorld& w) {
         w.on("w1").running = false;
         w.on("w1").last = LastResult::kFailed;
       },
       JobVerb::kStart, first, "start w1; "},
      {"stop of what was stopped", [](OrderWorld& w) { w.stopped("w1"); }, JobVerb::kStop, first,
       "idle w1; left w1: it was stopped before; "},
      {"stop of what a failed start may have left",
       [](OrderWorld& w) {
         w.on("w1").running = false;
         w.on("w1").last = LastResult::kFailed;
       },
       JobVerb::kStop, first, "stop w1; "},
      {"restart of what was stopped", [](OrderWorld& w) { w.stopped("w1"); }, JobVerb::kRestart, first,
       "refused w1: it was stopped by ann (disk work); `maand job start` starts it; "},
      {"what was begun and is not known to have ended", [](OrderWorld& w) { w.on("w1").open = Operation{}; },
       JobVerb::kStop, first, "refused w1: the end of an earlier operation is not known yet; "},
      {"disabled", [](OrderWorld& w) { w.workspace.disabled.workers = {WorkerHost("w1")}; },
       JobVerb::kRestart, first, "refused w1: disabled.json names it; "},
      {"disabled and to be stopped", [](OrderWorld& w) { w.workspace.disabled.workers = {WorkerHost("w1")}; },
       JobVerb::kStop, first, "stop w1; "},
      {"left the workspace", [](OrderWorld& w) { w.workspace.workers.erase(w.workspace.workers.begin()); },
       JobVerb::kStart, first, "refused w1: the workspace no longer places it on this worker; "},
      {"new there",
       [](OrderWorld& w) { w.worker("w4"); },
       JobVerb::kStart,
       {WorkerHost("w4")},
       "refused w4: it was never deployed there; the pass that is due does that; "},
      {"another worker",
       [](OrderWorld&) {},
       JobVerb::kStop,
       {WorkerHost("w9")},
       "unknown: `api` is not on w9; it is on w1, w2 and w3"},
      {"suspended, and to be started",
       [](OrderWorld& w) {
         w.settings.suspended.put({JobName("api"), "bob", "no", WallTime{}, WallTime::max()});
       },
       JobVerb::kRestart, all, "no: `api` is suspended by bob: no; `maand resume api` ends it"},
      {"suspended, and to be stopped",
       [](OrderWorld& w) {
         w.settings.suspended.put({JobName("api"), "bob", "no", WallTime{}, WallTime::max()});
       },
       JobVerb::kStop, first, "stop w1; "},
      {"another controller has the workers",
       [](OrderWorld& w) {
         w.settings.withheld = {Reason::kFenced, "epoch 3"};
       },
       JobVerb::kStop, all,
       "no: another controller has taken the workers over; `maand takeover` takes them back: epoch 3"},
      {"goes back from a failure",
       [](OrderWorld& w) { w.applied.jobs.at(JobName("api")).rollback = Rollback::kBegun; }, JobVerb::kStop,
       all, "no: `api` goes back from a rollout that failed; wait until that has ended"},
  };
  for (const Row& row : rows) {
    OrderWorld world;
    row.given(world);
    EXPECT_EQ(told(world.order(row.verb, row.workers)), row.told) << row.name;
  }
}

TEST(OrderPlan, AnUnknownJobIsNamed) {
  OrderWorld world;
  JobOrder order{JobVerb::kStop, JobName("apu"), {}, false, kAnn};
  const OrderPlan plan = plan_order(order, desire(CommitId("head"), world.workspace, world.applied),
                                    world.applied, world.settings);
  EXPECT_TRUE(plan.unknown);
  EXPECT_EQ(plan.refused, "no job `apu` is known; `maand status` lists what is there");
}

TEST(OrderPlan, WhatHoldsAJobThatIsNowhereYetIsSaid) {
  OrderWorld world;
  world.applied = {};
  world.job_of("api").sealed_secrets["token"] = "cannot be opened here";
  EXPECT_EQ(
      told(world.order(JobVerb::kStart)),
      "no: `api` has no allocation yet: SecretLocked (secrets of git cannot be opened here); `maand status` "
      "lists what is there");
}

TEST(OrderPlan, BatchesAreThoseOfTheManifestAndNothingElseHoldsThem) {
  OrderWorld world;
  Job& api = world.job_of("api");
  api.max_concurrent_upgrades = 2;
  api.rollout.canary = 1;
  api.rollout.bake = Seconds{60};
  api.rollout.on_failure = RolloutPolicy::OnFailure::kRollback;
  api.timeouts[Target::kRestart] = Seconds{7};
  const JobPlan plan = world.order(JobVerb::kRestart).job;
  EXPECT_EQ(plan.max_concurrent_upgrades, 2);
  EXPECT_EQ(plan.max_concurrent_starts, 2);
  EXPECT_EQ(plan.policy.canary, 0);
  EXPECT_EQ(plan.policy.bake, Seconds{0});
  EXPECT_EQ(plan.policy.on_failure, RolloutPolicy::OnFailure::kHold);
  EXPECT_EQ(plan.timeouts.at(Target::kRestart), Seconds{7});
  EXPECT_TRUE(plan.demands.empty());
  EXPECT_EQ(plan.active.size(), 3u);
}

TEST(OrderPlan, ARestartBringsNothingThatIsNotDueYet_R5_6) {
  OrderWorld world;
  const Job before = world.job_of("api");
  world.job("api", "2.0.0", "b");
  const OrderPlan restart = world.order(JobVerb::kRestart, {WorkerHost("w1")});
  ASSERT_EQ(restart.job.upgrades.size(), 1u);
  const PlannedAction& action = restart.job.upgrades[0];
  EXPECT_EQ(action.reason, Reason::kOrdered);
  EXPECT_EQ(action.new_version, "1.0.0");
  EXPECT_EQ(action.files->digest, before.files->digest);
  EXPECT_EQ(restart.terms.at(action.key).tree, before.tree) << "or the change would count as applied";
  // Of what changes its ports nobody knows the numbers it would be made with.
  world.on("w1").holds = {8080};
  EXPECT_EQ(told(world.order(JobVerb::kRestart, {WorkerHost("w1")})),
            "refused w1: its ports change; the pass that is due restarts it; ");
}

TEST(OrderPlan, AStartBringsWhatTheWorkspaceWantsNow_R5_7) {
  OrderWorld world;
  world.stopped("w1");
  world.job("api", "2.0.0", "b");
  const OrderPlan start = world.order(JobVerb::kStart, {WorkerHost("w1")});
  ASSERT_EQ(start.job.starts.size(), 1u);
  EXPECT_EQ(start.job.starts[0].current_version, "1.0.0");
  EXPECT_EQ(start.job.starts[0].new_version, "2.0.0");
  EXPECT_TRUE(start.terms.empty());
}

TEST(OrderPlan, NothingStartsWhereAnotherJobHasItsPort) {
  OrderWorld world;
  world.job_of("api").resources.ports = {{"http", 8080}};
  world.stopped("w1");
  world.running("web", "w1").holds = {8080};
  EXPECT_EQ(told(world.order(JobVerb::kStart, {WorkerHost("w1")})),
            "refused w1: port 8080 is still held by web@w1; ");
}

TEST(OrderOutcome, NamesWhoFailedAndWhoWasNotReached) {
  OrderWorld world;
  const JobOrder order{JobVerb::kRestart, JobName("api"), {}, false, kAnn};
  const OrderPlan plan = world.order(JobVerb::kRestart);
  JobReport report;
  using State = AllocationReport::State;
  const auto fares = [&](std::vector<State> states) {
    report.allocations.clear();
    for (std::size_t i = 0; i < states.size(); ++i) {
      AllocationReport& one = report.allocations.emplace_back();
      one.action = plan.job.upgrades[i];
      one.state = states[i];
      if (states[i] == State::kFailed) one.outcome = Outcome{.kind = OutcomeKind::kFailed, .exit_status = 2};
      if (states[i] == State::kSetAside) one.detail = "Unreachable";
    }
  };
  struct Row {
    std::vector<State> states;
    JobReport::State state;
    const char* detail;
    const char* cut;
    int exit;
    const char* sentence;
  };
  const std::vector<Row> rows = {
      {{State::kDone, State::kDone, State::kDone}, JobReport::State::kDone, "", "", 0, "api: 3 restarted"},
      {{State::kDone, State::kFailed, State::kNotReached},
       JobReport::State::kFailed,
       "w2",
       "",
       1,
       "api: 1 of 3 restarted; failed on w2 (exit status 2); nothing was begun on w3"},
      {{State::kDone, State::kSetAside, State::kDone},
       JobReport::State::kDegraded,
       "",
       "",
       1,
       "api: 2 of 3 restarted; out of reach: w2 (Unreachable)"},
      {{State::kDone, State::kNotReached, State::kNotReached},
       JobReport::State::kStopped,
       "",
       "cut short by ann",
       1,
       "api: 1 of 3 restarted; nothing was begun on w2, w3: cut short by ann"},
      {{State::kNotReached, State::kNotReached, State::kNotReached},
       JobReport::State::kWaiting,
       "2 of 3 are unavailable, at most 1 may be",
       "",
       4,
       "api: 0 of 3 restarted; nothing was begun on w1, w2, w3: 2 of 3 are unavailable, at most 1 may be"},
  };
  for (const Row& row : rows) {
    fares(row.states);
    report.state = row.state;
    report.detail = row.detail;
    const OrderEnd end = order_end(order, plan, &report, row.cut);
    EXPECT_EQ(end.sentence, row.sentence);
    EXPECT_EQ(end.exit, row.exit) << row.sentence;
  }
}

TEST(OrderOutcome, WhatIsAsItWasAskedIsNoFailureAndWhatWasRefusedIs) {
  OrderWorld world;
  const auto end = [&](JobVerb verb, std::vector<WorkerHost> workers) {
    const JobOrder order{verb, JobName("api"), workers, false, kAnn};
    const OrderPlan plan = world.order(verb, workers);
    return order_end(order, plan, nullptr, "");
  };
  EXPECT_EQ(end(JobVerb::kStart, {}).exit, 0);
  EXPECT_EQ(end(JobVerb::kStart, {}).sentence, "api: nothing to start; 3 ran already");
  world.stopped("w1");
  EXPECT_EQ(end(JobVerb::kRestart, {WorkerHost("w1")}).exit, 4);
  // Nothing could be begun, whatever the others are at: held, and not failed.
  world.workspace.disabled.jobs[JobName("api")] = {WorkerHost("w1")};
  EXPECT_EQ(end(JobVerb::kStart, {}).sentence,
            "api: nothing to start; 2 ran already; left as it is: w1 (disabled.json names it)");
  EXPECT_EQ(end(JobVerb::kStart, {}).exit, 4);
  EXPECT_EQ(end(JobVerb::kRestart, {WorkerHost("w9")}).exit, 2);
}

}  // namespace
}  // namespace maand
