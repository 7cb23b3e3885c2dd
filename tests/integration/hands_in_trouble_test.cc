// The commands for workers when things go wrong: a worker that accepts connections and says nothing, Ctrl-C
// in the middle, two operators at once. By the real binary on real sshd workers; orders on jobs have a
// test of their own (job_order_test.cc).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/beside.h"
#include "tests/support/bucket_world.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Lines = std::vector<std::string>;

constexpr const char* kMakefile =
    ".PHONY: start stop restart status backup\n"
    "start stop restart:\n\t@mkdir -p data; echo $@ >>data/events\n"
    "status:\n\t@echo well\n"
    "backup:\n\t@echo $$$$ >data/pid; echo begun >>data/backups; while test -e data/wait; do sleep 0.1; "
    "done; echo done "
    ">>data/backups\n";

// api on two workers, and what web, which left, has kept on them.
class HandsInTrouble : public ::testing::Test {
 protected:
  HandsInTrouble() {
    GitChanges changes = BucketWorld::job("api", "1.0.0", "", {{"Makefile", kMakefile}});
    changes["workers.json"] = world_.workers_json(2);
    for (const auto& [path, content] : BucketWorld::job("web", "1.0.0")) changes[path] = content;
    world_.commit(changes);
    EXPECT_EQ(world_.reconcile().status, 0);
    world_.commit({{"jobs/web/Makefile", std::nullopt}, {"jobs/web/manifest.json", std::nullopt}},
                  "web leaves");
    EXPECT_EQ(world_.reconcile().status, 0);
  }
  std::string host(std::size_t worker) { return world_.fleet().address(worker); }
  fs::path on(int worker, const std::string& path) { return world_.job_directory(worker, "api") / path; }
  // A checkout, for what writes into one.
  fs::path checkout() {
    const fs::path directory = world_.bucket().parent_path() / "checkout";
    const ProgramResult cloned = call_program(
        {.argv = {"/usr/bin/git", "clone", "--quiet", world_.git().file_url(), directory.string()}});
    EXPECT_EQ(cloned.status, 0) << cloned.err;
    return directory;
  }

  BucketWorld world_{2, {{"ssh", "connect_timeout = \"2s\""}, {"policy", "max_removals = \"100%\""}}};
};

TEST_F(HandsInTrouble, AWorkerThatHangsIsNamedAndTheOthersAreServed) {
  world_.fleet().freeze(1);
  const struct {
    Lines command;
    std::string says;  // of the other worker; empty: nothing in particular
  } rows[] = {
      {{"run_command", "echo here", "--keep-going"}, host(0) + " | here\n"},
      {{"job", "status", "api"}, host(0) + " | well\n"},
      {{"job", "run", "api", "--target", "backup"}, ""},
      {{"doctor"}, host(0) + "  well\n"},
      {{"collect", "facts"}, host(0)},
      {{"gc", "--retain-days", "0", "--yes"}, "web"},
  };
  for (const auto& row : rows) {
    const ProgramResult result = world_.maand(row.command);
    EXPECT_FALSE(result.timed_out) << row.command[0];
    EXPECT_EQ(result.status, 1) << row.command[0] << "\n" << result.out << result.err;
    EXPECT_THAT(result.out, HasSubstr(row.says)) << row.command[0] << "\n" << result.err;
    EXPECT_THAT(result.out + result.err, HasSubstr(host(1))) << row.command[0];
  }
  EXPECT_TRUE(fs::exists(on(0, "data/backups")));
  EXPECT_FALSE(fs::exists(world_.job_directory(0, "web"))) << "gc took what it could reach";
  world_.fleet().thaw(1);
  EXPECT_EQ(world_.maand({"gc", "--retain-days", "0", "--yes"}).status, 0);
  EXPECT_FALSE(fs::exists(world_.job_directory(1, "web")));
}

// A drain of a worker that hangs: the word is kept, and what runs there is stopped once it answers.
TEST_F(HandsInTrouble, AWorkerThatHangsIsDrainedOnceItAnswers) {
  world_.fleet().freeze(1);
  const ProgramResult drained = world_.maand({"worker", "drain", host(1), "--reason", "it hangs"});
  EXPECT_EQ(drained.status, 0) << drained.out << drained.err;
  const ProgramResult pass = world_.reconcile();
  EXPECT_EQ(pass.status, 1) << pass.out << pass.err;
  world_.fleet().thaw(1);
  const ProgramResult again = world_.reconcile();
  EXPECT_EQ(again.status, 0) << again.out << again.err;
  EXPECT_EQ(world_.events(1, "api"), (Lines{"start", "stop"}));
  EXPECT_EQ(world_.events(0, "api"), (Lines{"start"}));
}

