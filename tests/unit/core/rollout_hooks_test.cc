// Hooks among the steps of a rollout: what comes before and after them, and what a failure, a
// stop or a worker that is gone makes of it.
#include <gtest/gtest.h>

#include "reconciler/core/hook_access.h"
#include "reconciler/core/rollout_order.h"
#include "tests/support/desire.h"
#include "tests/support/fake_file_view.h"
#include "tests/support/rollout_script.h"

namespace maand {
namespace {

using Kind = HookRoundEnd::Kind;

// Actions and events in the order in which they were handed out.
std::string story(const RolloutScript& script) {
  std::string out;
  for (const std::vector<Step>& steps : script.history) {
    std::string line;
    for (const Step& step : steps) {
      std::string word;
      if (step.kind == Step::Kind::kRun) word = to_string(step.action.action) + (" " + step.key.worker.str());
      if (step.kind == Step::Kind::kHook) {
        word = to_string(step.hooks.event);
        for (const AllocationKey& key : step.hooks.members) word += " " + key.worker.str();
      }
      if (!word.empty()) line += (line.empty() ? "" : ", ") + word;
    }
    if (!line.empty()) out += (out.empty() ? "" : " | ") + line;
  }
  return out;
}

JobText hooked(JobText text) {
  text.plan.hooks.started = text.plan.hooks.stopped = text.plan.hooks.health = text.plan.hooks.post_deploy =
      true;
  return text;
}

TEST(RolloutHooks, StandBetweenTheBatchAndItsGateAndAtTheEnd) {
  RolloutScript script;
  script.put(hooked(job("api").upgrade("w1 w2").disable("w3")));
  script.run();
  EXPECT_EQ(
      story(script),
      "stop w3 | after_allocation_stopped w3 | restart w1 | after_allocation_started w1 | health_check w1 | "
      "restart w2 | after_allocation_started w2 | health_check w2 | post_deploy w1 w2");
  EXPECT_EQ(script.end("api"), "done");
}

TEST(RolloutHooks, AFailureStopsTheJobLikeAFailedTarget) {
  RolloutScript script;
  script.put(hooked(job("api").upgrade("w1 w2")));
  script.hooks("after_allocation_started", {Kind::kFailed, "command_a failed: w1: exit status 1"});
  script.run();
  EXPECT_EQ(story(script), "restart w1 | after_allocation_started w1");
  EXPECT_EQ(script.end("api"), "failed: HookFailed");
  EXPECT_EQ(script.report("api").detail, "command_a failed: w1: exit status 1");
}

TEST(RolloutHooks, HealthIsAskedAsOftenAsTheGateMay) {
  RolloutScript script;
  JobText text = hooked(job("api").upgrade("w1").checks(3));
  script.put(text);
  script.hooks("health_check", {Kind::kFailed, "not yet"});
  script.run();
  EXPECT_EQ(story(script),
            "restart w1 | after_allocation_started w1 | health_check w1 | health_check w1 | health_check w1");
  EXPECT_EQ(script.end("api"), "failed: GateFailed");
}

TEST(RolloutHooks, JobControlComesAfterTheFilesAndBeforeTheyCount) {
  RolloutScript script;
  JobText text = job("api").upgrade("w1 w2 w3", Action::kControl);
  text.plan.hooks.control = text.plan.hooks.post_deploy = true;
  script.put(text);
  script.unreachable("w2");
  script.run();
  EXPECT_EQ(story(script), "stage w1, stage w2, stage w3 | job_control w1 w3 | control w1, control w3");
  EXPECT_EQ(script.end("api"), "degraded: WorkerCondition") << "and post_deploy waits for the last of them";

  RolloutScript again;
  again.put(text);
  again.hooks("job_control", {Kind::kFailed, "no"});
  again.run();
  EXPECT_EQ(story(again), "stage w1, stage w2, stage w3 | job_control w1 w2 w3");
  EXPECT_EQ(again.end("api"), "failed: HookFailed");
}

// workspace.md 11.1: by hand, those that the order is about and nobody else.
TEST(RolloutHooks, JobControlByHandHasItsTargetAndNothingElse) {
  JobText text = job("api").upgrade("w1 w2", Action::kControl).unchanged("w3");
  text.plan.hooks.control = true;
  text.plan.hooks.target = "restart";
  RolloutScript script;
  script.put(text);
  script.run();
  EXPECT_EQ(story(script), "stage w1, stage w2 | job_control w1 w2 | control w1, control w2");
  EXPECT_EQ(script.end("api"), "done");
  for (const std::vector<Step>& steps : script.history) {
    for (const Step& step : steps) {
      if (step.kind != Step::Kind::kHook) continue;
      EXPECT_EQ(step.hooks.target, "restart");
      EXPECT_TRUE(step.hooks.fresh.empty() && step.hooks.updated.empty());
    }
  }

  text.plan.hooks.control_ran = true;
  RolloutScript after;
  after.put(text);
  after.run();
  EXPECT_EQ(story(after), "control w1, control w2") << "what is left to be put on record";
}

TEST(RolloutHooks, WhatFollowsABatchIsKnownBeforeItBegins) {
  RolloutScript script;
  script.put(hooked(job("api").upgrade("w1 w2").disable("w3")));
  std::vector<std::string> told;
  const auto look = [&] {
    const auto round = script.rollout.hooks_after_batch(JobName("api"));
    std::string words = round ? to_string(round->event) : "none";
    if (round) words += " " + round->members.at(0).worker.str() + " " + round->phase;
    if (told.empty() || told.back() != words) told.push_back(words);
  };
  for (int i = 0; i < 40; ++i) {
    script.fetch();
    look();
    script.answer_all();
  }
  EXPECT_EQ(told, (std::vector<std::string>{"none", "after_allocation_stopped w3 stop",
                                            "after_allocation_started w1 update",
                                            "after_allocation_started w2 update", "none"}));
}

TEST(RolloutHooks, WhatIsOwedRunsWithoutAnAction) {
  RolloutScript script;
  JobText text = job("api").unchanged("w1 w2");
  text.plan.hooks.post_deploy = text.plan.hooks.post_deploy_owed = true;
  script.put(text);
  script.run();
  EXPECT_EQ(story(script), "post_deploy w1 w2");
  EXPECT_EQ(script.end("api"), "done");
}

TEST(RolloutHooks, WhoIsLeftAloneBecauseOfWhatCameBeforeKeepsPostDeployOwed) {
  for (const bool failed : {true, false}) {
    RolloutScript script;
    JobText text = job("api").unchanged("w1 w2");
    text.plan.hooks.post_deploy = text.plan.hooks.post_deploy_owed = true;
    text.plan.active[1].failed = failed;
    text.plan.active[1].open = !failed;
    script.put(text);
    script.run();
    EXPECT_EQ(story(script), "");
    EXPECT_EQ(script.end("api"), "done");
    EXPECT_TRUE(script.rollout.report(JobName("api"))->owes_hooks);
  }
}

TEST(RolloutHooks, AStopLetsWhatRunsEndAndADaemonThatLeavesBeginsNone) {
  RolloutScript script;
  script.put(hooked(job("api").upgrade("w1 w2")));
  script.fetch();  // contacts
  script.answer_all();
  script.fetch();
  script.answer_all();  // the target of w1
  script.fetch();
  ASSERT_EQ(story(script), "restart w1 | after_allocation_started w1");
  script.rollout.stop_job(JobName("api"), Reason::kSuperseded);
  EXPECT_FALSE(script.rollout.quiet(JobName("api"))) << "a hook is in flight";
  script.run();
  EXPECT_EQ(story(script), "restart w1 | after_allocation_started w1 | health_check w1");
  EXPECT_EQ(script.end("api"), "stopped: Superseded");

  RolloutScript leaving;
  leaving.put(hooked(job("api").upgrade("w1")));
  leaving.fetch();
  leaving.answer_all();
  leaving.fetch();
  leaving.rollout.stop_all(Reason::kStopping);
  leaving.run();
  EXPECT_EQ(story(leaving), "restart w1");
}

TEST(RolloutHooks, ThoseThatWereCancelledFailNothing) {
  RolloutScript script;
  JobText text = job("api").unchanged("w1");
  text.plan.hooks.post_deploy = text.plan.hooks.post_deploy_owed = true;
  script.put(text);
  script.fetch();
  script.rollout.stop_all(Reason::kStopping);
  script.hooks("post_deploy", {Kind::kCancelled, "cancelled"});
  script.run();
  EXPECT_EQ(script.end("api"), "stopped: Stopping");
}

TEST(RolloutOrder, NamesWhoComesFirstAndTheRestFollows) {  // list of differences
  JobPlan plan = job("api").upgrade("w1 w2 w3 w4").plan;
  EXPECT_TRUE(put_in_order(plan, rollout_order_from(" w3 ,, w9, w1,w3")));
  std::string order;
  for (const PlannedAction& action : plan.upgrades) order += action.key.worker.str() + " ";
  EXPECT_EQ(order, "w3 w1 w2 w4 ");
  EXPECT_TRUE(plan.hooks.ordered);
  EXPECT_FALSE(put_in_order(plan, {"w9"}));
}

TEST(HookAccess, WhoMayWriteWhat) {  // workspace.md 6.5
  struct {
    HookEvent event;
    HookWrite what;
    const char* ns;
    const char* key;
    bool may;
  } const rows[] = {
      {HookEvent::kPreDeploy, HookWrite::kPut, "vars/job/api", "a", true},
      {HookEvent::kHealthCheck, HookWrite::kPut, "vars/job/api", "a", false},
      {HookEvent::kHealthCheck, HookWrite::kEraseSecret, "secrets/job/api", "a", false},
      {HookEvent::kPreDeploy, HookWrite::kPut, "vars/job/web", "a", false},
      {HookEvent::kPreDeploy, HookWrite::kPut, "secrets/job/api", "a", false},
      {HookEvent::kPreDeploy, HookWrite::kPutSecret, "secrets/job/api", "a", true},
      {HookEvent::kPreDeploy, HookWrite::kPutSecret, "vars/job/api", "a", false},
      {HookEvent::kPreDeploy, HookWrite::kPut, "maand/job/api", "rollout_order", true},
      {HookEvent::kCli, HookWrite::kPut, "maand/job/api", "rollout_order", true},
      {HookEvent::kPostDeploy, HookWrite::kPut, "maand/job/api", "rollout_order", false},
      {HookEvent::kPreDeploy, HookWrite::kErase, "maand/job/api", "rollout_order", false},
      {HookEvent::kPreDeploy, HookWrite::kPut, "maand/job/api", "version", false},
      {HookEvent::kPostBuild, HookWrite::kErase, "vars/job/api", "a", true},
      {HookEvent::kPostBuild, HookWrite::kPut, "vars/bucket", "a", false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(refusal_to_write(JobName("api"), row.event, row.what, row.ns, row.key).empty(), row.may)
        << to_string(row.event) << " " << row.ns << " " << row.key;
  }
}

TEST(HooksDisabled, AJobWithThemIsHeldAndSaysWhatToSet) {
  testing::FakeFileView view;
  view.file("workers.json", R"([{"host": "w1"}])");
  const auto add = [&view](const std::string& name, const std::string& event) {
    view.file(
        "jobs/" + name + "/manifest.json",
        R"({"selectors": ["worker"], "commands": {"command_a": {"executed_on": [")" + event + R"("]}}})");
    view.file("jobs/" + name + "/Makefile", "start:\n");
    view.file("jobs/" + name + "/_modules/command_a.py", "");
  };
  add("api", "pre_deploy");
  add("web", "cli");
  const Workspace workspace = load_workspace(view, "", {});
  const DesiredState held = make_desired({.commit = CommitId("head"),
                                          .workspace = workspace,
                                          .applied = {},
                                          .kept = {},
                                          .sources = no_sources(),
                                          .hooks_enabled = false});
  EXPECT_EQ(held.jobs.at(JobName("api")).held_reason, Reason::kHooksDisabled);
  EXPECT_EQ(held.jobs.at(JobName("api")).held_detail,
            "command_a (pre_deploy) would run on the control host; set hooks.enabled = true in maand.conf");
  EXPECT_FALSE(held.jobs.at(JobName("web")).held) << "nobody runs it but a person";
  EXPECT_FALSE(desire(CommitId("head"), workspace).jobs.at(JobName("api")).held);
}

}  // namespace
}  // namespace maand
