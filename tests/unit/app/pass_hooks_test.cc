// Hooks over the whole loop: when each event's commands run, what they write and who reads it,
// and what becomes of a job, or a commit, whose hook fails.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/app/hooks_loop.h"

namespace maand::testing {
namespace {

std::string environment_of(const HookCall& call, const std::string& name) {
  for (const auto& [key, value] : call.environment) {
    if (key == name) return value;
  }
  return "(none)";
}

TEST(PassHooks, WhatPreDeployWritesIsRenderedInTheSamePass) {
  HooksWorld world;
  world.hooks.on_run = [](const HookCall& call, const Hooks::Output&) {
    EXPECT_EQ(call.values->put_secret("secrets/job/api", "token", "s3cret").verdict,
              HookValues::Verdict::kDone);
    EXPECT_EQ(call.current_version, "0.0.0");
    EXPECT_EQ(call.new_version, "1");
    EXPECT_EQ(call.files->size(), 4u) << "manifest, Makefile, template and program";
    return HookResult{.end = End::kDone};
  };
  world.commit({{.commands = {{"command_seed", "\"pre_deploy\""}}, .config = "{{ getSecret \"token\" }}"}});
  world.pass();
  EXPECT_EQ(world.hooks.runs(), (Runs{"pre_deploy command_seed api@w1", "pre_deploy command_seed api@w2"}));
  EXPECT_EQ(world.runner.runs.size(), 2u) << "both are started with what the hook brought";
  EXPECT_EQ(world.state(), "applied");

  world.pass();
  EXPECT_EQ(world.hooks.runs().size(), 2u) << "a pass without a rollout runs no hook (R1.9)";
}

TEST(PassHooks, AFailedPreDeployHoldsItsJobAndTouchesNoWorker) {
  HooksWorld world;
  world.fail("w2");
  world.commit(
      {{.commands = {{"command_a", "\"pre_deploy\""}, {"command_b", "\"pre_deploy\""}}}, {.name = "web"}});
  world.pass();
  EXPECT_EQ(world.hooks.runs(), (Runs{"pre_deploy command_a api@w1", "pre_deploy command_a api@w2"}))
      << "the first command that fails is the last";
  EXPECT_EQ(world.runner.runs.size(), 2u) << "web alone";
  EXPECT_EQ(world.state(), "held");
  EXPECT_NE(world.detail_of("api").find("HookFailed: command_a (pre_deploy) failed: w2: exit status 3"),
            std::string::npos)
      << world.detail_of("api");
  world.pass();
  EXPECT_EQ(world.hooks.runs().size(), 2u) << "what failed is not tried again by itself";

  world.succeed();
  EXPECT_EQ(world.desk.retry_here("api", "ann").kind, Kind::kDone);
  world.pass();
  EXPECT_EQ(world.hooks.runs().size(), 6u);
  EXPECT_EQ(world.state(), "applied");
}

TEST(PassHooks, AJobThatWaitsForAValueRunsPreDeployAgainOnlyWhenValuesChange) {
  HooksWorld world;
  world.commit({{.commands = {{"command_seed", "\"pre_deploy\""}}, .config = "{{ getSecret \"token\" }}"}},
               1);
  world.pass();
  EXPECT_EQ(world.hooks.runs().size(), 1u);
  EXPECT_NE(world.detail_of("api").find("MissingValue"), std::string::npos) << world.detail_of("api");
  world.pass();
  EXPECT_EQ(world.hooks.runs().size(), 1u);
  world.values.write({{ValueChange::Kind::kPutSecret, "secrets/job/api", "other", "x"}}, {});
  world.pass();
  EXPECT_EQ(world.hooks.runs().size(), 2u);
}

TEST(PassHooks, AJobWhoseUpstreamRollsOutRunsPreDeployAfterIt) {
  HooksWorld world;
  world.note_all();
  FakeFileView view = LoopWorld::workspace(1, {{"db", "1"}});
  view.file(
      "workspace/jobs/db/manifest.json",
      R"({"version": "1", "selectors": ["worker"], "commands": {"command_need": {"executed_on": ["cli"]}}})");
  view.file("workspace/jobs/db/_modules/command_need.py", "");
  view.file(
      "workspace/jobs/api/manifest.json",
      R"({"version": "1", "selectors": ["worker"], "commands": {"command_seed": {"executed_on": ["pre_deploy"],
               "demands": {"job": "db", "command": "command_need"}}}})");
  view.file("workspace/jobs/api/Makefile", "start stop restart reload:\n\t@true\n");
  view.file("workspace/jobs/api/_modules/command_seed.py", "");
  world.source.commit(view);
  const PassResult first = world.pass();
  EXPECT_EQ(world.told, (Runs{"start db@w1"}));
  EXPECT_TRUE(first.again) << "it follows at once";
  world.pass();
  EXPECT_EQ(world.told, (Runs{"start db@w1", "pre_deploy api@w1", "start api@w1"}));
  EXPECT_EQ(world.state(), "applied");
}

