// `commands` of a manifest: workspace.md 2.5, 5.1.
#include <gtest/gtest.h>

#include "reconciler/core/manifest.h"
#include "tests/unit/core/told.h"

namespace maand {
namespace {

using testing::told;
using Lines = std::vector<std::string>;

struct Parsed {
  Job job;
  Lines told;
};

Parsed parse(const std::string& json) {
  Diagnostics diagnostics;
  Job job = parse_manifest(JobName("api"), json, "jobs/api/manifest.json", diagnostics);
  for (const Diagnostic& one : diagnostics.all()) EXPECT_FALSE(one.advice.empty()) << one.message;
  return {std::move(job), told(diagnostics)};
}

// A manifest with one command that demands something.
std::string demanding(const std::string& demands) {
  return R"({"version": "1", "commands": {"command_a": {"executed_on": ["cli"], "demands": )" + demands +
         "}}}";
}

TEST(ManifestCommands, EveryFieldIsRead) {
  const auto [job, lines] = parse(R"({"version": "1.0.0", "commands": {
    "command_b": {"executed_on": ["cli", "cli"],
                  "Demands": {"job": "db", "command": "command_dump",
                              "config": {"min_version": "v1.2", "retries": 3, "a": [1.50, null, true, "x\n"],
                                         "max_version": 2, "retries": {}}}},
    "command_a": {"executed_on": ["cli"], "demands": {"job": "", "command": " "}}}})");
  EXPECT_EQ(lines, Lines{});
  ASSERT_EQ(job.commands.size(), 2u);
  EXPECT_EQ(job.commands[0], (JobCommand{"command_a", {"cli"}, std::nullopt}));
  EXPECT_EQ(job.commands[1],
            (JobCommand{"command_b",
                        {"cli"},
                        CommandDemand{JobName("db"), "command_dump", "v1.2", "2.0.0",
                                      R"({"a":[1.50,null,true,"x\n"],"max_version":2,"min_version":"v1.2",)"
                                      R"("retries":{}})"}}));
  EXPECT_EQ(job.demands, (std::vector<Demand>{{JobName("db"), "v1.2", "2.0.0"}}));
}

TEST(ManifestCommands, DemandsOfAJobAreThoseOfItsCommandsEachOnce) {
  const auto [job, lines] = parse(R"({"version": "1", "commands": {
    "command_a": {"executed_on": ["cli"], "demands": {"job": "db", "command": "command_x"}},
    "command_b": {"executed_on": ["cli"], "demands": {"job": "db", "command": "command_y"}},
    "command_c": {"executed_on": ["cli"], "demands": {"job": "db", "command": "command_y",
                                                      "config": {"min_version": 2}}},
    "command_d": {"executed_on": ["cli"], "demands": {"job": "cache", "command": "command_y"}},
    "command_e": {"executed_on": ["cli"]}}})");
  EXPECT_EQ(lines, Lines{});
  EXPECT_EQ(job.demands,
            (std::vector<Demand>{
                {JobName("cache"), "", ""}, {JobName("db"), "", ""}, {JobName("db"), "2.0.0", ""}}));
}

TEST(ManifestCommands, BoundsAreVersionsOrWholeNumbers) {  // workspace.md 5.1
  const struct {
    const char* json;
    const char* min;  // null: refused
  } kCases[] = {
      {R"("1.4")", "1.4"}, {R"(" 2.0.0-rc.1 ")", "2.0.0-rc.1"},
      {"3", "3.0.0"},      {"3.0", "3.0.0"},
      {"2e1", "20.0.0"},   {"null", ""},
      {"1.5", nullptr},    {"-1", nullptr},
      {"1e300", nullptr},  {R"("")", nullptr},
      {R"("x")", nullptr}, {"true", nullptr},
      {"[1]", nullptr},    {R"("unknown")", nullptr},
  };
  for (const auto& [json, min] : kCases) {
    const auto [job, lines] = parse(demanding(
        std::string(R"({"job": "db", "command": "command_x", "config": {"min_version": )") + json + "}}"));
    EXPECT_EQ(lines.size(), min ? 0u : 1u) << json;
    if (!min) {
      EXPECT_TRUE(lines[0].starts_with("error commands.command_a.demands.config.min_version: ")) << lines[0];
    }
    EXPECT_EQ(job.commands[0].demand->min_version, min ? min : "") << json;
  }
}

