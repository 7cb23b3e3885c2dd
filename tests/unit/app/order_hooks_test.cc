// `maand job start|stop|restart|run` of a job with job_control commands: these run with TARGET in place of
// its Makefile (workspace.md 11.1), and what is on record at each moment of that.
#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/app/hooks_loop.h"

namespace maand::testing {
namespace {

const AllocationKey kOn2{JobName("api"), WorkerHost("w2")};

bool says(const std::string& document, const std::string& text) {
  return document.find(text) != std::string::npos;
}

std::string target_of(const HookCall& call) {
  for (const auto& [name, value] : call.environment) {
    if (name == "TARGET") return value;
  }
  return "";
}

// api at version 1, brought up by its hooks, on two workers.
class OrderHooksWorld : public HooksWorld {
 public:
  explicit OrderHooksWorld(const std::string& rest = "") : rest_(rest) {
    put("1");
    pass();
    EXPECT_EQ(state(), "applied");
    runner.runs.clear();
    listen();
  }
  explicit OrderHooksWorld(const OrderHooksWorld& killed) : rest_(killed.rest_) {
    come_after(killed);
    listen();
  }
  CommitId put(const std::string& version) {
    return commit({{.version = version,
                    .commands = {{"command_up", "\"job_control\""}, {"command_well", "\"health_check\""}},
                    .rest = rest_}});
  }
  void listen() {
    hooks.on_run = [this](const HookCall& call, const Hooks::Output&) { return heard(call); };
  }
  std::optional<HookResult> heard(const HookCall& call) {
    told.push_back(std::string(to_string(call.event)) + " " + target_of(call) + " " +
                   call.allocation.worker.str());
    if (on_hook) return on_hook(call);
    return HookResult{.end = End::kDone};
  }
  std::string give(const std::string& verb, const std::string& workers = "", bool health = false) {
    const ControlReply reply = desk.job_order_here({verb, "api", workers, health, "", ""}, "ann");
    EXPECT_EQ(reply.kind, Kind::kDone) << reply.text;
    return reply.text;
  }
  std::string order(const std::string& verb, const std::string& workers = "", bool health = false) {
    told.clear();
    const std::string id = give(verb, workers, health);
    reconciler.run_orders();
    return desk.job_order_json(id).value_or("");
  }
  const AppliedAllocation& on(const AllocationKey& key) { return *journal.state().find(key); }
  // Targets of Makefiles that ran.
  Runs targets() const {
    Runs out;
    for (const std::string& run : runner.runs) {
      if (!run.starts_with("stage ") && !run.starts_with("control ")) out.push_back(run);
    }
    return out;
  }

  std::function<std::optional<HookResult>(const HookCall&)> on_hook;