TEST(PassHooks, WhatPostBuildWritesIsThereOnlyOnceAllOfItHasSucceeded) {
  HooksWorld world;
  bool fails = true;
  world.hooks.on_run = [&](const HookCall& call, const Hooks::Output&) {
    const bool first = call.allocation.worker == WorkerHost("w1");
    if (first) {
      EXPECT_EQ(call.values->put("vars/job/api", "color", " red ").verdict, HookValues::Verdict::kDone);
      EXPECT_EQ(call.values->get("vars/job/api", "color").value, "red") << "its own eyes see it";
    } else {
      EXPECT_EQ(call.values->get("vars/job/api", "color").value, "red") << "so do the others of the event";
    }
    if (!first && fails) return HookResult{.end = End::kFailed, .status = 1};
    return HookResult{.end = End::kDone};
  };
  const std::vector<Hooked> jobs = {
      {.commands = {{"command_paint", "\"post_build\""}}, .config = "{{ get \"vars/job/api\" \"color\" }}"}};
  const CommitId held = world.commit(jobs);
  world.pass();
  EXPECT_EQ(world.state(), "held");
  EXPECT_NE(world.note(held).find("command_paint (post_build) failed: w2: exit status 1"), std::string::npos)
      << world.note(held);
  EXPECT_TRUE(world.values.calls().empty()) << "of a commit that is held nothing is written";
  EXPECT_TRUE(world.runner.runs.empty());
  world.pass();
  EXPECT_EQ(world.hooks.runs().size(), 2u) << "not tried again by itself";

  fails = false;
  world.reconciler.run_once("operator");
  EXPECT_EQ(world.values.calls(), (Runs{"put vars/job/api color"}));
  EXPECT_EQ(world.state(), "applied");
  EXPECT_EQ(world.runner.runs.size(), 2u);
  world.pass();
  EXPECT_EQ(world.hooks.runs().size(), 4u) << "once for a commit";
}

TEST(PassHooks, PostDeployEndsARolloutAndIsOwedUntilItSucceeds) {
  HooksWorld world;
  world.note_all();
  world.commit({{.commands = {{"command_end", "\"post_deploy\""}}}});
  world.pass();
  EXPECT_EQ(world.told, (Runs{"start api@w1", "start api@w2", "post_deploy api@w1", "post_deploy api@w2"}));
  EXPECT_EQ(world.state(), "applied");

  world.fail("w1");
  world.commit({{.version = "2", .commands = {{"command_end", "\"post_deploy\""}}}});
  world.pass();
  EXPECT_EQ(world.state(), "held");
  EXPECT_NE(world.detail_of("api").find("HookFailed"), std::string::npos);
  EXPECT_EQ(world.journal.state().find(kOn1)->version, "2") << "what was confirmed stays so";

  world.told.clear();
  world.note_all();
  world.desk.retry_here("api", "ann");
  world.pass();
  EXPECT_EQ(world.told, (Runs{"post_deploy api@w1", "post_deploy api@w2"})) << "no target runs again";
  EXPECT_EQ(world.state(), "applied");
  world.told.clear();
  world.pass();
  EXPECT_TRUE(world.told.empty());
}

