// Whole passes over fakes: demands in manifests order the jobs of a commit
// (workspace.md 5.2, R2.3, R2.8), and what does not fit holds them (R1.6).
#include <gtest/gtest.h>

#include "tests/support/loop_world.h"

namespace maand::testing {
namespace {

using Runs = std::vector<std::string>;

struct Wish {
  std::string name;
  std::string version;
  std::string demands;      // name of a job; empty = none
  std::string min_version;  // of it
};

// On one worker with 1 gb of memory.
FakeFileView workspace(const std::vector<Wish>& jobs) {
  FakeFileView view;
  view.file("workspace/workers.json", R"([{"host": "w1", "memory": "1 gb"}])");
  for (const Wish& job : jobs) {
    const std::string base = "workspace/jobs/" + job.name + "/";
    std::string command = R"("command_x": {"executed_on": ["cli"])";
    if (!job.demands.empty()) {
      command += R"(, "demands": {"job": ")" + job.demands + R"(", "command": "command_x", "config": {)";
      if (!job.min_version.empty()) command += R"("min_version": ")" + job.min_version + '"';
      command += "}}";
    }
    view.file(base + "manifest.json", R"({"version": ")" + job.version +
                                          R"(", "selectors": ["worker"], "commands": {)" + command + "}}}");
    view.file(base + "Makefile", "start stop restart reload:\n\t@true\n");
    view.file(base + "_modules/command_x.py", "");
  }
  return view;
}

int wave_of(LoopWorld& world, const char* job) { return world.journal.state().jobs.at(JobName(job)).wave; }

TEST(PassOrder, WhatIsDemandedStartsFirstAndStopsLast_R2_3) {
  LoopWorld world;
  world.source.commit(
      workspace({{"api", "1", "db", ""}, {"db", "1", "", ""}, {"aaa", "1", "api", ""}, {"z", "1", "", ""}}));
  world.pass();
  EXPECT_EQ(world.runner.runs, (Runs{"start db@w1 0.0.0→1", "start z@w1 0.0.0→1", "start api@w1 0.0.0→1",
                                     "start aaa@w1 0.0.0→1"}));
  EXPECT_EQ(wave_of(world, "db"), 0);
  EXPECT_EQ(wave_of(world, "api"), 1);
  EXPECT_EQ(wave_of(world, "aaa"), 2);
  world.runner.runs.clear();
  world.source.commit(workspace({{"z", "1", "", ""}}));
  world.pass();
  EXPECT_EQ(world.runner.runs, (Runs{"stop aaa@w1 1→1", "remove aaa@w1 1→1", "stop api@w1 1→1",
                                     "remove api@w1 1→1", "stop db@w1 1→1", "remove db@w1 1→1"}));
}

TEST(PassOrder, AWaveThatChangesIsKeptForWhenTheJobLeaves_R2_3) {
  LoopWorld world;
  world.source.commit(workspace({{"api", "1", "", ""}, {"db", "1", "", ""}}));
  world.pass();
  EXPECT_EQ(wave_of(world, "db"), 0);
  // Now db comes after api, though nothing of api itself changed.
  world.source.commit(workspace({{"api", "1", "", ""}, {"db", "1", "api", ""}}));
  world.pass();
  EXPECT_EQ(wave_of(world, "db"), 1);
  world.source.commit(workspace({{"aa", "1", "", ""}, {"api", "1", "aa", ""}, {"db", "1", "api", ""}}));
  world.pass();
  EXPECT_EQ(wave_of(world, "db"), 2) << "also of a job of which nothing changed";
}

TEST(PassOrder, AFailedUpstreamBlocksWhatDemandsIt_R2_8) {
  LoopWorld world;
  world.runner.on_run = [](const Operation& operation) {
    const bool fails = operation.allocation.job == JobName("db");
    return Outcome{.kind = fails ? OutcomeKind::kFailed : OutcomeKind::kSucceeded,
                   .exit_status = fails ? 2 : 0};
  };
  const CommitId commit = world.source.commit(workspace({{"api", "1", "db", "1"}, {"db", "1", "", ""}}));
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{"start db@w1 0.0.0→1"});
  EXPECT_NE(world.note(commit).find("Blocked"), std::string::npos) << world.note(commit);
}

