// What a workspace with ports and templates asks for, and what is held of it.
#include "reconciler/core/desired.h"

#include <gtest/gtest.h>

#include "tests/support/desire.h"
#include "tests/support/fake_file_view.h"
#include "tests/support/fake_values.h"

namespace maand {
namespace {

using testing::FakeFileView;

FakeFileView workspace() {
  FakeFileView view;
  view.file("workers.json", R"([{"host": "w1"}, {"host": "w2"}])");
  return view;
}

void add_job(FakeFileView& view, const std::string& name, const std::string& manifest,
             const std::string& text = "") {
  view.file("jobs/" + name + "/manifest.json", manifest);
  view.file("jobs/" + name + "/Makefile", "start:\n");
  if (!text.empty()) view.file("jobs/" + name + "/app.ini.tpl", text);
}

constexpr const char* kEverywhere = R"({"version": "1.0.0", "selectors": ["worker"]})";

DesiredState desired_of(const FakeFileView& view, const AppliedState& applied = {},
                        const std::map<JobName, KeptJob>& kept = {},
                        const VariableSources& sources = no_sources()) {
  const Workspace workspace = load_workspace(view, "", {});
  EXPECT_FALSE(workspace.refused());
  return desire(CommitId("head"), workspace, applied, kept, sources);
}

std::string text_of(const DesiredState& desired, const std::string& job, std::size_t allocation) {
  for (const ShippedFile& file : desired.jobs.at(JobName(job)).content(allocation).files->files) {
    if (file.text) return *file.text;
  }
  return "(nothing rendered)";
}

TEST(Desired, TemplatesAreRenderedForEachAllocation) {
  FakeFileView view = workspace();
  add_job(view, "api", kEverywhere, "{{.WorkerIP}} of {{get \"maand/job/api\" \"workers\"}}");
  const DesiredState desired = desired_of(view);
  EXPECT_EQ(text_of(desired, "api", 0), "w1 of w1,w2");
  EXPECT_EQ(text_of(desired, "api", 1), "w2 of w1,w2");
  EXPECT_TRUE(desired.problems.all().empty());
}

TEST(Desired, APortOfThePoolStaysAcrossCommits) {  // 4.1
  FakeFileView view = workspace();
  add_job(view, "b", R"({"selectors": ["worker"], "resources": {"ports": {"b_http": {}}}})",
          "{{get \"maand/bucket\" \"b_http\"}}");
  AppliedState applied;
  applied.ports = desired_of(view).ports;
  EXPECT_EQ(applied.ports.at(JobName("b")).at("b_http"), 30000);
  add_job(view, "a", R"({"selectors": ["worker"], "resources": {"ports": {"a_http": {}}}})");
  const DesiredState second = desired_of(view, applied);
  EXPECT_EQ(second.ports.at(JobName("b")).at("b_http"), 30000);
  EXPECT_EQ(second.ports.at(JobName("a")).at("a_http"), 30001);
  EXPECT_EQ(text_of(second, "b", 0), "30000");
}

TEST(Desired, AScrapeTemplateIsRenderedOnceAndForNoWorker) {  // 6.5, 7.3, 13.3
  const struct {
    const char* text;
    const char* rendered;  // null: it fails, and its job is held
  } kCases[] = {
      {"- job_name: {{.Job}}-{{.NewVersion}}-{{.CurrentVersion}}-{{get \"vars/bucket\" \"domain\"}}\n"
       "  static_configs: [{targets: ['a:{{add 1 2}}']}]\n",
       "\n  - job_name: api-1.0.0-1.0.0-example.org\n    static_configs:\n      - targets:\n"
       "          - a:3"},
      {"- job_name: {{get \"maand/worker\" \"worker_workers\"}}\n", nullptr},
      {"- job_name: a{{scrapeConfigs}}\n", nullptr},
      {"- job_name: {{get \"vars/job/api\" \"none\"}}\n", nullptr},
  };
  for (const auto& [text, rendered] : kCases) {
    FakeFileView view = workspace();
    view.file("bucket.conf", "domain = \"example.org\"\n");
    add_job(view, "api", kEverywhere);
    view.file("jobs/api/_prometheus/scrape.yaml.tpl", text);
    add_job(view, "mon", kEverywhere);
    view.file("jobs/mon/prometheus.yml.tpl", "{{scrapeConfigs}}");
    const DesiredState desired = desired_of(view);
    EXPECT_EQ(desired.jobs.at(JobName("api")).held, rendered == nullptr) << text;
    if (rendered) {
      std::string shown = "(not there)";
      for (const ShippedFile& file : desired.jobs.at(JobName("mon")).content(0).files->files) {
        if (file.path == "prometheus.yml") shown = *file.text;
      }
      EXPECT_EQ(shown, rendered);
    }
  }
}

TEST(Desired, AMissingValueMakesItsJobWaitAndNoOther) {
  FakeFileView view = workspace();
  add_job(view, "api", kEverywhere, "{{get \"vars/job/api\" \"greeting\"}}");
  add_job(view, "db", kEverywhere);
  const DesiredState desired = desired_of(view);
  const DesiredJob& api = desired.jobs.at(JobName("api"));
  EXPECT_TRUE(api.held);
  EXPECT_EQ(to_string(api.held_reason), std::string("MissingValue"));
  EXPECT_EQ(api.held_detail, "vars/job/api/greeting");
  EXPECT_TRUE(desired.problems.all().empty()) << "it is no mistake";
  EXPECT_FALSE(desired.jobs.at(JobName("db")).held);

  FakeValues values;
  values.write({{ValueChange::Kind::kPut, "vars/job/api", "greeting", "hello"}}, {});
  const VariableSources sources{BucketId("bucket"), values.snapshot(), nullptr, ""};
  EXPECT_EQ(text_of(desired_of(view, {}, {}, sources), "api", 0), "hello");
}

TEST(Desired, EveryMissingValueOfAJobIsToldAtOnce) {
  FakeFileView view = workspace();
  add_job(view, "api", kEverywhere, "{{get \"vars/job/api\" \"a\"}}\n{{getSecret \"s\"}}");
  view.file("jobs/api/other.tpl", "{{get \"vars/job/api\" \"b\"}}{{get \"vars/job/api\" \"a\"}}");
  view.file("jobs/api/third.tpl", "{{get (printf \"maand/job/api/worker/%s\" .WorkerIP) \"cert\"}}");
  const DesiredState desired = desired_of(view);
  const DesiredJob& api = desired.jobs.at(JobName("api"));
  EXPECT_EQ(
      api.held_detail,
      "maand/job/api/worker/w1/cert, maand/job/api/worker/w2/cert, secrets/job/api/s, vars/job/api/a and "
      "vars/job/api/b");
  const std::vector<MissingValue> places{{"jobs/api/app.ini.tpl", 1, 3, "vars/job/api/a"},
                                         {"jobs/api/app.ini.tpl", 2, 3, "secrets/job/api/s"},
                                         {"jobs/api/other.tpl", 1, 3, "vars/job/api/b"},
                                         {"jobs/api/third.tpl", 1, 3, "maand/job/api/worker/w1/cert"},
                                         {"jobs/api/third.tpl", 1, 3, "maand/job/api/worker/w2/cert"}};
  ASSERT_EQ(api.missing.size(), places.size());
  for (std::size_t i = 0; i < places.size(); ++i) EXPECT_EQ(api.missing[i].name, places[i].name);
  EXPECT_EQ(api.missing[1].path, "jobs/api/app.ini.tpl");
  EXPECT_EQ(api.missing[1].line, 2);
}

TEST(Desired, AMistakeIsToldBeforeAMissingValue) {
  FakeFileView view = workspace();
  add_job(view, "api", kEverywhere, "{{get \"vars/job/api\" \"a\"}}");
  view.file("jobs/api/other.tpl", "{{div 1 0}}");
  const DesiredState desired = desired_of(view);
  EXPECT_EQ(to_string(desired.jobs.at(JobName("api")).held_reason), std::string("Broken"));
  EXPECT_EQ(desired.jobs.at(JobName("api")).missing.size(), 1u);
}

TEST(Desired, ATrialJudgesEveryJobByItself) {
  FakeFileView view = workspace();
  add_job(view, "api", kEverywhere, "{{get \"vars/job/api\" \"a\"}}");
  add_job(view, "web", R"({"selectors": ["worker"], "resources": {"ports": {"web_http": {}}}})",
          "{{get \"maand/bucket\" \"web_http\"}}{{get \"maand/bucket\" \"jobs\"}}");
  add_job(view, "bad", kEverywhere, "{{div 1 0}}");
  const Workspace loaded = load_workspace(view, "", {});
  const DesiredState trial = make_desired(
      {.commit = {}, .workspace = loaded, .applied = {}, .kept = {}, .sources = no_sources(), .trial = true});
  EXPECT_EQ(trial.problems.all().size(), 1u);
  EXPECT_EQ(trial.jobs.at(JobName("api")).missing.size(), 1u);
  EXPECT_TRUE(trial.jobs.at(JobName("web")).missing.empty());
  ASSERT_TRUE(trial.jobs.at(JobName("web")).job) << "nothing is held for another's mistake";
}

TEST(Desired, ADisabledAllocationWaitsForNoValue) {  // R1.7
  // Without an active allocation its own port is no variable any more (6.1); its
  // last good content reads the same.
  FakeFileView view = workspace();
  add_job(view, "api", R"({"selectors": ["worker"], "resources": {"ports": {"api_http": {}}}})",
          "{{get \"maand/bucket\" \"api_http\"}}");
  add_job(view, "front", kEverywhere, "hello");
  EXPECT_EQ(text_of(desired_of(view), "api", 0), "30000");
  view.file("disabled.json", R"({"jobs": {"api": {}}})");
  const DesiredState desired = desired_of(view);
  EXPECT_FALSE(desired.jobs.at(JobName("api")).held);
  ASSERT_TRUE(desired.jobs.at(JobName("api")).job);
  EXPECT_EQ(desired.jobs.at(JobName("api")).workers.size(), 2u);
}

TEST(Desired, AnActiveAllocationWaitsForItsValueBesideADisabledOne) {
  FakeFileView view = workspace();
  add_job(view, "api", kEverywhere, "{{get \"vars/job/api\" \"greeting\"}}");
  view.file("disabled.json", R"({"workers": ["w1"]})");
  EXPECT_EQ(to_string(desired_of(view).jobs.at(JobName("api")).held_reason), std::string("MissingValue"));
}

// R1.7: its reservations stay, so that another job does not get what it runs with.
TEST(Desired, WhatABrokenJobReservedBeforeIsNotGivenAway) {
  const auto manifest = [](const std::string& memory) {
    return R"({"version": "1.0.0", "selectors": ["worker"], "resources": {"memory": {"min": ")" + memory +
           R"(", "max": ")" + memory + R"("}}})";
  };
  FakeFileView view;
  view.file("workers.json", R"([{"host": "w1", "memory": "512 mb"}])");
  add_job(view, "a", manifest("400 mb"));
  const Job good = load_workspace(view, "", {}).jobs.at(JobName("a"));
  view.file("jobs/a/manifest.json", "{");
  AppliedState applied;
  JobRecord& record = applied.jobs[JobName("a")];
  record.job = JobName("a");
  record.target_commit = CommitId("older");
  record.target_tree = good.tree;
  const std::map<JobName, KeptJob> kept = {
      {JobName("a"), {CommitId("older"), std::make_shared<const Job>(good)}}};

  add_job(view, "b", manifest("100 mb"));
  EXPECT_FALSE(desired_of(view, applied, kept).jobs.at(JobName("b")).held);
  add_job(view, "b", manifest("200 mb"));
  const DesiredState desired = desired_of(view, applied, kept);
  EXPECT_EQ(desired.jobs.at(JobName("b")).held_reason, Reason::kInsufficientCapacity);
  EXPECT_EQ(desired.jobs.at(JobName("a")).held_reason, Reason::kBroken);
  ASSERT_EQ(desired.problems.all().size(), 1u);
  EXPECT_NE(desired.problems.all()[0].message.find("a 400, b 200"), std::string::npos)
      << desired.problems.all()[0].message;
}

