// Commands over the files of a bucket whose daemon does not run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "reconciler/store/bucket_lock.h"
#include "tests/unit/cli/bucket.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class BucketCommands : public ::testing::Test {
 protected:
  void record_pass(const char* state) {
    PassRecord pass;
    pass.commit = kOldCommit;
    pass.state = state;
    pass.cause = "commit";
    pass.started_at = WallTime(std::chrono::milliseconds(1'700'000'000'000));
    pass.finished_at = pass.started_at + std::chrono::milliseconds(1500);
    pass.summary = "1 started";
    pass.json =
        R"({"state":")" + std::string(state) +
        R"(","jobs":[{"job":"api","state":"held","reason":"TargetFailed","detail":"start on 10.0.0.1"}]})";
    bucket_.store()->put_pass(pass);
  }
  void record_allocation() {
    const auto store = bucket_.store();
    store->settle({running("api", "10.0.0.1", "1.2.0")}, {}, 0);
    store->put_heads(kOldCommit, kOldCommit);
  }
  void log(const std::string& name, const std::string& text) {
    fs::create_directories(bucket_.data() / "logs");
    std::ofstream(bucket_.data() / "logs" / name) << text;
  }

  MadeBucket bucket_;
};

TEST_F(BucketCommands, StatusOfANewBucketSaysThatNothingHappenedYet) {
  const ProgramResult result = bucket_.run({"status"});
  EXPECT_EQ(result.status, 3);
  EXPECT_THAT(result.out, AllOf(HasSubstr("maand prod: pending"), HasSubstr("none judged yet"),
                                HasSubstr("not running"), HasSubstr("Nothing is deployed yet")));
}

TEST_F(BucketCommands, StatusWithoutADaemonComesFromTheStore) {
  record_allocation();
  record_pass("held");
  const ProgramResult result = bucket_.run({"status"});
  EXPECT_EQ(result.status, 4);
  EXPECT_THAT(result.out, AllOf(HasSubstr("maand prod: held"), HasSubstr("api  10.0.0.1  1.2.0    running"),
                                HasSubstr("api is held  TargetFailed"), HasSubstr("111111111111 (applied)")));
  const ProgramResult json = bucket_.run({"status", "--json"});
  EXPECT_EQ(json.status, 4);
  EXPECT_THAT(json.out, AllOf(HasSubstr(R"("daemon":false)"), HasSubstr(R"("state":"held")"),
                              HasSubstr(R"("worker":"10.0.0.1","state":"running")")));
}

TEST_F(BucketCommands, HistoryListsPasses) {
  EXPECT_EQ(bucket_.run({"history"}).out, "");
  record_pass("held");
  record_pass("applied");
  const ProgramResult result = bucket_.run({"history"});
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.out,
              HasSubstr("2023-11-14T22:13:20Z  111111111111  applied  commit  1.5 s  1 started\n"
                        "2023-11-14T22:13:20Z  111111111111  held     commit  1.5 s  1 started\n"));
  EXPECT_THAT(bucket_.run({"history", "--limit", "1"}).out, Not(HasSubstr("held")));
  EXPECT_EQ(bucket_.run({"history", "--json", "--limit", "1"}).out.rfind("[{\"id\":2,", 0), 0u);
  EXPECT_EQ(bucket_.run({"history", "--limit", "0"}).status, 2);
}

TEST_F(BucketCommands, PlanRefusesWhatItCannotFindInsteadOfShowingNothing) {
  bucket_.git.commit(
      {{"workspace/workers.json", R"([{"host": "10.0.0.1"}])"},
       {"workspace/jobs/api/manifest.json", R"({"version": "1.0.0", "selectors": ["worker"]})"},
       {"workspace/jobs/api/Makefile", "start stop restart:\n\t@true\n"}},
      "first");
  struct {
    std::vector<std::string> arguments;
    const char* says;
  } const rows[] = {
      {{"plan", "--jobs", "apj"}, "no job \"apj\" is known in "},
      {{"plan", "--jobs", "apj"}, "did you mean `api`?"},
      {{"plan", "--jobs", "api,quite-another"}, "no job \"quite-another\" is known in "},
      {{"plan", "--workspace", "nowhere"}, "there is no directory nowhere"},
      {{"plan", "--commit", "1234567"}, "1234567"},
      {{"plan", "--commit", "anything@"}, "`anything@` names no commit"},
      {{"plan", "--commit", std::string(2000, 'a')}, "names no commit"},
  };
  for (const auto& row : rows) {
    const ProgramResult result = bucket_.run(row.arguments);
    EXPECT_EQ(result.status, 2) << row.says << result.out;
    EXPECT_THAT(result.err, HasSubstr(row.says));
    EXPECT_EQ(result.out, "");
  }
  EXPECT_EQ(bucket_.run({"plan", "--jobs", "api"}).status, 3);
  EXPECT_EQ(bucket_.run({"plan", "--commit", "@"}).status, 3) << "the head, as in git";
}

