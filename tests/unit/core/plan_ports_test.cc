// Who waits for whom when ports change hands in one commit (workspace.md, list of
// differences), as the plan tells it.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>

#include "reconciler/core/plan.h"
#include "reconciler/core/restart.h"

namespace maand {
namespace {

// Jobs with one port each, on the workers w1 and w2, and what they have there.
class Ports {
 public:
  Ports() {
    desired.commit = CommitId("head");
    for (const char* host : {"w1", "w2"}) {
      Worker worker;
      worker.host = WorkerHost(host);
      desired.workers.push_back(worker);
    }
  }

  // Runs on both with port `had` (0 = it is new), and now declares `number`. `content`
  // other than "old" is a change.
  Job& job(const std::string& name, int had, int number, const std::string& content = "new", int wave = 0) {
    auto job = std::make_shared<Job>();
    job->name = JobName(name);
    job->version = "1.0.0";
    job->tree = TreeId(name + content);
    job->files = make_file_set({{.path = "Makefile", .content = sha256(content)}});
    DesiredJob& out = desired.jobs[job->name];
    out.name = job->name;
    out.job = job;
    out.workers = {0, 1};
    out.wave = wave;
    out.plain = {job->files, job->files, {}};
    applied.jobs[job->name].wave = wave;
    if (number > 0) desired.ports[job->name][name + "_port"] = number;
    if (had > 0) runs(name, had);
    return *job;
  }
  void runs(const std::string& name, int had) {
    for (const char* host : {"w1", "w2"}) {
      AppliedAllocation& allocation = applied.allocations[{JobName(name), WorkerHost(host)}];
      allocation.key = {JobName(name), WorkerHost(host)};
      allocation.running = true;
      allocation.version = "1.0.0";
      allocation.files = make_file_set({{.path = "Makefile", .content = sha256("old")}});
      allocation.tree = TreeId(name + "old");
      allocation.last = LastResult::kConfirmed;
      allocation.last_target = Target::kStart;
      allocation.holds = {had};
    }
  }
  AppliedAllocation& at(const std::string& name, const std::string& host) {
    return applied.allocations.at({JobName(name), WorkerHost(host)});
  }

  Plan plan() const {
    PlanSettings settings;
    settings.all_removals_released = true;
    return make_plan(desired, applied, settings);
  }
  // What is said of w1: `restart a@w1: once b@w1 has let go of port 8080; …`
  std::string told() const {
    std::string out;
    for (const auto& [name, job] : plan().jobs) {
      for (const auto* list : {&job.drains, &job.handovers, &job.starts, &job.upgrades}) {
        for (const PlannedAction& action : *list) {
          if (action.key.worker.str() != "w1") continue;
          out += std::string(to_string(action.action)) + " " + action.key.str();
          if (action.reason == Reason::kPortHandedOver) out += " PortHandedOver";
          out += (action.after.empty() ? "" : ": " + action.after) + "; ";
        }
      }
    }
    return out;
  }