TEST(Desired, AFailingTemplateBreaksItsJobAndIsToldOnce) {
  FakeFileView view = workspace();
  add_job(view, "api", kEverywhere, "a\n{{ div 1 0 }}");
  const DesiredState desired = desired_of(view);
  EXPECT_EQ(to_string(desired.jobs.at(JobName("api")).held_reason), std::string("Broken"));
  ASSERT_EQ(desired.problems.all().size(), 1u) << "not once per worker";
  EXPECT_EQ(desired.problems.all()[0].path, "jobs/api/app.ini.tpl");
  EXPECT_EQ(desired.problems.all()[0].message.rfind("line 2, column 4: ", 0), 0u)
      << desired.problems.all()[0].message;
}

TEST(Desired, AJobThatFailsToRenderKeepsItsLastGoodContent) {  // R1.7
  FakeFileView older = workspace();
  add_job(older, "api", kEverywhere, "good");
  const Workspace before = load_workspace(older, "", {});
  AppliedState applied;
  JobRecord record;
  record.job = JobName("api");
  record.target_commit = CommitId("older");
  record.target_tree = before.jobs.at(record.job).tree;
  applied.jobs[record.job] = record;
  FakeFileView view = workspace();
  add_job(view, "api", R"({"version": "2.0.0", "selectors": ["worker"]})",
          "{{get \"vars/bucket\" \"none\"}}");

  const DesiredState first = desired_of(view, applied);
  EXPECT_EQ(first.wants, (std::map<JobName, CommitId>{{record.job, CommitId("older")}}));
  EXPECT_EQ(first.jobs.at(record.job).job, nullptr) << "until it was read, nothing is known of it";

  const std::map<JobName, KeptJob> kept{
      {record.job, {CommitId("older"), std::make_shared<const Job>(before.jobs.at(record.job))}}};
  const DesiredState second = desired_of(view, applied, kept);
  EXPECT_TRUE(second.wants.empty());
  EXPECT_TRUE(second.jobs.at(record.job).held);
  EXPECT_EQ(second.jobs.at(record.job).job->version, "1.0.0");
  EXPECT_EQ(text_of(second, "api", 0), "good");

  const std::map<JobName, KeptJob> gone{{record.job, {CommitId("older"), nullptr}}};
  EXPECT_TRUE(desired_of(view, applied, gone).wants.empty()) << "it is not asked for again and again";
}

}  // namespace
}  // namespace maand
