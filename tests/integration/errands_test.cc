// Errands on real sshd workers by the real binary: what `maand run_command` runs where, how it ends, and
// that nothing of it stays.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include "tests/support/bucket_world.h"

namespace maand::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

GitChanges workers_alone(const BucketWorld& world, int workers,
                         const std::vector<std::vector<std::string>>& labels = {}) {
  GitChanges changes = BucketWorld::job("api", "1.0.0");
  changes["workers.json"] = world.workers_json(workers, labels);
  return changes;
}

std::string line(BucketWorld& world, std::size_t worker, const std::string& text) {
  std::string name = world.fleet().address(worker);
  std::size_t widest = 0;
  for (std::size_t i = 0; i < world.fleet().size(); ++i)
    widest = std::max(widest, world.fleet().address(i).size());
  name.resize(widest, ' ');
  return name + " | " + text + "\n";
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = text.find('\n', from);
    out.push_back(text.substr(from, end - from));
    from = end == std::string::npos ? text.size() : end + 1;
  }
  return out;
}

TEST(RunCommand, RunsOnTheWorkersThatAreMeantWithTheirEnvironment) {
  BucketWorld world(2);
  world.commit(workers_alone(world, 2, {{"web"}, {"db"}}));
  const auto& fleet = world.fleet();
  const std::string script = "echo \"$BUCKET_ID $WORKER_IP ${BASH_VERSION:+bash}\" 'a  b' \"$0\"";
  const auto said = [&](std::size_t i) {
    return line(world, i, world.bucket_id() + " " + fleet.address(i) + " bash a  b maand");
  };
  const ProgramResult all = world.maand({"run_command", script});
  EXPECT_EQ(all.status, 0) << all.err;
  EXPECT_EQ(all.out, said(0) + said(1)) << "one after the other";
  EXPECT_EQ(world.maand({"run_command", script, "--labels", "db"}).out, said(1));
  EXPECT_EQ(world.maand({"run_command", script, "-w", fleet.address(0)}).out, said(0));
  EXPECT_EQ(world.maand({"run_command", script, "-w", "10.99.0.1"}).status, 2);

  EXPECT_EQ(world.maand({"run_command", "pwd", "-w", fleet.address(0)}).out, line(world, 0, "/"))
      << "nothing is deployed yet, and the home of the login is no place for it";
  // It stands in the bucket's directory once there is one, and there `maand` left nothing of it.
  ASSERT_EQ(world.reconcile().status, 0);
  const ProgramResult where = world.maand({"run_command", "ls -A; ls .maand", "-w", fleet.address(0)});
  EXPECT_EQ(where.status, 0);
  EXPECT_THAT(where.out, HasSubstr("| jobs\n"));
  EXPECT_THAT(where.out, Not(HasSubstr("errand")));
}

TEST(RunCommand, TheScriptComesFromStdinOrTheWorkspaceAsWell) {
  BucketWorld world(1);
  GitChanges changes = workers_alone(world, 1);
  world.commit(changes);
  const ProgramResult none = world.maand({"run_command"});
  EXPECT_EQ(none.status, 2);
  EXPECT_THAT(none.err, HasSubstr("commit workspace/command.sh"));
  world.commit({{"command.sh", "#!/bin/bash\nx=(1 2)\necho committed ${#x[@]}\n"}});
  EXPECT_EQ(world.maand({"run_command"}).out, line(world, 0, "committed 2"));

  const std::string script = "cat <<'E'\n`id` $(id) \"'\\\nE\n";
  const ProgramResult piped = call_program(
      {.argv = {MAAND_BINARY, "--bucket", world.bucket().string(), "run_command", "-"}, .input = script});
  EXPECT_EQ(piped.out, line(world, 0, "`id` $(id) \"'\\")) << piped.err;
  const ProgramResult empty =
      call_program({.argv = {MAAND_BINARY, "--bucket", world.bucket().string(), "run_command", "-"}});
  EXPECT_EQ(empty.status, 2);
  EXPECT_THAT(empty.err, HasSubstr("what came on stdin is empty"));
}

TEST(RunCommand, AFailureStopsTheRestAndIsTold) {
  BucketWorld world(3);
  world.commit(workers_alone(world, 3));
  const auto& fleet = world.fleet();
  const std::string script = "echo here; [ \"$WORKER_IP\" != " + fleet.address(1) + " ] || exit 7";
  const ProgramResult stopped = world.maand({"run_command", script});
  EXPECT_EQ(stopped.status, 1);
  EXPECT_EQ(stopped.out, line(world, 0, "here") + line(world, 1, "here"));
  EXPECT_THAT(stopped.err, HasSubstr("failed on 1 of 3 workers\n  " + fleet.address(1) +
                                     ": exited with 7\n  not tried any more: " + fleet.address(2)));
  const ProgramResult all = world.maand({"run_command", script, "--keep-going", "-c", "2"});
  EXPECT_EQ(all.status, 1);
  EXPECT_THAT(all.out, HasSubstr(line(world, 2, "here")));
  EXPECT_THAT(all.err, Not(HasSubstr("not tried")));

  world.fleet().kill(0);
  const ProgramResult unreached = world.maand({"run_command", script, "--keep-going", "-c", "3", "--json"});
  EXPECT_EQ(unreached.status, 1);
  EXPECT_THAT(unreached.err,
              HasSubstr("failed on 2 of 3 workers\n  " + fleet.address(0) + ": was not reached"));
  EXPECT_THAT(unreached.out, HasSubstr("{\"worker\":\"" + fleet.address(2) + "\",\"line\":\"here\"}\n"));
  EXPECT_THAT(unreached.out, HasSubstr("{\"succeeded\":false,\"workers\":[{\"worker\":\"" + fleet.address(0) +
                                       "\",\"result\":\"not_begun\",\"condition\":\"Unreachable\""));
}