TEST(ManifestCommands, TellsWhatIsWrong) {  // workspace.md 2.5
  const struct {
    std::string json;
    const char* told;
  } kCases[] = {
      {R"({"commands": {"dump": {"executed_on": ["cli"]}}})",
       "error commands.dump: \"dump\" is no name for a command"},
      {R"({"commands": {"command_a/b": {"executed_on": ["cli"]}}})",
       "error commands.command_a/b: \"command_a/b\" is no name for a command"},
      {R"({"commands": {"command_a": {}}})",
       "error commands.command_a.executed_on: names no event, so the command would never run"},
      {R"({"commands": {"command_a": {"executed_on": ["deploy"]}}})",
       "error commands.command_a.executed_on[0]: \"deploy\" is no event"},
      {R"({"commands": {"command_a": {"executed_on": "cli"}}})",
       "error commands.command_a.executed_on: must be a list, not \"cli\""},
      {R"({"commands": {"command_a": ["cli"]}})", "error commands.command_a: must be an object, not a list"},
      {demanding(R"({"job": "api", "command": "command_b"})"),
       "error commands.command_a.demands.job: \"api\" is the job itself"},
      {demanding(R"({"job": "db"})"), "error commands.command_a.demands: names no command"},
      {demanding(R"({"command": "command_x"})"), "error commands.command_a.demands: names no job"},
      {demanding(R"({"job": "a b", "command": "command_x"})"),
       "error commands.command_a.demands.job: \"a b\" is no name for a job"},
      {demanding(R"({"job": "db", "command": "x"})"),
       "error commands.command_a.demands.command: \"x\" is no name for a command"},
      {demanding(R"({"job": "db", "command": "command_x", "config": []})"),
       "error commands.command_a.demands.config: must be an object, not a list"},
      {demanding(
           R"({"job": "db", "command": "command_x", "config": {"min_version": "2.1", "max_version": 2}})"),
       "error commands.command_a.demands.config: asks for a version of db from 2.1 to 2.0.0, and min_version "
       "is above max_version"},
      {R"({"version": "unknown", "commands": {"command_a": {"executed_on": ["cli"],
           "demands": {"job": "db", "command": "command_x"}}}})",
       "error version: is missing, and the job demands db"},
  };
  for (const auto& [json, line] : kCases) {
    const Lines lines = parse(json).told;
    ASSERT_FALSE(lines.empty()) << json;
    EXPECT_EQ(lines[0], line);
  }
}

TEST(ManifestCommands, EveryEventIsAccepted) {  // workspace.md 2.5
  for (const std::string event : {"post_build", "health_check", "pre_deploy", "post_deploy", "job_control",
                                  "after_allocation_started", "after_allocation_stopped"}) {
    EXPECT_EQ(parse(R"({"commands": {"command_a": {"executed_on": ["cli", ")" + event + R"("]}}})").told,
              Lines{});
  }
}

TEST(ManifestCommands, AVersionOfTheWrongTypeIsNotAlsoMissing) {
  const Lines lines = parse(R"({"version": 1, "commands": {"command_a": {"executed_on": ["cli"],
    "demands": {"job": "db", "command": "command_x"}}}})")
                          .told;
  EXPECT_EQ(lines, Lines{"error version: must be text, not 1"});
}

TEST(CommandFiles, EveryCommandHasExactlyOneProgram) {  // workspace.md 2.5
  const std::vector<JobCommand> commands = {
      {"command_a", {"cli"}, {}}, {"command_b", {"cli"}, {}}, {"command_c", {"cli"}, {}}};
  Diagnostics diagnostics;
  check_command_files(commands,
                      {"_modules/command_a.ts", "_modules/command_b.js", "_modules/command_b.py",
                       "_modules/command_c.sh", "_modules/deep/command_c.py", "command_c.py"},
                      Site(diagnostics, "jobs/api/manifest.json"));
  EXPECT_EQ(told(diagnostics),
            (Lines{"error commands.command_b: has several programs: _modules/command_b.py and "
                   "_modules/command_b.js",
                   "error commands.command_c: has no program"}));
}

}  // namespace
}  // namespace maand
