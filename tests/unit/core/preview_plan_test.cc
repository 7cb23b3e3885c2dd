// What merging would do, worked out without a secret: whatever a template does with
// one, the plan is of `<secret>`, and only what the merge changes is in it.
#include "reconciler/core/preview/preview_plan.h"

#include <gtest/gtest.h>

#include "tests/support/desire.h"
#include "tests/support/fake_file_view.h"
#include "tests/support/fake_values.h"

namespace maand {
namespace {

using testing::FakeFileView;

class MergePlan : public ::testing::Test {
 protected:
  MergePlan() {
    values_.write({{ValueChange::Kind::kPutSecret, "secrets/job/api", "token", "hunter2"}}, {});
    real_ = {BucketId("b1"), values_.snapshot(),
             [this](const StoredValue& value) { return values_.reveal(value); }, ""};
    masked_ = real_;
    masked_.reveal = [](const StoredValue&) {
      return RevealedSecret{RevealedSecret::State::kOpened, "<secret>", ""};
    };
    base_.file("workers.json", R"([{"host": "w1"}, {"host": "w2"}])");
    job(base_, "api", "1.0.0").file("jobs/api/app.ini.tpl", "token={{getSecret \"token\"}}\nmode=a\n");
    job(base_, "web", "1.0.0");
  }
  static FakeFileView& job(FakeFileView& view, const std::string& name, const std::string& version) {
    return view
        .file("jobs/" + name + "/manifest.json",
              R"({"version": ")" + version + R"(", "selectors": ["worker"]})")
        .file("jobs/" + name + "/Makefile", "start stop restart:\n\t@true\n");
  }
  static Workspace load(const FakeFileView& view) { return load_workspace(view, "", {}); }
  static DesiredState of(const Workspace& workspace, const AppliedState& applied,
                         const VariableSources& sources, const char* commit) {
    return desire(CommitId(commit), workspace, applied, {}, sources);
  }
  // As if everything of `view` had been rolled out with the real secrets.
  AppliedState applied_of(const FakeFileView& view) {
    const Workspace workspace = load(view);
    const DesiredState desired = of(workspace, {}, real_, "base");
    AppliedState out;
    out.ports = desired.ports;
    for (const auto& [name, one] : desired.jobs) {
      for (std::size_t i = 0; i < one.workers.size(); ++i) {
        AppliedAllocation allocation;
        allocation.key = {name, desired.workers[one.workers[i]].host};
        allocation.running = true;
        allocation.version = one.job->version;
        allocation.files = one.content(i).files;
        allocation.rendered_with = one.content(i).with;
        allocation.tree = one.job->tree;
        allocation.last = LastResult::kConfirmed;
        allocation.last_target = Target::kStart;
        out.allocations[allocation.key] = allocation;
      }
    }
    return out;
  }
  PreviewPlan merge(const FakeFileView& merged, const std::set<AllocationKey>& unsettled = {}) {
    return merge(merged, applied_of(base_), unsettled);
  }
  PreviewPlan merge(const FakeFileView& merged, const AppliedState& applied,
                    const std::set<AllocationKey>& unsettled = {}) {
    const Workspace now = load(base_);
    const Workspace then = load(merged);
    const DesiredState head = of(now, applied, masked_, "base");
    const DesiredState wanted = of(then, applied, masked_, "merge");
    const auto changed = [&](const std::string& path) { return base_.read(path) != merged.read(path); };
    return plan_of_merge(head, wanted, then, masked_applied(applied, head, unsettled), PlanSettings{},
                         changed);
  }
  static std::string told(const PreviewPlan& plan) {
    std::string out;
    for (const PreviewAction& one : plan.actions)
      out += one.key.str() + " " + to_string(one.action) + " " + to_string(one.reason) + "\n";
    return out;
  }