TEST_F(HandsInTrouble, CtrlCEndsWhatWaitsForAWorkerAndLeavesNothingHalfDone) {
  world_.set("ssh", "connect_timeout = \"10m\"");  // only Ctrl-C ends it
  world_.fleet().freeze(1);
  const fs::path directory = checkout();
  const std::string listed = read_file(directory / "workspace/workers.json");
  for (const Lines& command : {Lines{"doctor"}, Lines{"collect", "facts", "--generate-workers"},
                               Lines{"gc", "--retain-days", "0", "--yes"},
                               Lines{"run_command", "true", "-c", "2"}, Lines{"job", "status", "api"}}) {
    const int before = world_.fleet().accepted(0);
    Beside beside(MAAND_BINARY, world_.bucket(), command, directory);
    // So that it is at the workers by then.
    EXPECT_TRUE(eventually([&] { return world_.fleet().accepted(0) > before; })) << command[0];
    beside.interrupt();
    const ProgramResult result = beside.end();
    EXPECT_FALSE(result.timed_out) << command[0];
    EXPECT_EQ(result.status, 1) << command[0] << "\n" << result.out << result.err;
  }
  EXPECT_EQ(read_file(directory / "workspace/workers.json"), listed);
  EXPECT_TRUE(fs::exists(world_.job_directory(0, "web"))) << "nothing goes before all were asked";
  world_.fleet().thaw(1);
  EXPECT_EQ(world_.maand({"doctor"}).status, 0) << "and no worker is the worse for it";
}

TEST_F(HandsInTrouble, CtrlCEndsATargetOfJobRunOnItsWorkerAndBeginsNoOther) {
  write_file(on(0, "data/wait"), "");
  Beside beside(MAAND_BINARY, world_.bucket(), {"job", "run", "api", "--target", "backup"});
  EXPECT_TRUE(eventually([&] { return fs::exists(on(0, "data/backups")); }));
  beside.interrupt();
  const ProgramResult result = beside.end();
  EXPECT_EQ(result.status, 1) << result.out << result.err;
  EXPECT_THAT(result.err, HasSubstr("was interrupted"));
  EXPECT_THAT(result.err, HasSubstr("not tried any more: " + host(1)));
  const std::string gone = "test ! -e /proc/" + read_file(on(0, "data/pid"));
  EXPECT_TRUE(eventually([&] {
    return world_.maand({"run_command", gone, "-w", host(0)}).status == 0;
  })) << "it goes on";
  fs::remove(on(0, "data/wait"));
  EXPECT_EQ(world_.maand({"job", "run", "api", "--target", "backup"}).status, 0) << "it can be run again";
  EXPECT_EQ(read_file(on(0, "data/backups")), "begun\nbegun\ndone\n") << "the first one did not go on";
}

TEST_F(HandsInTrouble, TwoOperatorsDoNotWaitForOneAnother) {
  write_file(on(0, "data/wait"), "");
  Beside first(MAAND_BINARY, world_.bucket(), {"job", "run", "api", "--target", "backup"});
  EXPECT_TRUE(eventually([&] { return fs::exists(on(0, "data/backups")); }));
  for (const Lines& command :
       {Lines{"run_command", "echo here"}, Lines{"job", "status", "api"}, Lines{"doctor"},
        Lines{"collect", "facts"}, Lines{"gc", "--retain-days", "0", "--yes"}}) {
    const ProgramResult second = world_.maand(command);
    EXPECT_EQ(second.status, 0) << command[0] << "\n" << second.out << second.err;
  }
  // The bucket is nobody's, so orders and passes go on as well.
  EXPECT_EQ(world_.maand({"worker", "drain", host(1)}).status, 0);
  EXPECT_EQ(world_.reconcile().status, 0);
  EXPECT_EQ(world_.events(1, "api"), (Lines{"start", "stop"}));
  fs::remove(on(0, "data/wait"));
  const ProgramResult result = first.end();
  EXPECT_EQ(read_file(on(0, "data/backups")), "begun\ndone\n") << result.out << result.err;
}

TEST_F(HandsInTrouble, TwoDrainsAtOnceAreBothJudgedByWhatTheOtherTakes) {
  world_.serve();
  EXPECT_EQ(world_.reconcile().status, 0) << "it has read what the workspace wants";
  Beside one(MAAND_BINARY, world_.bucket(), {"worker", "drain", host(0)});
  Beside other(MAAND_BINARY, world_.bucket(), {"worker", "drain", host(1)});
  const ProgramResult a = one.end(), b = other.end();
  EXPECT_EQ(a.status + b.status, 4) << a.out << a.err << b.out << b.err;
  EXPECT_THAT(a.err + b.err, HasSubstr("api: 2 of 2 would be out, at most 1 may be"));
}

}  // namespace
}  // namespace maand::testing