TEST(PassHooks, AfterEachBatchItsHooksKnowWhoseTurnItWas) {
  HooksWorld world;
  const std::vector<std::pair<std::string, std::string>> commands = {
      {"command_after", "\"after_allocation_started\""}};
  world.commit({{.commands = commands}}, 3);
  world.pass();
  ASSERT_EQ(world.hooks.calls().size(), 3u);
  const HookCall started = world.hooks.calls()[2];
  EXPECT_EQ(environment_of(started, "DEPLOY_PHASE"), "new");
  EXPECT_EQ(environment_of(started, "BATCH_ALLOCATIONS"), "w1,w2,w3");
  EXPECT_EQ(environment_of(started, "BATCH_COUNT"), "1");
  EXPECT_EQ(started.allocation_index, 2);
  EXPECT_EQ(environment_of(started, "ROLLOUT_ORDER_SOURCE"), "default");

  world.commit({{.version = "2", .commands = commands}}, 3);
  world.note_all();
  world.pass();
  EXPECT_EQ(world.told,
            (Runs{"restart api@w1", "after_allocation_started api@w1", "restart api@w2",
                  "after_allocation_started api@w2", "restart api@w3", "after_allocation_started api@w3"}));
  const HookCall last = world.hooks.calls().back();
  EXPECT_EQ(environment_of(last, "DEPLOY_PHASE"), "update");
  EXPECT_EQ(environment_of(last, "BATCH_INDEX"), "2");
  EXPECT_EQ(environment_of(last, "ROLLOUT_ORDER"), "w1,w2,w3");
  EXPECT_EQ(last.current_version, "1");
}

TEST(PassHooks, AnOrderThatPreDeployWroteOrdersWhoeverThereIs) {
  HooksWorld world;
  world.note_all();
  world.commit({{.commands = {{"command_order", "\"pre_deploy\""}}}}, 3);
  world.pass();
  world.told.clear();
  world.hooks.on_run = [&](const HookCall& call, const Hooks::Output&) {
    const bool done = call.values->put("maand/job/api", "rollout_order", "w3, w9, w1").verdict ==
                      HookValues::Verdict::kDone;
    EXPECT_TRUE(done);
    return HookResult{.end = End::kDone};
  };
  world.commit({{.version = "2", .commands = {{"command_order", "\"pre_deploy\""}}}}, 3);
  world.pass();
  EXPECT_EQ(world.told, (Runs{"restart api@w3", "restart api@w1", "restart api@w2"}));
  EXPECT_EQ(world.values.snapshot()->find("maand/job/api", "rollout_order").found, Found::kNoKey)
      << "it counts for one rollout";
}

TEST(PassHooks, JobControlBringsItUpInPlaceOfTheTargets) {
  HooksWorld world;
  world.note_all();
  const std::vector<std::pair<std::string, std::string>> commands = {{"command_up", "\"job_control\""}};
  world.commit({{.commands = commands}});
  world.pass();
  EXPECT_EQ(world.told, (Runs{"stage api@w1", "stage api@w2", "job_control api@w1", "job_control api@w2",
                              "control api@w1", "control api@w2"}));
  EXPECT_EQ(environment_of(world.hooks.calls()[0], "NEW_ALLOCATIONS"), "w1,w2");
  EXPECT_TRUE(world.journal.state().find(kOn1)->running);
  EXPECT_EQ(world.state(), "applied");

  world.told.clear();
  world.fail("w2");
  world.commit({{.version = "2", .commands = commands}});
  world.pass();
  EXPECT_EQ(environment_of(world.hooks.calls().back(), "UPDATED_ALLOCATIONS"), "w1,w2");
  EXPECT_EQ(world.journal.state().find(kOn1)->version, "1") << "nothing of it counts";
  EXPECT_EQ(world.state(), "held");
  world.note_all();
  world.told.clear();
  world.desk.retry_here("api", "ann");
  world.pass();
  EXPECT_EQ(world.journal.state().find(kOn1)->version, "2");
  EXPECT_EQ(world.state(), "applied");
  world.told.clear();
  world.pass();
  EXPECT_TRUE(world.told.empty());
}

