// What a bucket of the original becomes, and what the next pass does of it (R1.10).
#include "reconciler/core/adoption.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconciler/core/adopting_head.h"
#include "reconciler/core/kept_worker_id.h"
#include "reconciler/core/md5.h"
#include "reconciler/core/plan.h"
#include "reconciler/core/worker_files.h"
#include "reconciler/core/workspace.h"
#include "tests/support/desire.h"
#include "tests/support/fake_file_view.h"

namespace maand {
namespace {

using ::testing::ElementsAre;
using testing::FakeFileView;
using ::testing::IsEmpty;

const AllocationKey kApi{JobName("api"), WorkerHost("w1")};
const char* const kManifest = R"({"version": "1.0.0", "selectors": ["worker"]})";

// The job `api` on w1: in git, as the original staged it, and as it lies on the worker.
class World {
 public:
  World() {
    head.file("workers.json", R"([{"host": "w1"}])");
    head.file("bucket.conf", "size = \"5\"\n");
    both("manifest.json", kManifest);
    both("Makefile", "start:\n");
    both("app.ini.tpl", "size={{get \"vars/bucket\" \"size\"}} ip={{.WorkerIP}}");
    staged("app.ini", "size=5 ip=w1");
    original.bucket_id = "bucket";
    original.workers[kApi.worker] = "random-id";
    original.values = {{"vars/bucket", "size", "5", false}};
    row.key = kApi;
    row.known = row.promoted = true;
    row.new_version = row.current_version = "1.0.0";
  }

  World& both(const std::string& path, const std::string& text) {
    head.file("jobs/api/" + path, text);
    return staged(path, text);
  }
  World& staged(const std::string& path, const std::string& text) {
    deployed[path] = text;
    return *this;
  }
  World& in_git(const std::string& path, const std::string& text) {
    head.file("jobs/api/" + path, text);
    return *this;
  }
  World& on_worker(const std::string& path, const std::string& text) {
    touched[path] = text;
    return *this;
  }

  // Another one stays, on no worker: a workspace without any job is held by itself (R1.3).
  void job_leaves() {
    head.remove("jobs/api");
    head.file("jobs/other/manifest.json", R"({"version": "1.0.0", "selectors": ["elsewhere"]})");
    head.file("jobs/other/Makefile", "start:\n");
  }

  // What was deployed lies there, 0755 as the original leaves everything.
  FoundWorker worker() {
    FoundWorker out;
    out.deployed = true;
    std::map<std::string, std::string> there = deployed;
    for (const auto& [path, text] : touched) there[path] = text;
    for (const auto& [path, text] : there) {
      if (text == "(gone)") continue;
      out.files[kApi.job].push_back({path, 0755, text.size(), sha256(text), md5_hex(text)});
    }
    out.listed = listed;
    return out;
  }

  void adopt() {
    for (const auto& [path, text] : deployed) row.promoted_files[path] = md5_hex(text);
    if (!row.promoted) std::swap(row.promoted_files, row.staged_files);
    original.allocations = {row};
    if (readable) found[kApi.worker] = worker();
    Endpoint endpoint;
    endpoint.host = kApi.worker;
    state = state_as_found(original, found, {{kApi.worker, endpoint}});
    workspace = load_workspace(head, "", {});
    ASSERT_FALSE(workspace.refused());
    const DesiredState desired = desire(CommitId("head"), workspace, state);
    const auto sums = directory_sums(head, "");
    const auto values = changed_values(original, desired, workspace, no_sources());
    taken = compare_with_head(state, original, found, {desired, sums, values});
  }

  // As the next pass would: `restart FilesChanged`, or nothing.
  std::string next(const FakeFileView& view) const {
    const Workspace later = load_workspace(view, "", {});
    const Plan plan = make_plan(desire(CommitId("later"), later, state), state, {});
    std::string out;
    for (const auto& [name, job] : plan.jobs) {
      for (const auto* list : {&job.drains, &job.removals, &job.starts, &job.upgrades}) {
        for (const PlannedAction& action : *list)
          out += std::string(out.empty() ? "" : ", ") + to_string(action.action) + " " +
                 to_string(action.reason);
      }
    }
    return out;
  }
  std::string next() const { return next(head); }

