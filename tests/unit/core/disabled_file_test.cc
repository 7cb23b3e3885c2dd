// workspace.md 3.3 and its list of differences, R1.3.
#include "reconciler/core/disabled_file.h"

#include <gtest/gtest.h>

#include "tests/unit/core/told.h"

namespace maand {
namespace {

using testing::told;
using Lines = std::vector<std::string>;

AllocationKey key(const char* job, const char* worker) { return {JobName(job), WorkerHost(worker)}; }

TEST(DisabledFile, NamesWorkersJobsAndAllocations) {
  Diagnostics diagnostics;
  const Disabled disabled = parse_disabled(
      R"({"workers": [" w1 "], "JOBS": {"a": {}, "b": {"allocations": ["w2"]}, "c": {"allocations": null}, "d": {"allocations": []}}})",
      "disabled.json", diagnostics);
  EXPECT_EQ(told(diagnostics), Lines{});
  const struct {
    const char* job;
    const char* worker;
    bool covered;
  } kCases[] = {{"x", "w1", true},  {"x", "w2", false}, {"a", "w2", true}, {"b", "w2", true},
                {"b", "w3", false}, {"c", "w9", true},  {"d", "w9", true}};
  for (const auto& [job, worker, covered] : kCases)
    EXPECT_EQ(disabled.covers(key(job, worker)), covered) << job << worker;
}

TEST(DisabledFile, EmptyMeansNothingIsDisabled) {
  for (const char* text : {"{}", "null", R"({"workers": null, "jobs": {}})"}) {
    Diagnostics diagnostics;
    const Disabled disabled = parse_disabled(text, "disabled.json", diagnostics);
    EXPECT_EQ(told(diagnostics), Lines{});
    EXPECT_TRUE(disabled.workers.empty());
    EXPECT_TRUE(disabled.jobs.empty());
  }
}

TEST(DisabledFile, WhatIsNotUnderstoodIsAnError) {
  const struct {
    const char* json;
    const char* told;
  } kCases[] = {
      {R"({"jobs": {"a": {"workers": ["w1"]}}})",
       "error jobs.a.workers: is no known field"},  // was: the whole job
      {R"({"worker": ["w1"]})", "error worker: is no known field"},
      {R"({"workers": "w1"})", "error workers: must be a list, not \"w1\""},
      {R"({"workers": [1]})", "error workers[0]: must be text, not 1"},
      {R"({"jobs": ["a"]})", "error jobs: must be an object, not a list"},
      {R"({"jobs": {"a": null}})", "error jobs.a: must be an object"},
      {R"({"jobs": {"a": true}})", "error jobs.a: must be an object"},
      {R"([])", "error must be an object, not a list"},
      {R"({"jobs": )", "error line 1, column 10: unexpected end of input"},
  };
  for (const auto& [json, line] : kCases) {
    Diagnostics diagnostics;
    parse_disabled(json, "disabled.json", diagnostics);
    ASSERT_EQ(told(diagnostics).size(), 1u) << json;
    EXPECT_TRUE(told(diagnostics)[0].starts_with(line)) << told(diagnostics)[0];
  }
}

TEST(DisabledFile, UnknownNamesAreToldAndDisableNothingElse) {
  Diagnostics diagnostics;
  const Disabled disabled = parse_disabled(
      R"({"workers": ["10.0.0.2"], "jobs": {"apy": {}, "api": {"allocations": ["10.0.0.9"]}}})",
      "disabled.json", diagnostics);
  Worker worker;
  worker.host = WorkerHost("10.0.0.1");
  warn_of_unknown_names(disabled, {worker}, {JobName("api")}, "disabled.json", diagnostics);
  EXPECT_EQ(told(diagnostics),
            (Lines{"warning workers[0]: \"10.0.0.2\" is no worker, so nothing of it is disabled",
                   "warning jobs.api.allocations[0]: \"10.0.0.9\" is no worker, so nothing of it is disabled",
                   "warning jobs.apy: \"apy\" is no job, so nothing of it is disabled"}));
  EXPECT_EQ(diagnostics.all()[2].advice, "did you mean \"api\"?");
  EXPECT_FALSE(disabled.covers(key("api", "10.0.0.1"))) << "a list of typing errors is not an empty list";
}

}  // namespace
}  // namespace maand