TEST(RunCommand, ALineOfAnyLengthComesWholeFromEveryWorker) {
  BucketWorld world(2);
  world.commit(workers_alone(world, 2));
  const ProgramResult result = world.maand(
      {"run_command", "head -c 300000 /dev/zero | tr '\\0' x; echo; head -c 300000 /dev/zero | tr '\\0' y",
       "-c", "2"});
  EXPECT_EQ(result.status, 0) << result.err;
  // A worker that stalls for half a second in the middle of a line lets others speak, and goes on behind its
  // name; so a busy machine may show more lines, and never a byte of one worker behind the name of another.
  std::vector<std::string> said(2);
  for (const std::string& one : lines_of(result.out)) {
    std::size_t worker = 0;
    std::string name = line(world, worker, "");
    name.pop_back();
    if (!one.starts_with(name)) {
      name = line(world, ++worker, "");
      name.pop_back();
    }
    ASSERT_TRUE(one.starts_with(name)) << one.substr(0, 80);
    const std::string text = one.substr(name.size());
    EXPECT_EQ(text.find_first_not_of(text.substr(0, 1)), std::string::npos) << "two lines in one";
    said[worker] += text;
  }
  for (const std::string& text : said)
    EXPECT_TRUE(text == std::string(300000, 'x') + std::string(300000, 'y')) << text.size() << " bytes";
}

TEST(RunCommand, OneThatTakesTooLongIsEndedOnItsWorker) {
  BucketWorld world(1);
  world.commit(workers_alone(world, 1));
  const std::filesystem::path mark = world.fleet().root(0) / "mark";
  const ProgramResult result = world.maand(
      {"run_command", "echo begun; trap 'touch /opt/worker/mark; exit 0' TERM; while :; do sleep 0.1; done",
       "--timeout", "1s"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("took too long and was ended"));
  // Its shell may say what became of its `sleep`.
  EXPECT_THAT(result.out, ::testing::StartsWith(line(world, 0, "begun")));
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(mark); }));
}

// It prints faster than it can be taken, so that nothing ever waits.
TEST(RunCommand, OneThatPrintsForEverEndsWhenNobodyReadsItAnyMore) {
  BucketWorld world(1);
  world.commit(workers_alone(world, 1));
  for (const char* sink : {"| head -n 2", ">/dev/full"}) {
    const std::string script = "\"$0\" --bucket \"$1\" run_command yes --timeout 10m " + std::string(sink);
    const ProgramResult result =
        call_program({.argv = {"/bin/sh", "-c", script, MAAND_BINARY, world.bucket().string()},
                      .limit = std::chrono::seconds(100)});
    EXPECT_FALSE(result.timed_out) << sink;
  }
}

TEST(RunCommand, CtrlCEndsItOnItsWorkerToo) {
  BucketWorld world(2);
  world.commit(workers_alone(world, 2));
  const auto file = [&](const char* name) { return world.fleet().root(0) / name; };
  const std::string out = (world.bucket() / "out").string();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  std::vector<std::string> argv = {
      MAAND_BINARY, "--bucket", world.bucket().string(), "run_command",
      "touch /opt/worker/begun; trap 'touch /opt/worker/ended; exit' TERM; while :; do sleep 0.1; done"};
  std::vector<char*> raw;
  for (std::string& one : argv) raw.push_back(one.data());
  raw.push_back(nullptr);
  pid_t child = 0;
  ASSERT_EQ(posix_spawn(&child, MAAND_BINARY, &actions, nullptr, raw.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(file("begun")); }));
  kill(child, SIGINT);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << status;
  EXPECT_THAT(read_file(out),
              HasSubstr(": was interrupted\n  not tried any more: " + world.fleet().address(1)));
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(file("ended")); }))
      << "it goes on on the worker";
}

TEST(RunCommand, WorksBesideADaemonAndChecksHealthAfterEachBatch) {
  BucketWorld world(1);
  world.commit(workers_alone(world, 1));
  world.serve();
  const ProgramResult result = world.maand({"run_command", "echo here", "--health_check"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, line(world, 0, "here"));
}

}  // namespace
}  // namespace maand::testing
