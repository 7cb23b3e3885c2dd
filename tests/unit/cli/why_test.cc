#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/cli/bucket.h"

namespace maand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kMakefile = "start stop restart:\n\ttrue\n";

class Why : public ::testing::Test {
 protected:
  void push(const GitChanges& changes) { bucket_.git.commit(changes, "change"); }
  void push_two_jobs() {
    push({{"workspace/workers.json", R"([{"host": "10.0.0.1", "labels": ["web"]}, {"host": "10.0.0.2"}])"},
          {"workspace/jobs/api/manifest.json", R"({"version": "1.0.0", "selectors": ["worker"]})"},
          {"workspace/jobs/api/Makefile", kMakefile},
          {"workspace/jobs/web/manifest.json", R"({"version": "1.0.0", "selectors": ["web"]})"},
          {"workspace/jobs/web/Makefile", kMakefile}});
  }

  MadeBucket bucket_;
};

TEST_F(Why, TellsTheDecisionOfEveryAllocationWithItsReason) {
  push_two_jobs();
  const ProgramResult result = bucket_.run({"why", "api"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("api@10.0.0.1: start"), HasSubstr("api@10.0.0.2: start"),
                                HasSubstr("  New\n")));
  EXPECT_THAT(bucket_.run({"why", "api@10.0.0.1", "--json"}).out,
              AllOf(HasSubstr(R"("job":"api")"), HasSubstr(R"("action":"start","reason":"New")")));
}

TEST_F(Why, ExplainsWhyAJobIsNotOnAWorker) {
  push_two_jobs();
  EXPECT_THAT(bucket_.run({"why", "web@10.0.0.2"}).out, HasSubstr("the worker lacks the label \"web\""));
  EXPECT_THAT(bucket_.run({"why", "web@10.0.0.3"}).out, HasSubstr("has no worker 10.0.0.3"));
}

TEST_F(Why, TellsEveryErrorOfABrokenJob) {
  push_two_jobs();
  push({{"workspace/jobs/web/manifest.json", R"({"selectors": ["web"], "restart_policy": "maybe"})"}});
  const ProgramResult result = bucket_.run({"why", "web"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("jobs/web/manifest.json: restart_policy"));
}

TEST_F(Why, AHeldJobComesWithItsReasonAndTheWayOut) {
  push_two_jobs();
  ASSERT_EQ(bucket_.run({"plan"}).status, 3);
  JobRecord held;
  held.job = JobName("web");
  held.held_reason = "TargetFailed";
  held.held_detail = "start on 10.0.0.1 ended with exit status 2";
  held.held_tree = TreeId(bucket_.git.git({"rev-parse", "HEAD:workspace/jobs/web"}));
  bucket_.store()->put_job(held);
  EXPECT_THAT(bucket_.run({"why", "web"}).out, AllOf(HasSubstr("web is held  TargetFailed"),
                                                     HasSubstr("start on 10.0.0.1 ended with exit status 2"),
                                                     HasSubstr("`maand retry web` lets it go on")));
}

TEST_F(Why, ShowsPortsAndCapacity) {
  push(
      {{"workspace/workers.json", R"([{"host": "10.0.0.1", "memory": "1 gb"}])"},
       {"workspace/jobs/api/manifest.json",
        R"({"version": "1.0.0", "selectors": ["worker"], "resources": {"memory": {"min": "64 mb", "max": "128 mb"},
             "ports": {"api_admin": 8080, "api_http": {}}}})"},
       {"workspace/jobs/api/Makefile", kMakefile}});
  EXPECT_THAT(bucket_.run({"why", "api@10.0.0.1"}).out,
              AllOf(HasSubstr("of 10.0.0.1 are reserved 128 of 1024 mb of memory"),
                    HasSubstr("each allocation reserves 128 mb of memory (manifest)"),
                    HasSubstr("port api_admin is 8080, from the manifest"),
                    HasSubstr("port api_http is 30000, from the pool")));
  EXPECT_THAT(bucket_.run({"why", "api", "--json"}).out,
              HasSubstr(R"("ports":[{"job":"api","name":"api_admin","port":8080,"from":"manifest"})"));
}

TEST_F(Why, NamesTheNearestJobForAnUnknownOne) {
  push_two_jobs();
  const ProgramResult result = bucket_.run({"why", "wbe"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("did you mean `web`?"));
}

// On record from a time when it was there.
TEST_F(Why, WhatIsNowhereAnyMoreIsSaidOnceAndNotForEveryWorker) {
  push_two_jobs();
  JobRecord gone;
  gone.job = JobName("gone");
  bucket_.store()->put_job(gone);
  const ProgramResult result = bucket_.run({"why", "gone"});
  EXPECT_EQ(result.status, 0) << result.err;
  const std::string said = "nothing is known of gone that could run, and nothing of it is on a worker";
  EXPECT_THAT(result.out, HasSubstr(said));
  EXPECT_EQ(result.out.find("gone", result.out.find(said) + said.size()), std::string::npos) << result.out;
}

TEST_F(Why, ARefusedCommitIsAnsweredWithItsProblems) {
  push({{"workspace/workers.json", "{nonsense"}});
  const ProgramResult result = bucket_.run({"why", "api"});
  EXPECT_EQ(result.status, 4);
  EXPECT_THAT(result.err, HasSubstr("workers.json"));
}

}  // namespace
}  // namespace maand::testing
