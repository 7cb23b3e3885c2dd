// `maand job status` and `maand job run` by the real binary on real sshd workers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/bucket_world.h"

namespace maand::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kMakefile =
    ".PHONY: start stop restart status backup fail\n"
    "start stop restart:\n\t@echo $@ >> data-$@\n"
    "status:\n\t@test ! -e ill && echo well\n"
    "backup:\n\t@echo $(WORKER_IP) $(CURRENT_VERSION) $(NEW_VERSION) '$(MAAND_TARGET)'; pwd\n"
    "fail:\n\t@echo no >&2; exit 3\n";

GitChanges three(const BucketWorld& world, const std::string& version = "1.0.0") {
  GitChanges changes =
      BucketWorld::job("api", version, "\"max_concurrent_upgrades\": 2", {{"Makefile", kMakefile}});
  changes["workers.json"] = world.workers_json(3);
  return changes;
}

TEST(JobTarget, RunsWhereTheJobRunsAndTouchesNoRecord) {
  BucketWorld world(3);
  world.commit(three(world));
  const ProgramResult nowhere = world.maand({"job", "status", "api"});
  EXPECT_EQ(nowhere.status, 1);
  EXPECT_THAT(nowhere.err, HasSubstr("job api runs nowhere"));
  ASSERT_EQ(world.reconcile().status, 0);
  const std::string before = world.maand({"history", "--json"}).out;

  const ProgramResult well = world.maand({"job", "status", "api"});
  EXPECT_EQ(well.status, 0) << well.err;
  EXPECT_THAT(well.out, HasSubstr("make status of api succeeded on 3 workers\n"));
  EXPECT_THAT(well.out, HasSubstr(world.fleet().address(2) + " | well\n"));

  // Those of the newest commit are not there yet: the files that were deployed are what runs.
  world.commit(three(world, "1.1.0"));
  const std::string host = world.fleet().address(1);
  const ProgramResult backup =
      world.maand({"job", "run", "api", "--target", "backup", "--allocations", host});
  EXPECT_EQ(backup.status, 0) << backup.err;
  EXPECT_EQ(backup.out, host + " | " + host + " 1.0.0 1.1.0 \n" + host + " | /opt/worker/" +
                            world.bucket_id() + "/jobs/api\nmake backup of api succeeded on 1 worker\n");
  EXPECT_EQ(world.maand({"history", "--json"}).out, before);
  EXPECT_THAT(
      world.maand({"job", "run", "api", "--target", "backup", "--allocations", host, "--json"}).out,
      HasSubstr("{\"succeeded\":true,\"job\":\"api\",\"target\":\"backup\",\"workers\":[{\"worker\":\"" +
                host + "\",\"result\":\"ended\",\"exit_status\":0"));
}

TEST(JobTarget, AFailureEndsTheRunAndStatusAsksAll) {
  BucketWorld world(3);
  world.commit(three(world));
  ASSERT_EQ(world.reconcile().status, 0);
  const auto& fleet = world.fleet();
  const ProgramResult failed = world.maand({"job", "run", "api", "--target", "fail"});
  EXPECT_EQ(failed.status, 1);
  EXPECT_THAT(failed.err, HasSubstr("make fail of api failed on 2 of 3 workers"));
  EXPECT_THAT(failed.err, HasSubstr("not tried any more: "));
  EXPECT_THAT(failed.out, HasSubstr(" | no\n"));

  write_file(world.job_directory(0, "api") / "ill", "", 0644);
  world.fleet().kill(1);
  const ProgramResult status = world.maand({"job", "status", "api"});
  EXPECT_EQ(status.status, 1);
  EXPECT_THAT(status.err, HasSubstr("failed on 2 of 3 workers"));
  EXPECT_THAT(status.err, HasSubstr(fleet.address(0) + ": exited with 2"));
  EXPECT_THAT(status.err, HasSubstr(fleet.address(1) + ": was not reached"));
  EXPECT_THAT(status.out, HasSubstr(fleet.address(2) + " | well\n"));

  // Another bucket's directory, or another worker's disk, is not this job's place.
  write_file(fleet.root(2) / world.bucket_id() / ".maand" / "instance", "other 10.0.0.1 x\n", 0600);
  const ProgramResult stranger =
      world.maand({"job", "run", "api", "--target", "backup", "--allocations", fleet.address(2)});
  EXPECT_EQ(stranger.status, 1);
  EXPECT_THAT(stranger.out, HasSubstr("says bucket other, worker 10.0.0.1: this is not where"));
  EXPECT_THAT(stranger.out, Not(HasSubstr("1.0.0")));
}

TEST(JobTarget, WhatIsNotForItIsRefused) {
  BucketWorld world(1);
  GitChanges changes = BucketWorld::job("api", "1.0.0");
  changes["workers.json"] = world.workers_json(1);
  world.commit(changes);
  ASSERT_EQ(world.reconcile().status, 0);
  const struct {
    std::vector<std::string> words;
    const char* said;
  } rows[] = {
      {{"run", "api", "--target", "stop"}, "`maand job stop api` does it"},
      {{"run", "api", "--target", "Start"}, "`maand job start api` does it"},
      {{"run", "api", "--target", "reload"}, "a commit brings them"},
      {{"run", "api", "--target", "a;id"}, "is no target"},
      {{"run", "api", "--target", "-f"}, "is no target"},
      {{"run", "api", "--target", "A=b"}, "is no target"},
      {{"run", "api"}, "--target"},
      {{"status", "app"}, "did you mean `api`?"},
      {{"status", "api", "--allocations", "10.99.0.1"}, "job api does not run on \"10.99.0.1\"; it runs on"},
      {{"status", "api", "--timeout", "soon"}, "is no time"},
  };
  for (const auto& row : rows) {
    std::vector<std::string> words = row.words;
    words.insert(words.begin(), "job");
    const ProgramResult result = world.maand(words);
    EXPECT_EQ(result.status, 2) << row.said;
    EXPECT_THAT(result.err, HasSubstr(row.said));
  }
  EXPECT_EQ(world.events(0, "api"), std::vector<std::string>{"start 0.0.0 1.0.0 1 none"});
}

}  // namespace
}  // namespace maand::testing
