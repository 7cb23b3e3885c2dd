// Commands that an operator asks for, and what a hook may read and write meanwhile.
#include <gtest/gtest.h>

#include "tests/unit/app/hooks_loop.h"

namespace maand::testing {
namespace {

TEST(HookOrders, AnOperatorRunsACommandOfOneJobOrOfAll) {
  HooksWorld world;
  world.commit({{.name = "api", .commands = {{"command_dump", "\"cli\""}}},
                {.name = "web", .commands = {{"command_dump", "\"cli\""}}}});
  EXPECT_EQ(world.desk.hook_order_here({"cli", "command_dump", "", 1}, "ann").kind, Kind::kRefused)
      << "before a commit was applied";
  world.pass();
  world.fail("web@w2");
  const ControlReply given = world.desk.hook_order_here({"cli", "command_dump", "", 2}, "ann");
  ASSERT_EQ(given.kind, Kind::kDone) << given.text;
  world.reconciler.run_hook_orders();
  EXPECT_EQ(world.hooks.runs(), (Runs{"cli command_dump api@w1", "cli command_dump api@w2",
                                      "cli command_dump web@w1", "cli command_dump web@w2"}));
  const std::string document = world.desk.job_order_json(given.text).value_or("");
  EXPECT_NE(document.find(R"(api: command_dump is done on 2 allocations)"), std::string::npos) << document;
  EXPECT_NE(document.find(R"(web: command_dump (cli) failed: w2: exit status 3)"), std::string::npos)
      << document;
  EXPECT_NE(document.find(R"("exit":1)"), std::string::npos) << document;
  EXPECT_EQ(world.desk.hook_order_here({"cli", "command_x", "api", 1}, "ann").kind, Kind::kUnknownSubject);
  EXPECT_EQ(world.desk.hook_order_here({"pre_deploy", "command_dump", "api", 1}, "ann").kind,
            Kind::kUnknownSubject);
}

TEST(HookOrders, WhatOneCommandWritesTheNextOneReadsAndAPassFollows) {
  HooksWorld world;
  world.commit({{.commands = {{"command_put", "\"cli\""}}}}, 1);
  world.pass();
  world.hooks.on_run = [](const HookCall& call, const Hooks::Output&) {
    HookValues& values = *call.values;
    EXPECT_EQ(values.get("vars/job/api", "a").verdict, HookValues::Verdict::kNoKey);
    EXPECT_EQ(values.put("vars/job/api", "a", "1").verdict, HookValues::Verdict::kDone);
    EXPECT_EQ(values.get("vars/job/api", "a").value, "1");
    EXPECT_EQ(values.keys("vars/job/api").keys, (std::vector<std::string>{"a"}));
    EXPECT_EQ(values.erase("vars/job/api", "a", false).verdict, HookValues::Verdict::kDone);
    EXPECT_EQ(values.erase("vars/job/api", "a", false).verdict, HookValues::Verdict::kDone)
        << "once more (6.2)";
    EXPECT_EQ(values.erase("vars/job/api", "b", false).verdict, HookValues::Verdict::kNoKey);
    EXPECT_EQ(values.put("vars/job/web", "a", "1").verdict, HookValues::Verdict::kDenied);
    EXPECT_EQ(values.get("maand/worker/w1", "worker_ip").value, "w1");
    EXPECT_EQ(values.get("vars/job/web", "a").verdict, HookValues::Verdict::kDenied);
    EXPECT_EQ(values.put("secrets/job/api", "a", "1").verdict, HookValues::Verdict::kDenied);
    return HookResult{.end = End::kDone};
  };
  world.desk.hook_order_here({"cli", "command_put", "", 1}, "ann");
  world.reconciler.run_hook_orders();
  EXPECT_EQ(world.hooks.runs().size(), 1u);
}

// It may be what brings the value.
TEST(HookOrders, ACommandOfAJobThatWaitsForAValueIsThatOfTheHead) {
  HooksWorld world;
  const std::string config = "{{ getSecret \"token\" }}";
  const auto seed = [&] {
    const ControlReply given = world.desk.hook_order_here({"cli", "command_seed", "api", 1}, "ann");
    EXPECT_EQ(given.kind, Kind::kDone) << given.text;
    world.reconciler.run_hook_orders();
  };
  world.commit({{.commands = {{"command_seed", "\"cli\""}}, .config = config}});
  world.pass();
  EXPECT_NE(world.detail_of("api").find("MissingValue"), std::string::npos) << world.detail_of("api");
  world.hooks.on_run = [](const HookCall& call, const Hooks::Output&) {
    call.values->put_secret("secrets/job/api", "token", "s3cret");
    return HookResult{.end = End::kDone};
  };
  seed();
  world.pass();
  EXPECT_EQ(world.state(), "applied") << world.detail_of("api");

  // The same where something older runs meanwhile, which has no such command.
  world.commit({{.name = "api", .version = "1"}, {.name = "web"}});
  world.pass();
  const std::string more = "{{ getSecret \"other\" }}";
  world.commit({{.name = "api", .version = "2", .commands = {{"command_seed", "\"cli\""}}, .config = more},
                {.name = "web"}});
  world.pass();
  EXPECT_NE(world.detail_of("api").find("MissingValue"), std::string::npos) << world.detail_of("api");
  world.hooks.on_run = [](const HookCall& call, const Hooks::Output&) {
    EXPECT_EQ(call.current_version, "1");
    EXPECT_EQ(call.new_version, "2");
    call.values->put_secret("secrets/job/api", "other", "s3cret");
    return HookResult{.end = End::kDone};
  };
  seed();
  EXPECT_EQ(world.hooks.runs().size(), 4u) << "on both workers, twice";
  world.pass();
  EXPECT_EQ(world.state(), "applied") << world.detail_of("api");
}

TEST(HookOrders, NothingRunsWhileTheWorkersHaveToBeClaimed_R7_3) {
  PassSettings settings = LoopWorld::usual();
  HooksWorld first(settings);
  const std::vector<Hooked> jobs = {{.commands = {{"command_all", "\"post_build\", \"pre_deploy\""}}}};
  first.commit(jobs);
  first.pass();
  HooksWorld second(settings);  // its store is empty, and its workers hold receipts
  second.runner.workers = first.runner.workers;
  second.commit(jobs);
  second.pass();
  EXPECT_EQ(second.state(), "held");
  EXPECT_TRUE(second.hooks.runs().empty());
}

}  // namespace
}  // namespace maand::testing