  DesiredState desired;
  AppliedState applied;
};

TEST(PlanPorts, PortsThatNobodyElseHasMakeNobodyWait) {
  Ports world;
  world.job("a", 8080, 8081);
  world.job("b", 9090, 9090);
  EXPECT_EQ(world.told(), "restart a@w1; restart b@w1; ");
}

TEST(PlanPorts, ATakerWaitsForTheActionThatMakesTheHolderLetGo) {
  Ports world;
  world.job("a", 8080, 8081);
  world.job("b", 8090, 8080);
  EXPECT_EQ(world.told(), "restart a@w1; restart b@w1: once a@w1 has let go of port 8080; ");
}

TEST(PlanPorts, ANewJobWaitsForTheOneThatLeaves) {
  Ports world;
  world.runs("old", 8080);
  world.job("new", 0, 8080);
  EXPECT_EQ(world.told(), "start new@w1: once old@w1 has let go of port 8080; stop old@w1; ");
}

TEST(PlanPorts, ANewJobWaitsForTheOneThatIsDisabled) {
  Ports world;
  world.job("a", 8080, 8081, "old");
  world.job("b", 0, 8080);
  world.desired.disabled.jobs[JobName("a")] = {};
  EXPECT_EQ(world.told(), "stop a@w1; start b@w1: once a@w1 has let go of port 8080; ");
}

TEST(PlanPorts, OfTwoThatSwapTheFirstByNameIsStopped) {
  Ports world;
  world.job("a", 8080, 8081);
  world.job("b", 8081, 8080);
  EXPECT_EQ(world.told(),
            "stop a@w1 PortHandedOver; start a@w1: once b@w1 has let go of port 8081; "
            "restart b@w1: once a@w1 is stopped for port 8080; ");
}

TEST(PlanPorts, OfThreeInACircleOneIsStopped) {
  Ports world;
  world.job("a", 8080, 8081);
  world.job("b", 8081, 8082);
  world.job("c", 8082, 8080);
  EXPECT_EQ(world.told(),
            "stop a@w1 PortHandedOver; start a@w1: once b@w1 has let go of port 8081; "
            "restart b@w1: once c@w1 has let go of port 8082; "
            "restart c@w1: once a@w1 is stopped for port 8080; ");
}

TEST(PlanPorts, WhoOnlyWaitsForACircleIsNotStopped) {
  Ports world;
  world.job("a", 7070, 8080);
  world.job("b", 8080, 8081);
  world.job("c", 8081, 9000);
  EXPECT_EQ(world.told(),
            "restart a@w1: once b@w1 has let go of port 8080; "
            "restart b@w1: once c@w1 has let go of port 8081; restart c@w1; ");
}

TEST(PlanPorts, AHolderOfALaterWaveIsStoppedForTheTaker) {
  Ports world;
  world.job("api", 8080, 8081, "new", 1);
  world.job("db", 8090, 8080, "new", 0);
  EXPECT_EQ(
      world.told(),
      "stop api@w1 PortHandedOver; start api@w1; restart db@w1: once api@w1 is stopped for port 8080; ");
}

TEST(PlanPorts, AReloadIsARestartWhereAPortHasToGo) {
  Ports world;
  world.job("a", 8080, 8081).restart_policy = RestartPolicy::kReload;
  world.job("b", 8090, 8080);
  EXPECT_EQ(world.told(), "restart a@w1 PortHandedOver; restart b@w1: once a@w1 has let go of port 8080; ");
}

TEST(PlanPorts, ANumberThatMovesInTheManifestAloneRestartsTheHolder) {
  Ports world;  // the manifest is no file that counts (R3.2), and yet it has to let go
  world.job("a", 8080, 8081, "old");
  world.job("b", 8090, 8080);
  EXPECT_EQ(world.told(), "restart a@w1 PortHandedOver; restart b@w1: once a@w1 has let go of port 8080; ");
}

TEST(PlanPorts, AChainOfNumbersThatMoveInManifestsAloneRestartsAllOfThem) {
  Ports world;
  world.job("a", 8080, 8081, "old");
  world.job("b", 8081, 8082, "old");
  world.job("c", 8090, 8080);
  EXPECT_EQ(world.told(),
            "restart a@w1 PortHandedOver: once b@w1 has let go of port 8081; restart b@w1 PortHandedOver; "
            "restart c@w1: once a@w1 has let go of port 8080; ");
}

TEST(PlanPorts, ADeclarationThatNobodyActsOnTouchesNobody) {
  Ports world;
  world.job("a", 8080, 8081, "old");
  world.job("b", 8081, 8080, "old");
  EXPECT_EQ(world.told(), "");
}

struct Keeper {
  const char* what;
  std::function<void(Ports&)> is;
  const char* why;
};

TEST(PlanPorts, AHolderThatKeepsItsPortIsNamedWithTheReason) {
  const Keeper table[] = {
      {"held at older content",
       [](Ports& world) {
         world.job("a", 8080, 8080, "old");
         world.desired.jobs[JobName("a")].held = true;
         world.desired.jobs[JobName("a")].held_reason = Reason::kBroken;
       },
       "is held (Broken)"},
      {"nothing is known that could run",
       [](Ports& world) {
         world.job("a", 8080, 0, "old");
         world.desired.jobs[JobName("a")].job = nullptr;
         world.desired.jobs[JobName("a")].held = true;
         world.desired.jobs[JobName("a")].held_reason = Reason::kBroken;
       },
       "is held (Broken)"},
      {"policy never",
       [](Ports& world) { world.job("a", 8080, 8081).restart_policy = RestartPolicy::kNever; },
       "is not restarted (restart_policy is never): it lets go when it is stopped"},
      {"still declares it", [](Ports& world) { world.job("a", 8080, 8080); }, "still declares it"},
      {"unsettled",
       [](Ports& world) {
         world.job("a", 8080, 8081);
         world.at("a", "w1").open = Operation{};
       },
       "has an operation whose end is not known yet"},
      {"a removal that may be a renaming",
       [](Ports& world) {
         world.runs("a", 8080);
         world.desired.unknown_jobs = {JobName("x")};
       },
       "is held (MayBeRenamed)"},
  };
  for (const Keeper& each : table) {
    Ports world;
    each.is(world);
    world.job("b", 8090, 8080);
    const std::string expected = std::string(
                                     "restart b@w1: not before a@w1 lets go of port 8080, which it "
                                     "keeps: it ") +
                                 each.why + "; ";
    EXPECT_NE(world.told().find(expected), std::string::npos) << each.what << ": " << world.told();
  }
}

TEST(PlanPorts, AfterACrashBetweenStopAndStartTheRestOfTheSwapIsPlanned_R7_1) {
  Ports world;
  world.job("a", 8080, 8081);
  world.job("b", 8081, 8080);
  AppliedAllocation& stopped = world.at("a", "w1");
  stopped.running = false;
  stopped.last_target = Target::kStop;
  stopped.holds.clear();
  EXPECT_EQ(world.told(), "start a@w1: once b@w1 has let go of port 8081; restart b@w1; ");
}

TEST(PlanPorts, AHolderWhoseTargetFailedHasTheOldAndTheNewPort) {
  Ports world;
  world.job("b", 8090, 8080);
  world.job("a", 8080, 8081);
  AppliedAllocation& failed = world.at("a", "w1");
  failed.last = LastResult::kFailed;
  failed.last_target = Target::kRestart;
  failed.holds = {8080, 8081};
  EXPECT_EQ(world.told(), "restart a@w1; restart b@w1: once a@w1 has let go of port 8080; ");
}

TEST(PlanPorts, WhatIsStoppedHoldsNothingAndHidesNobody) {
  Ports world;
  world.job("a", 8080, 8081);
  world.job("b", 8090, 8080);
  AppliedAllocation& failed = world.at("a", "w1");  // make knew no such target: it never came so far
  failed.running = false;
  failed.last = LastResult::kFailed;
  failed.missing_target = true;
  EXPECT_TRUE(held_ports(failed).empty());
  EXPECT_EQ(world.told(), "start a@w1; restart b@w1; ");
  ASSERT_EQ(world.plan().jobs.at(JobName("b")).waits.size(), 1u);
  EXPECT_EQ(world.plan().jobs.at(JobName("b")).waits[0].holder.worker, WorkerHost("w2"));
}

TEST(PlanPorts, WhatIsHeldFollowsTheTargets) {
  struct Row {
    const char* what;
    Action action;
    Outcome outcome;
    std::vector<int> holds;
  };
  const Outcome succeeded{.kind = OutcomeKind::kSucceeded}, failed{.kind = OutcomeKind::kFailed};
  const Outcome missing{.kind = OutcomeKind::kFailed, .missing_target = true};
  const Row table[] = {
      {"a confirmed restart has the new one", Action::kRestart, succeeded, {8081}},
      {"a failed one may have either", Action::kRestart, failed, {8080, 8081}},
      {"an interrupted one too", Action::kStart, {.kind = OutcomeKind::kInterrupted}, {8080, 8081}},
      {"one that make does not know has the old one", Action::kReload, missing, {8080}},
      {"files alone move nothing", Action::kSync, succeeded, {8080}},
      {"nor does what never began", Action::kRestart, {.kind = OutcomeKind::kNever}, {8080}},
      {"a stop lets go", Action::kStop, succeeded, {}},
      {"a failed stop does not", Action::kStop, failed, {8080}},
  };
  for (const Row& row : table) {
    AppliedAllocation allocation;
    allocation.running = true;
    allocation.holds = {8080};
    Operation operation;
    operation.action = row.action;
    operation.files = empty_file_set();
    if (row.action != Action::kStop) operation.ports = {{"http", 8081}};
    record_begin(allocation, operation, TreeId("t"), CommitId("c"));
    record_outcome(allocation, row.outcome, CommitId("c"));
    EXPECT_EQ(allocation.holds, row.holds) << row.what;
  }
}

TEST(PlanPorts, WhatIsBegunMayHaveBoth) {
  AppliedAllocation allocation;
  allocation.holds = {8080};
  Operation operation;
  operation.action = Action::kRestart;
  operation.ports = {{"http", 8081}};
  record_begin(allocation, operation, TreeId("t"), CommitId("c"));
  EXPECT_EQ(held_ports(allocation), (std::vector<int>{8080, 8081}));
}

}  // namespace
}  // namespace maand