TEST(PassHooks, AGateHasItsHooksAskedLastAndAgainUntilItGivesUp) {
  HooksWorld world;
  int asked = 0;
  world.hooks.on_run = [&](const HookCall& call, const Hooks::Output&) {
    EXPECT_EQ(call.values->put("vars/job/api", "a", "b").verdict, HookValues::Verdict::kDenied);
    return HookResult{.end = ++asked < 2 ? End::kFailed : End::kDone, .status = 1};
  };
  const std::string health = R"(, "health_check": {"checks": [{"type": "ssh", "command": "true"}],
      "wait": {"attempts": 3, "interval_seconds": 1}})";
  world.commit({{.commands = {{"command_well", "\"health_check\""}}, .rest = health}}, 1);
  world.pass();
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(world.state(), "applied");

  world.fail("command_well");
  world.commit({{.version = "2", .commands = {{"command_well", "\"health_check\""}}, .rest = health}}, 1);
  world.pass();
  EXPECT_EQ(world.state(), "held");
  EXPECT_NE(world.detail_of("api").find("GateFailed"), std::string::npos) << world.detail_of("api");
  EXPECT_NE(world.detail_of("api").find("command_well"), std::string::npos) << world.detail_of("api");
}

TEST(PassHooks, WhatIsStoppedHasItsHooksAfterIt) {
  HooksWorld world;
  const std::vector<std::pair<std::string, std::string>> commands = {
      {"command_gone", "\"after_allocation_stopped\""}};
  world.commit({{.commands = commands}});
  world.pass();
  EXPECT_TRUE(world.hooks.runs().empty());
  world.note_all();
  FakeFileView view = LoopWorld::workspace(2, {});
  view.file(
      "workspace/jobs/api/manifest.json",
      R"({"version": "1", "selectors": ["worker"], "commands": {"command_gone": {"executed_on": ["after_allocation_stopped"]}}})");
  view.file("workspace/jobs/api/Makefile", "start stop restart reload:\n\t@true\n");
  view.file("workspace/jobs/api/_modules/command_gone.py", "print('command_gone')\n");
  view.file("workspace/disabled.json", R"({"workers": ["w2"]})");
  world.source.commit(view);
  world.pass();
  EXPECT_EQ(world.told, (Runs{"stop api@w2", "after_allocation_stopped api@w2"}));
  EXPECT_TRUE(world.hooks.calls().back().disabled);
  EXPECT_EQ(environment_of(world.hooks.calls().back(), "DEPLOY_PHASE"), "stop");
}

TEST(PassHooks, ARollbackRunsNoHook_R5_2) {
  HooksWorld world;
  const std::string back = R"(, "rollout": {"on_failure": "rollback"})";
  const std::vector<std::pair<std::string, std::string>> commands = {
      {"command_all", "\"pre_deploy\", \"post_deploy\", \"after_allocation_started\""}};
  world.commit({{.commands = commands, .rest = back}}, 1);
  world.pass();
  world.note_all();
  world.runner.on_run = [&](const Operation& operation) {
    world.told.push_back(std::string(to_string(operation.action)) + " " + operation.allocation.str());
    return Outcome{.kind = operation.new_version == "2" ? OutcomeKind::kFailed : OutcomeKind::kSucceeded,
                   .exit_status = 1};
  };
  world.commit({{.version = "2", .commands = commands, .rest = back}}, 1);
  world.pass();
  EXPECT_EQ(world.told, (Runs{"pre_deploy api@w1", "restart api@w1", "rollback api@w1"}));
}

}  // namespace
}  // namespace maand::testing