TEST_F(BucketCommands, LogsPrintWhatTargetsPrinted) {
  log("api@10.0.0.1.log", "--- operation 1\nstarting\nno newline at the end");
  const ProgramResult result = bucket_.run({"logs", "api@10.0.0.1"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.out, "--- operation 1\nstarting\nno newline at the end");
  EXPECT_EQ(bucket_.run({"logs", "api@10.0.0.1", "--json"}).out,
            R"({"job":"api","worker":"10.0.0.1","line":"--- operation 1"})"
            "\n"
            R"({"job":"api","worker":"10.0.0.1","line":"starting"})"
            "\n"
            R"({"job":"api","worker":"10.0.0.1","line":"no newline at the end"})"
            "\n");
}

TEST_F(BucketCommands, LogsSayWhatThereIsAndNeverLeaveTheirDirectory) {
  log("api@10.0.0.1.log", "x");
  struct {
    const char* allocation;
    int status;
    const char* says;
  } const rows[] = {
      {"api@10.0.0.2", 1, "there is output of api@10.0.0.1"},
      {"api", 2, "api@WORKER"},
      {"../../etc@passwd", 2, "is no name of a job"},
      {"api@../../maand.conf", 2, "is no worker"},
  };
  for (const auto& row : rows) {
    const ProgramResult result = bucket_.run({"logs", row.allocation});
    EXPECT_EQ(result.status, row.status) << row.allocation;
    EXPECT_THAT(result.err, HasSubstr(row.says));
    EXPECT_EQ(result.out, "");
  }
}

// `head` leaves after one line; a command that did not notice would never end.
TEST_F(BucketCommands, WhatPrintsForEverEndsWhenNobodyReadsIt) {
  log("api@10.0.0.1.log", "starting\n");
  struct {
    const char* arguments;
    const char* first_line;
  } const rows[] = {
      {"status --watch", "pending\n"},
      {"status --watch --json", R"({"bucket_id":"b1")"},
      {"logs -f api@10.0.0.1", "starting\n"},
  };
  for (const auto& row : rows) {
    const ProgramResult result = call_program(
        {.argv = {"/bin/sh", "-c", std::string(MAAND_BINARY " ") + row.arguments + " | head -n 1"},
         .cwd = bucket_.path()});
    EXPECT_FALSE(result.timed_out) << row.arguments;
    EXPECT_EQ(result.out.rfind(row.first_line, 0), 0u) << result.out << result.err;
  }
}

TEST_F(BucketCommands, RetryWithoutADaemonLiftsTheHoldInTheStoreAndKeepsTheActor) {
  record_allocation();
  JobRecord held;
  held.job = JobName("api");
  held.held_reason = "TargetFailed";
  held.held_tree = TreeId(std::string(40, 'a'));
  bucket_.store()->put_job(held);

  const ProgramResult result = bucket_.run({"retry", "api"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("is lifted"), HasSubstr("No daemon runs")));
  EXPECT_EQ(bucket_.store()->load().jobs.at(JobName("api")).held_reason, "");
  const auto audits = bucket_.store()->audits(10);
  ASSERT_EQ(audits.size(), 1u);
  EXPECT_EQ(audits[0].action, "retry");
  EXPECT_EQ(audits[0].subject, "api");
  EXPECT_THAT(audits[0].actor, HasSubstr("@"));
}

TEST_F(BucketCommands, OrdersForWhatIsNotKnownAreUsageErrors) {
  record_allocation();
  EXPECT_EQ(bucket_.run({"retry", "nothing"}).status, 2);
  EXPECT_EQ(bucket_.run({"release", "nothing"}).status, 2);
  EXPECT_EQ(bucket_.run({"release", "1111111"}).status, 0);
}

TEST_F(BucketCommands, OrdersForABusyBucketExitFive) {
  const BucketLock lock(bucket_.data());
  const ProgramResult result = bucket_.run({"retry", "api"});
  EXPECT_EQ(result.status, 5);
  EXPECT_THAT(result.err, HasSubstr("maand: "));
}

// Whoever is not the bucket's user is told whom to be; `There are no secrets` would not be true, and
// `start it with maand serve` no help.
TEST_F(BucketCommands, AnotherUserIsToldWhoseTheBucketIs) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can be somebody else";
  for (fs::path path = bucket_.path(); path != fs::temp_directory_path(); path = path.parent_path())
    fs::permissions(path, fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec |
                              fs::perms::group_read | fs::perms::others_read);
  // Where the tests were built nobody else may be able to look.
  const fs::path binary = bucket_.path() / "maand";
  fs::copy_file(MAAND_BINARY, binary);
  for (const std::vector<std::string>& command : {std::vector<std::string>{"status"},
                                                  {"events"},
                                                  {"secrets", "list"},
                                                  {"plan"},
                                                  {"retry", "api"},
                                                  {"logs", "a@b"}}) {
    std::vector<std::string> argv = {"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                                     binary.string()};
    argv.insert(argv.end(), command.begin(), command.end());
    const ProgramResult result = call_program({.argv = argv, .cwd = bucket_.path()});
    EXPECT_EQ(result.status, 2) << command[0] << result.out << result.err;
    EXPECT_THAT(result.err, AllOf(HasSubstr("/data cannot be read by "), HasSubstr("run maand as root")))
        << command[0];
    EXPECT_EQ(result.out, "") << command[0];
  }
}

TEST_F(BucketCommands, OrdersWhereNothingCanBeWrittenSayWhere) {
  fs::remove_all(bucket_.data());
  std::ofstream(bucket_.data()) << "no directory";
  const ProgramResult result = bucket_.run({"retry", "api"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, AllOf(HasSubstr("nothing can be written in " + bucket_.data().string()),
                                HasSubstr("check its disk")));
}

TEST_F(BucketCommands, NoteNeedsAMirror) {
  const ProgramResult result = bucket_.run({"note"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("no mirror"));
}

TEST_F(BucketCommands, ABadConfigurationIsToldWholeWithTwo) {
  std::ofstream(bucket_.path() / "maand.conf", std::ios::app) << "\n[limits]\nmax_file_byte = 1\n";
  const ProgramResult result = bucket_.run({"status"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("did you mean `limits.max_file_bytes`?"));
}

}  // namespace
}  // namespace maand::testing