  FakeFileView head;
  OriginalBucket original;
  OriginalAllocation row;
  std::map<std::string, std::string> deployed, touched;
  std::map<JobName, bool> listed;
  bool readable = true;
  FoundWorkers found;
  Workspace workspace;
  AppliedState state;
  std::vector<Taken> taken;
};

struct Case {
  const char* name;
  std::function<void(World&)> change;
  const char* next;                  // what the next pass does
  std::vector<std::string> changed;  // paths
};

TEST(Adoption, OnlyWhatGitOrAValueChangedIsActedOn) {
  const std::vector<Case> cases = {
      {"nothing", [](World&) {}, "", {}},
      {"a file", [](World& w) { w.in_git("Makefile", "start: a\n"); }, "restart FilesChanged", {"Makefile"}},
      {"a file is new in git", [](World& w) { w.in_git("b", "b"); }, "restart FilesChanged", {"b"}},
      {"a file has left git", [](World& w) { w.staged("b", "b"); }, "restart FilesChanged", {"b"}},
      {"a template", [](World& w) { w.in_git("app.ini.tpl", "other"); }, "restart FilesChanged", {"app.ini"}},
      {"a value of a template",
       [](World& w) { w.head.file("bucket.conf", "size = \"6\"\n"); },
       "restart FilesChanged",
       {"app.ini"}},
      {"a value that no template reads",
       [](World& w) { w.head.file("bucket.conf", "size = \"5\"\nother = \"1\"\n"); },
       "",
       {}},
      {"it was rendered in another way", [](World& w) { w.staged("app.ini", "size=5  ip=w1"); }, "", {}},
      {"only its hooks", [](World& w) { w.both("_modules/x.py", "1").in_git("_modules/x.py", "2"); }, "", {}},
      {"vars.toml is not shipped here", [](World& w) { w.both("vars.toml", "a = \"1\"\n"); }, "", {}},
      {"certificates the head does not know", [](World& w) { w.staged("certs/ca.crt", "PEM"); }, "", {}},
      {"edited by hand", [](World& w) { w.on_worker("Makefile", "start: by hand\n"); }, "", {}},
      {"deleted by hand", [](World& w) { w.on_worker("Makefile", "(gone)"); }, "", {}},
      {"the application's own file", [](World& w) { w.on_worker("pid", "1"); }, "", {}},
      {"its version",
       [](World& w) { w.in_git("manifest.json", R"({"version": "1.1.0", "selectors": ["worker"]})"); },
       "restart VersionChanged",
       {}},
      {"the job left", [](World& w) { w.job_leaves(); }, "stop Left, remove Left", {}},
      {"it is disabled",
       [](World& w) { w.head.file("disabled.json", R"({"workers": ["w1"]})"); },
       "stop Disabled",
       {}},
  };
  for (const Case& one : cases) {
    for (const bool readable : {true, false}) {
      SCOPED_TRACE(std::string(one.name) + (readable ? "" : ", and its worker cannot be read"));
      World world;
      world.readable = readable;
      one.change(world);
      world.adopt();
      ASSERT_EQ(world.taken.size(), 1u);
      EXPECT_EQ(world.next(), one.next);
      EXPECT_EQ(world.taken[0].changed, one.changed);
    }
  }
}

TEST(Adoption, WhatLiesThereIsTheBaselineWithItsModes) {
  World world;
  world.on_worker("pid", "1").staged("certs/ca.crt", "PEM").both("data.txt", "x");
  world.adopt();
  const AppliedAllocation& api = world.state.allocations.at(kApi);
  std::vector<std::string> paths;
  for (const ShippedFile& file : api.files->files) {
    paths.push_back(file.path);
    // 0755, and still no program: git says so.
    EXPECT_EQ(file.mode, FileMode::kRegular) << file.path;
    EXPECT_EQ(file.attributes.permissions, 0755) << file.path;
  }
  EXPECT_THAT(paths, ElementsAre("Makefile", "app.ini", "data.txt", "manifest.json"));
  EXPECT_TRUE(api.running);
  EXPECT_EQ(api.version, "1.0.0");
  EXPECT_EQ(api.commit, CommitId("head"));
  EXPECT_TRUE(world.state.workers.at(kApi.worker).adopt_marker);
}

TEST(Adoption, AfterwardsOneChangeRollsOutThatAlone) {
  World world;
  world.adopt();
  FakeFileView later = world.head;
  later.file("jobs/web/manifest.json", kManifest).file("jobs/web/Makefile", "start:\n");
  EXPECT_EQ(world.next(later), "start New") << "of the new job alone";
  later.remove("jobs/web").file("jobs/api/Makefile", "start: b\n");
  EXPECT_EQ(world.next(later), "restart FilesChanged");
}

TEST(Adoption, WhatHasHealthChecksIsNotSaidToBeWellBeforeItIsAsked) {
  World world;
  world.both("manifest.json", R"({"version": "1.0.0", "selectors": ["worker"],)"
                              R"( "health_check": {"checks": [{"type": "ssh", "command": "true"}]}})");
  world.adopt();
  EXPECT_EQ(world.state.allocations.at(kApi).health, Health::kUnhealthy);
  EXPECT_EQ(world.next(), "") << "no gate is owed";
}

TEST(Adoption, ByHandIsTold) {
  World world;
  world.on_worker("Makefile", "start: by hand\n").on_worker("app.ini", "(gone)");
  world.adopt();
  EXPECT_THAT(world.taken[0].by_hand, ElementsAre("Makefile", "app.ini"));
}

struct StandingCase {
  const char* name;
  std::function<void(World&)> change;
  OriginalStanding standing;
  const char* next;
};

TEST(Adoption, AnAllocationStandsAsItsRowsAndItsWorkerSay) {
  using S = OriginalStanding;
  const auto disabled = [](World& w) {
    w.row.disabled = true;
    w.head.file("disabled.json", R"({"workers": ["w1"]})");
  };
  const std::vector<StandingCase> cases = {
      {"deployed", [](World&) {}, S::kRuns, ""},
      {"never staged", [](World& w) { w.row.known = w.row.promoted = false; }, S::kNone, "start New"},
      {"its first deploy failed",
       [](World& w) {
         w.row.promoted = false;
         w.row.pending = true;
         w.row.current_version = "0.0.0";
       },
       S::kBegun, "start PreviousInterrupted"},
      {"enabled again and not deployed since",
       [](World& w) {
         w.row.promoted = false;
         w.row.pending = true;
       },
       S::kStopped, "start ReEnabled"},
      {"disabled, and no deploy since",
       [&](World& w) {
         disabled(w);
         w.listed[kApi.job] = false;
       },
       S::kRuns, "stop Disabled"},
      {"disabled, and a deploy since",
       [&](World& w) {
         disabled(w);
         w.listed[kApi.job] = true;
       },
       S::kStopped, ""},
      {"disabled, and its worker does not list it", disabled, S::kStopped, ""},
      {"another list was staged, and never sent",
       [](World& w) {
         w.row.pending = true;
         w.row.staged_files["Makefile"] = md5_hex("start: a\n");
       },
       S::kRuns, ""},
      {"another list was sent, and its deploy failed",
       [](World& w) {
         w.row.pending = true;
         w.in_git("Makefile", "start: a\n").on_worker("Makefile", "start: a\n");
       },
       S::kTorn, "restart PreviousInterrupted"},
      {"another list with one more file was sent, and its deploy failed",
       [](World& w) {
         w.row.pending = true;
         w.row.staged_files["b"] = md5_hex("b");
         w.in_git("b", "b").on_worker("b", "b");
       },
       S::kTorn, "restart PreviousInterrupted"},
      {"it left, and was not stopped yet",
       [](World& w) {
         w.row.removed = true;
         w.job_leaves();
       },
       S::kRuns, "stop Left, remove Left"},
  };
  for (const StandingCase& one : cases) {
    SCOPED_TRACE(one.name);
    World world;
    one.change(world);
    world.adopt();
    const OriginalAllocation& row = world.original.allocations[0];
    EXPECT_STREQ(to_string(standing_of(row, &world.found.at(kApi.worker))), to_string(one.standing));
    EXPECT_EQ(world.next(), one.next);
  }
}

TEST(Adoption, AWorkerThatWasEmptiedRunsNothing) {
  World world;
  world.readable = false;
  FoundWorker& empty = world.found[kApi.worker];
  empty.deployed = false;
  world.adopt();
  EXPECT_THAT(world.state.allocations, IsEmpty());
  EXPECT_EQ(world.next(), "start New");
}

TEST(Adoption, PortsStayAndAreHeldByWhatRuns) {
  World world;
  world.original.ports[kApi.job]["http"] = 30000;
  world.adopt();
  EXPECT_EQ(world.state.ports, world.original.ports);
  EXPECT_THAT(world.state.allocations.at(kApi).holds, ElementsAre(30000));
}

TEST(Adoption, AVersionWithAVIsTheSameVersion) {
  World world;
  world.row.current_version = "v1.0.0";
  world.adopt();
  EXPECT_EQ(world.next(), "");
}

TEST(Adoption, ValuesThatFollowFromGitAreNotKeptButForIdsOfWorkers) {
  OriginalBucket original;
  original.workers[WorkerHost("w1")] = "random-id";
  original.values = {{"vars/bucket", "size", "5", false},
                     {"maand/worker/w1", "worker_id", "x", false},
                     {"vars/job/api", "seen", "1", false},
                     {"secrets/job/api", "token", "enc:v1:x", true},
                     {"maand/job/api/worker/w1", "certs/a.key", "PEM", false},
                     {"maand/job/api/worker/w1", "version", "1.0.0", false}};
  std::vector<std::string> kept;
  for (const OriginalValue& value : values_to_keep(original)) kept.push_back(value.ns + "/" + value.key);
  EXPECT_THAT(kept, ElementsAre("vars/job/api/seen", "secrets/job/api/token",
                                "maand/job/api/worker/w1/certs/a.key", "maand/worker/w1/worker_id"));
  const ValueSnapshotPtr snapshot = snapshot_of(values_to_keep(original), {});
  ASSERT_EQ(snapshot->find("secrets/job/api", "token").found, Found::kValue);
  EXPECT_TRUE(snapshot->find("secrets/job/api", "token").value->secret);
  const VariableSources sources{BucketId("bucket"), snapshot, nullptr, ""};
  EXPECT_EQ(told_worker_id(sources, WorkerHost("w1")), "random-id");
  EXPECT_EQ(told_worker_id(sources, WorkerHost("w2")), worker_id(BucketId("bucket"), WorkerHost("w2")));
}

}  // namespace
}  // namespace maand