  FakeValues values_;
  VariableSources real_, masked_;
  FakeFileView base_;
};

TEST_F(MergePlan, TheSameTreeDoesNothingAlthoughSecretsAreRendered) {
  const PreviewPlan plan = merge(base_);
  EXPECT_EQ(plan.result, PreviewResult::kNothing);
  EXPECT_EQ(told(plan), "");
  EXPECT_EQ(plan.unchanged, 4u);
  EXPECT_TRUE(plan.remarks.empty());
}

TEST_F(MergePlan, OnlyWhatTheMergeChangesIsInIt) {
  FakeFileView merged = base_;
  job(merged, "web", "1.1.0");
  EXPECT_EQ(told(merge(merged)), "web@w1 restart VersionChanged\nweb@w2 restart VersionChanged\n");
  FakeFileView rendered = base_;
  rendered.file("jobs/api/app.ini.tpl", "token={{getSecret \"token\"}}\nmode=b\n");
  EXPECT_EQ(told(merge(rendered)), "api@w1 restart FilesChanged\napi@w2 restart FilesChanged\n");
  FakeFileView fewer = base_;
  fewer.remove("jobs/web");
  EXPECT_EQ(told(merge(fewer)), "web@w1 stop Left\nweb@w2 stop Left\n");
}

// Every function that could take a secret apart or test it sees `<secret>`.
TEST_F(MergePlan, ATemplateThatTriesASecretInEveryWaySeesTheMask) {
  struct Row {
    const char* text;
    const char* same_as;  // what it comes to, as plain text
  };
  for (const Row& row :
       {Row{"{{getSecret \"token\"}}", "<secret>"}, Row{"{{get \"secrets/job/api\" \"token\"}}", "<secret>"},
        Row{"{{printf \"%q\" (getSecret \"token\")}}", "\"<secret>\""},
        Row{"{{len (getSecret \"token\")}}", "8"}, Row{"{{slice (getSecret \"token\") 0 4}}", "<sec"},
        Row{"{{upper (getSecret \"token\")}}", "<SECRET>"},
        Row{"{{if eq (getSecret \"token\") \"hunter2\"}}yes{{else}}no{{end}}", "no"},
        Row{"{{range $i, $c := split (getSecret \"token\") \"\"}}{{$c}}.{{end}}", "<.s.e.c.r.e.t.>."}}) {
    FakeFileView merged = base_;
    merged.file("jobs/web/probe.tpl", "x");  // a job of its own cannot read it
    merged.file("jobs/api/probe.tpl", row.text);
    const Workspace then = load(merged);
    const DesiredState wanted = of(then, applied_of(base_), masked_, "merge");
    const auto found = wanted.jobs.find(JobName("api"));
    ASSERT_TRUE(found != wanted.jobs.end() && found->second.job && !found->second.held) << row.text;
    for (const ShippedFile& file : found->second.content(0).files->files) {
      EXPECT_NE(file.content, sha256("hunter2"));
      if (file.path != "probe") continue;
      EXPECT_EQ(*file.text, row.same_as) << row.text;
    }
  }
}

// A file with the guessed text would be told as unchanged: then the guess was right.
TEST_F(MergePlan, APlainFileWithTheRightGuessLooksLikeAnyOther) {
  const AllocationKey w1{JobName("api"), WorkerHost("w1")};
  const AllocationKey w2{JobName("api"), WorkerHost("w2")};
  for (const std::set<AllocationKey>& unsettled :
       {std::set<AllocationKey>{}, std::set<AllocationKey>{w1, w2}}) {
    std::string answers[2];
    int i = 0;
    for (const char* guess : {"token=hunter2\nmode=a\n", "token=hunter3\nmode=a\n"}) {
      FakeFileView merged = base_;
      merged.remove("jobs/api/app.ini.tpl").file("jobs/api/app.ini", guess);
      const PreviewPlan plan = merge(merged, unsettled);
      for (const PreviewAction& one : plan.actions)
        answers[i] += one.key.str() + " " + to_string(one.reason) + " " + one.detail + "\n";
      ++i;
    }
    EXPECT_EQ(answers[0], answers[1]);
    EXPECT_NE(answers[0].find("app.ini"), std::string::npos) << answers[0];
  }
}

TEST_F(MergePlan, NoDigestOfARealRenderingIsLeft) {
  const AppliedState applied = applied_of(base_);
  const Workspace now = load(base_);
  const DesiredState head = of(now, applied, masked_, "base");
  const Digest real = sha256("token=hunter2\nmode=a\n");
  const auto holds = [&](const AppliedState& state) {
    for (const auto& [key, allocation] : state.allocations) {
      for (const ShippedFile& file : allocation.files->files) {
        if (file.content == real) return true;
      }
    }
    return false;
  };
  EXPECT_TRUE(holds(applied));
  EXPECT_FALSE(holds(masked_applied(applied, head, {})));
  EXPECT_FALSE(holds(masked_applied(applied, head, {{JobName("api"), WorkerHost("w1")}})));
  AppliedState stray = applied;  // of a job that the head does not know
  stray.allocations[{JobName("gone"), WorkerHost("w1")}] = applied.allocations.begin()->second;
  EXPECT_FALSE(holds(masked_applied(stray, head, {})));
}

TEST_F(MergePlan, ATemplateThatLooksTheSameUnderTheMaskIsRemarked) {
  FakeFileView merged = base_;
  merged.file("jobs/api/app.ini.tpl",
              "token={{if eq (getSecret \"token\") \"<secret>\"}}{{getSecret "
              "\"token\"}}{{else}}evil{{end}}\nmode=a\n");
  const PreviewPlan plan = merge(merged);
  EXPECT_EQ(told(plan), "");
  ASSERT_EQ(plan.remarks.size(), 1u);
  EXPECT_NE(plan.remarks[0].find("jobs/api/app.ini.tpl reads secrets and was changed"), std::string::npos);
}

TEST_F(MergePlan, WhatIsDueWithoutTheMergeIsCountedApart) {
  AppliedState applied = applied_of(base_);
  applied.allocations.erase({JobName("web"), WorkerHost("w2")});  // not started yet
  FakeFileView merged = base_;
  job(merged, "more", "1.0.0");
  const PreviewPlan plan = merge(merged, applied, {{JobName("web"), WorkerHost("w2")}});
  EXPECT_EQ(told(plan), "more@w1 start New\nmore@w2 start New\n");
  EXPECT_EQ(plan.due, 1u);
  EXPECT_EQ(plan.result, PreviewResult::kChanges);
}

TEST_F(MergePlan, ABrokenJobIsHeldByTheMergeAndSaysWhy) {
  FakeFileView merged = base_;
  merged.file("jobs/web/manifest.json", "{");
  const PreviewPlan plan = merge(merged);
  EXPECT_EQ(plan.result, PreviewResult::kHeld);
  ASSERT_EQ(plan.held.size(), 1u);
  EXPECT_EQ(plan.held[0].job, JobName("web"));
  EXPECT_FALSE(plan.diagnostics.empty());
}

TEST_F(MergePlan, ARefusedWorkspaceIsToldWithItsErrors) {
  FakeFileView merged = base_;
  merged.file("workers.json", "[");
  const Workspace then = load(merged);
  ASSERT_TRUE(then.refused());
  const PreviewPlan plan = refused_merge(then);
  EXPECT_EQ(plan.result, PreviewResult::kRefused);
  EXPECT_FALSE(plan.diagnostics.empty());
}

}  // namespace
}  // namespace maand
