// R1.3, R1.6, R1.7, workspace.md 0.1 and 2.1.
#include "reconciler/core/workspace.h"

#include <gtest/gtest.h>

#include "tests/support/fake_file_view.h"
#include "tests/unit/core/told.h"

namespace maand {
namespace {

using testing::FakeFileView;
using testing::told_with_path;
using Lines = std::vector<std::string>;

// Two workers and one job.
FakeFileView good() {
  return FakeFileView{
      {"workspace/workers.json", R"([{"host": "10.0.0.1", "labels": ["api"]}, {"host": "10.0.0.2"}])"},
      {"workspace/jobs/api/manifest.json", R"({"version": "1.2.0"})"},
      {"workspace/jobs/api/Makefile", "start:\n"},
      {"README.md", "elsewhere"}};
}

Workspace load(const FakeFileView& view, std::string_view root = "workspace") {
  return load_workspace(view, root, {});
}

Lines jobs(const Workspace& workspace) {
  Lines out;
  for (const auto& [name, job] : workspace.jobs) out.push_back(name.str());
  for (const auto& [name, job] : workspace.broken) out.push_back("broken " + name.str());
  return out;
}

TEST(Workspace, AGoodOneLoads) {
  const FakeFileView view = good();
  const Workspace workspace = load(view);
  EXPECT_FALSE(workspace.refused());
  EXPECT_EQ(told_with_path(workspace.commit), Lines{});
  EXPECT_EQ(told_with_path(workspace.warnings), Lines{});
  EXPECT_TRUE(workspace.between.empty());
  EXPECT_EQ(workspace.workers.size(), 2u);
  ASSERT_EQ(jobs(workspace), Lines{"api"});
  const Job& api = workspace.jobs.at(JobName("api"));
  EXPECT_EQ(api.version, "1.2.0");
  EXPECT_EQ(api.files->files.size(), 2u);
  EXPECT_EQ(api.tree, view.tree("workspace/jobs/api"));
  EXPECT_EQ(workspace.bucket.port_min, 30000);
}

TEST(Workspace, MayBeTheRootOfTheRepository) {
  const FakeFileView view{
      {"workers.json", R"([{"host": "a"}])"}, {"jobs/api/manifest.json", "{}"}, {"jobs/api/Makefile", ""}};
  const Workspace workspace = load(view, "");
  EXPECT_FALSE(workspace.refused());
  EXPECT_EQ(jobs(workspace), Lines{"api"});
}

// Each line: one file changed in a good workspace, and why the commit is refused.
TEST(Workspace, RefusesTheCommitWhenWhatConcernsEveryJobIsNotUnderstood) {  // R1.3
  const struct {
    const char* path;
    const char* content;
    const char* told;
  } kCases[] = {
      {"workers.json", "[]", "workers.json error lists no worker, and nothing is stopped because of that"},
      {"workers.json", "{",
       "workers.json error line 1, column 2: unexpected end of input; expected string literal"},
      {"workers.json", R"([{"host": "a b"}])", "workers.json error [0].host: \"a b\" is no host"},
      {"disabled.json", "",
       "disabled.json error line 1, column 1: unexpected end of input; expected '[', '{', or a literal"},
      {"disabled.json", R"({"job": {}})", "disabled.json error job: is no known field"},
      {"bucket.conf", "port_min = 1", "bucket.conf error port_min: must be text"},
      {"policy.toml", "[[windows]]", "policy.toml error windows: there is no such key"},
  };
  for (const auto& [path, content, line] : kCases) {
    FakeFileView view = good();
    view.file("workspace/" + std::string(path), content);
    const Workspace workspace = load(view);
    EXPECT_TRUE(workspace.refused());
    EXPECT_EQ(told_with_path(workspace.commit), Lines{line});
    EXPECT_EQ(jobs(workspace), Lines{"api"}) << "the rest is judged all the same";
  }
}

TEST(Workspace, RefusesTheCommitWithoutWorkersOrWithoutTheFolder) {  // R1.3
  FakeFileView view = good();
  view.remove("workspace/workers.json");
  EXPECT_EQ(told_with_path(load(view).commit),
            Lines{"workers.json error is missing, and nothing is stopped because of that"});
  view.symlink("workspace/workers.json", "[]");
  EXPECT_EQ(told_with_path(load(view).commit), Lines{"workers.json error is not a regular file"});
  EXPECT_EQ(told_with_path(load(view, "elsewhere").commit),
            Lines{"elsewhere error there is no such folder in the commit"});
  EXPECT_TRUE(load(FakeFileView(), "").refused());
}

TEST(Workspace, ABrokenJobIsTheOnlyOneThatBreaks) {  // R1.6
  FakeFileView view = good();
  view.file("workspace/jobs/bad/manifest.json", R"({"version": "x", "restart_policy": "y"})");
  const Workspace workspace = load(view);
  EXPECT_FALSE(workspace.refused());
  EXPECT_EQ(jobs(workspace), (Lines{"api", "broken bad"}));
  const BrokenJob& bad = workspace.broken.at(JobName("bad"));
  EXPECT_FALSE(bad.without_manifest);
  EXPECT_EQ(told_with_path(bad.diagnostics),
            (Lines{"jobs/bad/manifest.json error version: \"x\" is no version",
                   "jobs/bad/manifest.json error restart_policy: \"y\" is no policy",
                   "jobs/bad error has no Makefile"}));
}

TEST(Workspace, ADirectoryWithoutAReadableManifestIsNotAbsent) {  // R1.6
  FakeFileView view = good();
  view.file("workspace/jobs/none/Makefile", "");
  view.file("workspace/jobs/deep/manifest.json/x", "");
  view.symlink("workspace/jobs/link/manifest.json", "other.json")
      .file("workspace/jobs/link/other.json", "{}");
  view.symlink("workspace/jobs/linked", "api").submodule("workspace/jobs/module");
  view.file("workspace/jobs/.git/HEAD", "").file("workspace/jobs/README.md", "no job");
  view.file("workspace/jobs/plain", "").file("workspace/jobs/OWNERS", "no job either");
  const Workspace workspace = load(view);
  EXPECT_EQ(jobs(workspace), (Lines{"api", "broken .git", "broken deep", "broken link", "broken linked",
                                    "broken module", "broken none", "broken plain"}));
  for (const auto& [name, job] : workspace.broken) {
    EXPECT_TRUE(job.without_manifest) << name.str();
    EXPECT_TRUE(job.diagnostics.has_errors());
  }
}

TEST(Workspace, JobsAreTheDirectoriesRightBelowJobs) {  // workspace.md 2.1
  FakeFileView view = good();
  view.file("workspace/jobs/api/deep/manifest.json", R"({"version": "x"})");
  view.file("workspace/jobs/manifest.json", "{").file("workspace/manifest.json", "{");
  EXPECT_EQ(jobs(load(view)), Lines{"api"});
  const Workspace none = load(FakeFileView{{"workspace/workers.json", R"([{"host": "a"}])"}});
  EXPECT_FALSE(none.refused()) << "that all of them left is for the plan to judge (R1.3)";
  EXPECT_EQ(jobs(none), Lines{});
}

TEST(Workspace, NamesOfJobsFollowTheGrammarAndAreSafeToPrint) {
  FakeFileView view = good();
  for (const char* name : {"-rf", "a b", "$(id)", "a\nb", "\xff"}) {
    view.file("workspace/jobs/" + std::string(name) + "/manifest.json", "{}");
    view.file("workspace/jobs/" + std::string(name) + "/Makefile", "");
  }
  const Workspace workspace = load(view);
  EXPECT_EQ(jobs(workspace),
            (Lines{"api", "broken $(id)", "broken -rf", "broken \\xff", "broken a b", "broken a\\x0ab"}));
  EXPECT_EQ(told_with_path(workspace.broken.at(JobName("a\\x0ab")).diagnostics),
            Lines{"jobs/a\\x0ab error \"a\\x0ab\" is no name for a job"});
  EXPECT_FALSE(workspace.broken.at(JobName("-rf")).without_manifest);
}

TEST(Workspace, NeighboursWithACommonPrefixDoNotMix) {
  FakeFileView view = good();
  for (const char* name : {"api-x", "api.x", "api0", "ap"}) {
    view.file("workspace/jobs/" + std::string(name) + "/manifest.json", "{}");
    view.file("workspace/jobs/" + std::string(name) + "/Makefile", "");
  }
  const Workspace workspace = load(view);
  EXPECT_EQ(jobs(workspace), (Lines{"ap", "api", "api-x", "api.x", "api0"}));
  for (const auto& [name, job] : workspace.jobs) EXPECT_EQ(job.files->files.size(), 2u) << name.str();
}

TEST(Workspace, WarningsAreMerelyTold) {
  FakeFileView view = good();
  view.file("workspace/jobs/api/manifest.json", R"({"verison": "1"})");
  view.file("workspace/disabled.json", R"({"workers": ["10.0.0.3"], "jobs": {"apo": {}}})");
  view.file("workspace/bucket.jobs.conf", "[apo]\nmemory = \"1 gb\"\n");
  view.file("workspace/bucket.jobs.prod.conf", "nonsense");
  const Workspace workspace = load(view);
  EXPECT_FALSE(workspace.refused());
  EXPECT_EQ(jobs(workspace), Lines{"api"});
  const Lines lines = told_with_path(workspace.warnings);
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_TRUE(lines[0].starts_with("bucket.jobs.prod.conf warning line 1, column "));
  EXPECT_EQ(lines[1], "jobs/api/manifest.json warning verison: is no known field and is ignored");
  EXPECT_EQ(lines[2],
            "disabled.json warning workers[0]: \"10.0.0.3\" is no worker, so nothing of it is disabled");
  EXPECT_EQ(lines[3], "disabled.json warning jobs.apo: \"apo\" is no job, so nothing of it is disabled");
  EXPECT_EQ(lines[4], "bucket.jobs.conf warning apo: \"apo\" is no job, so its settings are not used");
}

TEST(Workspace, ABrokenJobIsKnownToDisabledJson) {
  FakeFileView view = good();
  view.file("workspace/jobs/bad/manifest.json", "x")
      .file("workspace/disabled.json", R"({"jobs": {"bad": {}}})");
  EXPECT_EQ(told_with_path(load(view).warnings), Lines{});
}

TEST(Workspace, ErrorsBetweenJobsBreakNeither) {  // R1.6
  FakeFileView view = good();
  view.file("workspace/jobs/api/manifest.json", R"({"resources": {"ports": {"api_p": 80}}})");
  view.file("workspace/jobs/b/manifest.json",
            R"({"selectors": ["api"], "resources": {"ports": {"b_p": 80}}})");
  view.file("workspace/jobs/b/Makefile", "");
  const Workspace workspace = load(view);
  EXPECT_EQ(jobs(workspace), (Lines{"api", "b"}));
  ASSERT_EQ(workspace.between.size(), 1u);
  EXPECT_EQ(workspace.between[0].reason, Reason::kPortConflict);
  EXPECT_EQ(workspace.between[0].jobs, (std::vector<JobName>{JobName("api"), JobName("b")}));
}

// The job reserves 1 gb by its manifest; settings say otherwise.
FakeFileView with_settings() {
  FakeFileView view = good();
  view.file("workspace/jobs/api/manifest.json",
            R"({"version": "1.2.0", "resources": {"memory": {"min": "256 mb", "max": "1 gb"}}})");
  view.file("workspace/workers.json", R"([{"host": "10.0.0.1", "labels": ["api"], "memory": "1 gb"}])");
  view.file("workspace/bucket.jobs.conf", "[api]\nmemory = \"512 mb\"\n");
  view.file("workspace/bucket.jobs.prod.conf", "[api]\nmemory = \"768 mb\"\ncpu = \"2 ghz\"\n");
  return view;
}

TEST(Workspace, TheSelectedSettingsSayWhatAJobReserves) {  // workspace.md 4.2, 4.4
  const struct {
    const char* selector;
    Reservation reservation;
  } kCases[] = {
      {"", {512, 0, "bucket.jobs.conf", "manifest"}},
      {" prod ", {768, 2000, "bucket.jobs.prod.conf", "bucket.jobs.prod.conf"}},
      {"absent", {1024, 0, "manifest", "manifest"}},
  };
  for (const auto& [selector, reservation] : kCases) {
    const WorkspaceLimits limits{.job_config_selector = selector};
    const FakeFileView view = with_settings();
    const Workspace workspace = load_workspace(view, "workspace", limits);
    EXPECT_FALSE(workspace.refused());
    EXPECT_EQ(workspace.jobs.at(JobName("api")).reservation, reservation) << selector;
    EXPECT_EQ(load_job(view, "workspace", JobName("api"), limits)->reservation, reservation)
        << "a held job keeps what it reserved (R1.7)";
    EXPECT_EQ(workspace.bucket_jobs.file, bucket_jobs_file(selector));
  }
}

TEST(Workspace, SettingsThatAreNotUnderstoodRefuseTheCommit) {  // R1.3
  for (const char* content : {"nonsense", "x = \"1\"", "[api]\nmemory = 512", "[api.deep]\nx = \"1\""}) {
    FakeFileView view = with_settings();
    view.file("workspace/bucket.jobs.conf", content);
    EXPECT_TRUE(load(view).refused()) << content;
    EXPECT_FALSE(load_workspace(view, "workspace", {.job_config_selector = "prod"}).refused())
        << "those of another bucket are merely warned of";
    EXPECT_EQ(load_job(view, "workspace", JobName("api"), {})->reservation.memory_mb, 1024)
        << "what is kept is not lost by them";
  }
}

TEST(Workspace, OneSectionConcernsItsJobAlone) {  // R1.6
  FakeFileView view = with_settings();
  view.file("workspace/bucket.jobs.conf", "[api]\nmemory = \"2 gb\"\n[b]\nmemory = \"1 gb\"\n");
  view.file("workspace/jobs/b/manifest.json", "{}").file("workspace/jobs/b/Makefile", "");
  const Workspace workspace = load(view);
  EXPECT_FALSE(workspace.refused());
  EXPECT_EQ(jobs(workspace), (Lines{"b", "broken api"}));
  EXPECT_EQ(
      told_with_path(workspace.broken.at(JobName("api")).diagnostics),
      Lines{"bucket.jobs.conf error api.memory: reserves 2048 mb for the job api, and its manifest allows "
            "at most 1024 mb"});
  EXPECT_EQ(load_job(view, "workspace", JobName("api"), {})->reservation.memory_mb, 1024);
}

TEST(Workspace, CommandsNeedTheirProgram) {  // workspace.md 2.5
  FakeFileView view = good();
  view.file("workspace/jobs/api/manifest.json",
            R"({"commands": {"command_dump": {"executed_on": ["cli"]}}})");
  EXPECT_EQ(told_with_path(load(view).broken.at(JobName("api")).diagnostics),
            Lines{"jobs/api/manifest.json error commands.command_dump: has no program"});
  view.file("workspace/jobs/api/_modules/command_dump.py", "");
  EXPECT_EQ(jobs(load(view)), Lines{"api"});
}

TEST(Workspace, ControlFilesThatAreTooLargeAreNotRead) {
  FakeFileView view = good();
  view.file("workspace/jobs/api/manifest.json", std::string(5 << 20, ' ') + "{}");
  EXPECT_EQ(jobs(load(view)), Lines{"broken api"});
}

TEST(LoadJob, ReadsOneJobAlone) {  // R1.7
  FakeFileView view = good();
  view.remove("workspace/workers.json");
  const auto job = load_job(view, "workspace", JobName("api"), {});
  ASSERT_TRUE(job);
  EXPECT_EQ(job->version, "1.2.0");
  EXPECT_EQ(job->tree, view.tree("workspace/jobs/api"));
  EXPECT_FALSE(load_job(view, "workspace", JobName("none"), {}).has_value());
  view.remove("workspace/jobs/api/Makefile");
  EXPECT_FALSE(load_job(view, "workspace", JobName("api"), {}).has_value());
}

}  // namespace
}  // namespace maand