 private:
  std::string rest_;
};

TEST(OrderHooks, StandInForTheTargetAndNoMakefileRuns) {
  OrderHooksWorld world;
  const std::string restarted = world.order("restart");
  EXPECT_EQ(world.told, (Runs{"job_control restart w1", "job_control restart w2"}));
  EXPECT_TRUE(says(restarted, R"("message":"api: 2 restarted","exit":0)")) << restarted;

  const std::string stopped = world.order("stop", "w1");
  EXPECT_EQ(world.told, Runs{"job_control stop w1"}) << "of those that were named";
  EXPECT_TRUE(says(stopped, R"("message":"api: 1 stopped","exit":0)")) << stopped;
  EXPECT_FALSE(world.on(kOn1).running);
  ASSERT_TRUE(world.on(kOn1).stopped_by);
  EXPECT_EQ(world.on(kOn1).stopped_by->actor, "ann");
  EXPECT_TRUE(world.on(kOn2).running);

  world.told.clear();
  world.put("2");
  world.pass();
  EXPECT_EQ(world.told, (Runs{"job_control  w2", "health_check  w2"}))
      << "a rollout has no TARGET, and what was stopped stays so";

  const std::string started = world.order("start", "", true);
  EXPECT_EQ(world.told, (Runs{"job_control start w1", "health_check  w1"}));
  EXPECT_TRUE(says(started, R"(api: 1 started; 1 ran already)")) << started;
  EXPECT_TRUE(world.on(kOn1).running);
  EXPECT_EQ(world.on(kOn1).version, "2");
  EXPECT_FALSE(world.on(kOn1).stopped_by);
  EXPECT_EQ(world.targets(), Runs{});
  world.told.clear();
  world.pass();
  EXPECT_EQ(world.told, Runs{}) << "and nothing is left to do";
}

TEST(OrderHooks, OneThatFailsIsNamedAndNothingCounts) {
  for (const std::string verb : {"stop", "restart"}) {
    OrderHooksWorld world;
    world.on_hook = [](const HookCall& call) {
      const bool fails = call.allocation == kOn2;
      return HookResult{.end = fails ? End::kFailed : End::kDone, .status = fails ? 7 : 0};
    };
    const std::string document = world.order(verb);
    EXPECT_EQ(world.told.size(), 2u) << "all of them run, whichever fail";
    EXPECT_TRUE(says(document, "not done on w1, w2: command_up (job_control) failed: w2: exit status 7"))
        << document;
    EXPECT_TRUE(says(document, R"("exit":1)")) << document;
    EXPECT_TRUE(world.on(kOn1).running);
    EXPECT_EQ(world.on(kOn1).stopped_by.has_value(), verb == "stop") << "nothing brings up what is half down";
    world.told.clear();
    world.pass();
    EXPECT_EQ(world.told, Runs{}) << verb;

    world.on_hook = nullptr;
    const std::string again = world.order(verb == "stop" ? "start" : "restart");
    EXPECT_TRUE(says(again, verb == "stop" ? "api: 2 started" : "api: 2 restarted")) << again;
    EXPECT_TRUE(world.on(kOn1).running && !world.on(kOn1).stopped_by);
  }
}

TEST(OrderHooks, CutShortTheyAreStopped) {
  OrderHooksWorld world;
  const std::string id = world.give("restart");
  world.on_hook = [&](const HookCall&) -> std::optional<HookResult> {
    world.inbox.post([&] { world.desk.cut_job_order_here(id, "bob"); });
    return std::nullopt;
  };
  world.reconciler.run_orders();
  const std::string document = world.desk.job_order_json(id).value_or("");
  EXPECT_TRUE(says(document, "not done on w1, w2: cut short by bob")) << document;
  EXPECT_TRUE(says(document, R"("exit":1)")) << document;
  EXPECT_TRUE(world.hooks.running().empty());
  world.on_hook = nullptr;
  world.told.clear();
  world.pass();
  EXPECT_EQ(world.told, Runs{});
}

TEST(OrderHooks, AWorkerThatIsOutOfReachIsNamedAndItsHookDoesNotRun) {
  OrderHooksWorld world;
  world.runner.dead = {WorkerHost("w2")};
  const std::string document = world.order("stop");
  EXPECT_EQ(world.told, Runs{"job_control stop w1"});
  EXPECT_TRUE(says(document, "1 of 2 stopped; out of reach: w2")) << document;
  EXPECT_FALSE(world.on(kOn2).stopped_by);
}

TEST(OrderHooks, InTheMiddleOfARolloutTheJobRestsAndThenGoesOn) {
  OrderHooksWorld world;
  std::string id;
  world.on_hook = [&](const HookCall& call) {
    if (id.empty() && call.event == HookEvent::kJobControl) id = world.give("restart", "w1");
    return HookResult{.end = End::kDone};
  };
  world.put("2");
  while (world.pass().again) {
  }
  world.reconciler.run_orders();
  const std::string document = world.desk.job_order_json(id).value_or("");
  EXPECT_TRUE(says(document, R"("message":"api: 1 restarted","exit":0)")) << document;
  EXPECT_EQ(std::count(world.told.begin(), world.told.end(), "job_control restart w1"), 1);
  EXPECT_EQ(world.on(kOn1).version, "2");
  EXPECT_EQ(world.on(kOn2).version, "2");
}

// R7.1. A daemon that dies with these words on record is followed by one that takes the order up.
TEST(OrderHooks, ADaemonThatDiesMeanwhileLosesNoneAndDoublesNoneThatHadRun) {
  struct Row {
    const char* verb;
    bool ran;  // it dies after its hooks, before anything is confirmed
  };
  for (const Row& row : {Row{"stop", false}, Row{"stop", true}, Row{"start", false}, Row{"start", true},
                         Row{"restart", false}, Row{"restart", true}}) {
    const std::string verb = row.verb;
    const std::string what = verb + (row.ran ? ", they had run" : ", they ran");
    OrderHooksWorld world;
    if (verb == "start") world.order("stop");
    // From then on nothing it does is kept.
    world.store.after_write = [&](const std::string& call) {
      if (row.ran && call == "put_setting order_begun" && world.told.size() == 2)
        world.store.fail_all(FakeStore::Fail::kBeforeWrite);
    };
    world.on_hook = [&](const HookCall&) {
      if (!row.ran) world.store.fail_all(FakeStore::Fail::kBeforeWrite);
      return HookResult{.end = End::kDone};
    };
    world.order(verb);
    EXPECT_EQ(world.told.size(), 2u) << what;

    OrderHooksWorld next(world);
    next.pass();
    const Runs again = {"job_control " + verb + " w1", "job_control " + verb + " w2"};
    EXPECT_EQ(next.told, row.ran ? Runs{} : again) << what;
    for (const AllocationKey& key : {kOn1, kOn2}) {
      EXPECT_EQ(next.on(key).running, verb != "stop") << what;
      EXPECT_EQ(next.on(key).stopped_by.has_value(), verb == "stop") << what;
      EXPECT_FALSE(next.on(key).open) << what;
    }
    EXPECT_EQ(next.targets(), Runs{}) << what;
    next.told.clear();
    next.pass();
    EXPECT_EQ(next.told, Runs{}) << what << ": once";
  }
}

TEST(OrderHooks, WhatWasSaidSinceCountsInsteadOfWhatADeadDaemonBegan) {
  OrderHooksWorld world;
  world.on_hook = [&](const HookCall&) {
    world.store.fail_all(FakeStore::Fail::kBeforeWrite);
    return HookResult{.end = End::kDone};
  };
  world.order("stop");
  OrderHooksWorld next(world);
  const std::string document = next.order("start");
  EXPECT_TRUE(says(document, "api: 2 started")) << document;
  next.told.clear();
  next.pass();
  EXPECT_EQ(next.told, Runs{});
  EXPECT_TRUE(next.on(kOn1).running);
}

TEST(OrderHooks, AnotherTargetRunsThemAtOnceAndLeavesNoRecord) {
  OrderHooksWorld world;
  const auto ask = [&](const HookOrderRequest& request) {
    return world.desk.hook_order_here(request, "ann");
  };
  const ControlReply given = ask({"job_control", "", "api", 1, "backup", "w2"});
  ASSERT_EQ(given.kind, Kind::kDone) << given.text;
  world.reconciler.run_hook_orders();
  EXPECT_EQ(world.told, Runs{"job_control backup w2"});
  const std::string document = world.desk.job_order_json(given.text).value_or("");
  EXPECT_TRUE(says(document, "api: job_control backup is done on 1 allocation")) << document;

  world.fail("job_control");
  const ControlReply failing = ask({"job_control", "", "api", 1, "status", ""});
  world.reconciler.run_hook_orders();
  const std::string failed = world.desk.job_order_json(failing.text).value_or("");
  EXPECT_TRUE(says(failed, "command_up (job_control) failed: w1: exit status 3; w2: exit status 3"))
      << failed;
  EXPECT_TRUE(says(failed, R"("exit":1)")) << failed;

  EXPECT_EQ(ask({"job_control", "", "api", 1, "stop", ""}).kind, Kind::kMalformed)
      << "that is kept on record";
  EXPECT_EQ(ask({"job_control", "", "api", 1, "a b", ""}).kind, Kind::kMalformed);
  EXPECT_EQ(ask({"job_control", "", "", 1, "backup", ""}).kind, Kind::kMalformed);
  EXPECT_EQ(ask({"cli", "command_up", "api", 1, "backup", ""}).kind, Kind::kMalformed);
  EXPECT_EQ(world.targets(), Runs{});
}

}  // namespace
}  // namespace maand::testing