TEST(PassOrder, AVersionThatIsNotAcceptedHoldsTheJobThatDemandsIt) {  // workspace.md 5.1
  LoopWorld world;
  world.source.commit(workspace({{"api", "1", "db", "1"}, {"db", "1", "", ""}}));
  world.pass();
  world.runner.runs.clear();
  const CommitId commit = world.source.commit(workspace({{"api", "2", "db", "3"}, {"db", "2", "", ""}}));
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{"restart db@w1 1→2"});
  EXPECT_EQ(world.state(), "held");
  EXPECT_NE(world.note(commit).find("api demands db >= 3, and its manifest states 2"), std::string::npos)
      << world.note(commit);
  world.source.commit(workspace({{"api", "2", "db", "3"}, {"db", "3", "", ""}}));
  world.pass();
  EXPECT_EQ(world.runner.runs, (Runs{"restart db@w1 1→2", "restart db@w1 2→3", "restart api@w1 1→2"}));
}

TEST(PassOrder, ACycleHoldsTheJobThatClosedIt_R1_6) {
  LoopWorld world;
  world.source.commit(workspace({{"api", "1", "db", ""}, {"db", "1", "", ""}}));
  world.pass();
  world.runner.runs.clear();
  const CommitId commit =
      world.source.commit(workspace({{"api", "1", "db", ""}, {"db", "2", "api", ""}, {"z", "1", "", ""}}));
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{"start z@w1 0.0.0→1"});
  EXPECT_NE(world.note(commit).find("api -> db -> api"), std::string::npos) << world.note(commit);
  EXPECT_EQ(wave_of(world, "api"), 1) << "by the content that db keeps";
}

TEST(PassOrder, AJobThatDoesNotFitIsHeldAndTheOthersGoOn_R1_6) {  // workspace.md 4.2
  LoopWorld world;
  const auto with_settings = [](const char* api, const char* db, const char* version) {
    FakeFileView view = workspace({{"api", "1", "", ""}, {"db", version, "", ""}});
    const std::string text = std::string("[api]\nmemory = \"") + api + "\"\n[db]\nmemory = \"" + db + "\"\n";
    view.file("workspace/bucket.jobs.conf", text);
    return view;
  };
  world.source.commit(with_settings("512 mb", "512 mb", "1"));
  world.pass();
  EXPECT_EQ(world.state(), "applied") << "equality passes";
  world.runner.runs.clear();
  const CommitId commit = world.source.commit(with_settings("512 mb", "513 mb", "2"));
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{});
  EXPECT_EQ(world.state(), "held");
  EXPECT_NE(world.note(commit).find("w1 has 1024 mb of memory, and the jobs on it reserve 1025 mb"),
            std::string::npos)
      << world.note(commit);
  EXPECT_NE(world.note(commit).find("InsufficientCapacity"), std::string::npos);
}

// R4.2: what holds a job is told with every commit, until it holds it no more.
TEST(PassOrder, AJobThatDoesNotFitIsToldAgainWithTheNextCommit) {
  LoopWorld world;
  const auto files = [](const std::string& memory, const std::string& other_version) {
    FakeFileView view = LoopWorld::workspace(1, {{"api", "1.0.0"}, {"db", other_version}});
    view.file("workspace/workers.json", R"([{"host": "w1", "memory": "512 mb"}])");
    view.file("workspace/jobs/api/manifest.json",
              R"({"version": "1.0.0", "selectors": ["worker"], "resources": {"memory": {"min": ")" + memory +
                  R"(", "max": ")" + memory + R"("}}})");
    return view;
  };
  world.source.commit(files("100 mb", "1.0.0"));
  world.pass();
  const CommitId second = world.source.commit(files("900 mb", "1.0.0"));
  world.pass();
  EXPECT_NE(world.note(second).find("api"), std::string::npos) << world.note(second);
  const CommitId third = world.source.commit(files("900 mb", "2.0.0"));
  world.pass();
  EXPECT_NE(world.note(third).find("api"), std::string::npos) << world.note(third);
  world.pass();
  EXPECT_NE(world.note(third).find("api"), std::string::npos) << world.note(third);
}

}  // namespace
}  // namespace maand::testing
