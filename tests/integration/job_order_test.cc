// `maand job start|stop|restart` against real workers: the real binary, real git and real sshd, with
// a daemon and without one (R5.7).
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/support/beside.h"
#include "tests/support/bucket_world.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

// With a daemon or without one: what an operator sees is the same.
class JobOrderWorld : public ::testing::TestWithParam<bool> {
 protected:
  // Targets write what they see, and `gate` keeps one of them waiting while data/wait is there.
  static constexpr const char* kMakefile =
      ".PHONY: start stop restart reload\n"
      "start stop restart reload:\n"
      "\t@mkdir -p data; echo \"$@ $$CURRENT_VERSION $$NEW_VERSION\" >>data/events\n"
      "\t@echo \"$@ says hello\"; cat data/more 2>/dev/null || true\n"
      "\t@while test -e data/wait; do sleep 0.1; done\n"
      "\t@test ! -e data/fail\n";

  void deploy(int workers, const std::string& rest = "") {
    world_.set("http", "listen = \"\"");
    GitChanges changes = BucketWorld::job("api", "1.0.0", rest);
    changes["jobs/api/Makefile"] = kMakefile;
    changes["workers.json"] = world_.workers_json(workers);
    const std::string first = world_.commit(changes);
    if (GetParam()) {
      world_.serve();
      world_.wait_for_note(first, "applied");
    } else {
      const ProgramResult result = world_.reconcile();
      ASSERT_EQ(result.status, 0) << result.out << result.err;
    }
  }
  // One more pass, that would start again what it may start.
  void another_pass() {
    const ProgramResult result = world_.reconcile();
    EXPECT_EQ(result.status, 0) << result.out << result.err;
  }
  std::string host(int worker) { return world_.fleet().address(static_cast<std::size_t>(worker)); }
  Lines events(int worker) { return world_.events(worker, "api"); }
  fs::path on(int worker, const std::string& path) { return world_.job_directory(worker, "api") / path; }
  bool says(const ProgramResult& result, const std::string& text) {
    return (result.out + result.err).find(text) != std::string::npos;
  }

  BucketWorld world_{3};
};

TEST_P(JobOrderWorld, WhatIsStoppedStaysSoUntilItIsStarted) {
  deploy(2);
  const ProgramResult stopped = world_.maand({"job", "stop", "api", "--reason", "disk work"});
  EXPECT_EQ(stopped.status, 0) << stopped.out << stopped.err;
  EXPECT_TRUE(says(stopped, "[" + host(0) + "] stop says hello\n")) << stopped.out;
  EXPECT_TRUE(says(stopped, "[" + host(1) + "] stop says hello\n")) << stopped.out;
  EXPECT_TRUE(says(stopped, "api: 2 stopped\n")) << stopped.out;
  EXPECT_FALSE(says(stopped, "--- operation")) << stopped.out;
  another_pass();
  EXPECT_EQ(events(0), (Lines{"start 0.0.0 1.0.0", "stop 1.0.0 1.0.0"}));
  const ProgramResult status = world_.maand({"status"});
  EXPECT_TRUE(says(status, "disk work")) << status.out;
  if (GetParam()) {  // and a daemon that starts anew starts nothing
    world_.kill_daemon();
    world_.serve();
    another_pass();
    EXPECT_EQ(events(1).back(), "stop 1.0.0 1.0.0");
  }
  const ProgramResult started = world_.maand({"job", "start", "api"});
  EXPECT_EQ(started.status, 0) << started.out << started.err;
  EXPECT_EQ(events(0).back(), "start 1.0.0 1.0.0");
  EXPECT_EQ(events(1).back(), "start 1.0.0 1.0.0");
  another_pass();
  EXPECT_EQ(events(0).size(), 3u);
  const ProgramResult again = world_.maand({"job", "start", "api"});
  EXPECT_EQ(again.status, 0);
  EXPECT_TRUE(says(again, "nothing to start; 2 ran already")) << again.out;
}

TEST_P(JobOrderWorld, ALineOf300KilobytesComesWhole) {
  deploy(2);
  const std::string line(300'000, 'x');
  for (const int worker : {0, 1}) write_file(on(worker, "data/more"), line + "\nand more\n");
  const ProgramResult result = world_.maand({"job", "restart", "api"});
  EXPECT_EQ(result.status, 0) << result.err;
  for (const int worker : {0, 1}) {
    const std::string prefix = "\n[" + host(worker) + "] ";
    EXPECT_NE(("\n" + result.out).find(prefix + line + prefix + "and more\n"), std::string::npos)
        << result.out.size();
  }
}

TEST_P(JobOrderWorld, WhoFailsIsNamedAndNoLaterBatchBegins) {
  deploy(3);
  write_file(on(1, "data/fail"), "");
  const ProgramResult result = world_.maand({"job", "restart", "api"});
  EXPECT_EQ(result.status, 1) << result.out << result.err;
  EXPECT_TRUE(says(result, "failed on " + host(1) + " (exit status 2)")) << result.err;
  EXPECT_TRUE(says(result, "nothing was begun on " + host(2))) << result.err;
  EXPECT_EQ(events(2).size(), 1u);
}

TEST_P(JobOrderWorld, ATargetThatHangsIsEndedAtItsLimit) {
  deploy(2, R"("timeouts": {"restart": 2})");
  write_file(on(0, "data/wait"), "");
  const ProgramResult result = world_.maand({"job", "restart", "api", "--allocations", host(0)});
  EXPECT_EQ(result.status, 1) << result.out << result.err;
  EXPECT_TRUE(says(result, "failed on " + host(0) + " (ran out of time and was ended)")) << result.err;
  EXPECT_EQ(events(1).size(), 1u);
}

TEST_P(JobOrderWorld, AWorkerThatIsGoneIsNamedAndTheOthersAreStopped) {
  deploy(3);
  world_.fleet().kill(1);
  const ProgramResult result = world_.maand({"job", "stop", "api"});
  EXPECT_EQ(result.status, 1) << result.out << result.err;
  EXPECT_TRUE(says(result, "out of reach: " + host(1))) << result.err;
  EXPECT_EQ(events(0).back(), "stop 1.0.0 1.0.0");
  EXPECT_EQ(events(2).back(), "stop 1.0.0 1.0.0");
}

TEST_P(JobOrderWorld, CtrlCLetsWhatRunsEndAndBeginsNothingMore) {
  deploy(2);
  write_file(on(0, "data/wait"), "");
  Beside order(MAAND_BINARY, world_.bucket(), {"job", "restart", "api"});
  ASSERT_TRUE(eventually([&] { return events(0).size() == 2; }));
  order.interrupt();
  ASSERT_TRUE(eventually([&] { return order.told().find("Nothing more begins") != std::string::npos; }));
  fs::remove(on(0, "data/wait"));
  const ProgramResult result = order.end();
  EXPECT_EQ(result.status, 1) << result.out << result.err;
  EXPECT_TRUE(says(result, "1 of 2 restarted")) << result.err;
  EXPECT_TRUE(says(result, "nothing was begun on " + host(1))) << result.err;
  EXPECT_TRUE(says(result, "cut short by")) << result.err;
  EXPECT_EQ(events(1).size(), 1u);
  another_pass();
  EXPECT_EQ(events(0).size(), 2u) << "nothing of it is repeated";
}

// What runs there is held up for ever, so that whoever waited for it would never end.
TEST_P(JobOrderWorld, ASecondCtrlCWaitsForNothingAndSaysWhatGoesOn) {
  deploy(2);
  write_file(on(0, "data/wait"), "");
  Beside order(MAAND_BINARY, world_.bucket(), {"job", "restart", "api"});
  ASSERT_TRUE(eventually([&] { return events(0).size() == 2; }));
  order.interrupt();
  ASSERT_TRUE(eventually([&] { return order.told().find("Nothing more begins") != std::string::npos; }));
  order.interrupt();
  const ProgramResult result = order.end();
  EXPECT_EQ(result.status, 1) << result.out << result.err;
  EXPECT_FALSE(result.timed_out) << "it waited";
  EXPECT_TRUE(says(result, GetParam() ? "what was begun is on record" : "goes on on its workers"))
      << result.err;
  if (!GetParam()) {
    EXPECT_TRUE(says(result, "it is not known how it ended on " + host(0))) << result.err;
  }
  EXPECT_EQ(events(1).size(), 1u);
  fs::remove(on(0, "data/wait"));
  another_pass();
  EXPECT_EQ(events(0).size(), 2u) << "settled by its receipt, and not run twice";
  EXPECT_EQ(world_.maand({"job", "restart", "api", "--allocations", host(0)}).status, 0)
      << "nothing is left open";
}

// It accepts connections, and never says a word.
TEST_P(JobOrderWorld, AWorkerThatHangsIsNamedAndTheOthersAreStopped) {
  world_.set("ssh", "connect_timeout = \"2s\"");
  deploy(3);
  world_.fleet().freeze(1);
  const ProgramResult result = world_.maand({"job", "stop", "api"});
  EXPECT_EQ(result.status, 1) << result.out << result.err;
  EXPECT_TRUE(says(result, "out of reach: " + host(1)) ||
              says(result, "it is not known how it ended on " + host(1)))
      << result.err;
  EXPECT_EQ(events(0).back(), "stop 1.0.0 1.0.0");
  EXPECT_EQ(events(2).back(), "stop 1.0.0 1.0.0");
  world_.fleet().thaw(1);
  EXPECT_EQ(world_.maand({"job", "stop", "api"}).status, 0) << "and once it answers again";
  EXPECT_EQ(events(1).back(), "stop 1.0.0 1.0.0");
  EXPECT_EQ(events(0).size(), 2u) << "nothing is run twice";
}

TEST_P(JobOrderWorld, ASecondOperatorIsToldThatItIsBusy) {
  deploy(2);
  write_file(on(0, "data/wait"), "");
  Beside first(MAAND_BINARY, world_.bucket(), {"job", "restart", "api"});
  ASSERT_TRUE(eventually([&] { return events(0).size() == 2; }));
  const ProgramResult second = world_.maand({"job", "stop", "api"});
  EXPECT_EQ(second.status, 5) << second.out << second.err;
  fs::remove(on(0, "data/wait"));
  const ProgramResult result = first.end();
  EXPECT_EQ(result.status, 0) << result.out << result.err;
  EXPECT_EQ(events(1).back(), "restart 1.0.0 1.0.0");
}

TEST_P(JobOrderWorld, WhatCannotBeIsSaidInASentence) {
  deploy(1);
  EXPECT_EQ(world_.maand({"job", "stop", "apu"}).status, 2);
  const ProgramResult strange = world_.maand({"job", "stop", "api", "--allocations", "10.9.9.9"});
  EXPECT_EQ(strange.status, 2);
  EXPECT_TRUE(says(strange, "`api` is not on 10.9.9.9; it is on " + host(0))) << strange.err;
  for (const char* nobody : {"", " ", ",", " , "}) {
    const ProgramResult empty = world_.maand({"job", "stop", "api", "--allocations", nobody});
    EXPECT_EQ(empty.status, 2) << "'" << nobody << "' is no word for all of them: " << empty.out << empty.err;
  }
  for (const char* span : {"xx", "-1h", "0s"}) {
    const ProgramResult bad = world_.maand({"job", "stop", "api", "--for", span});
    EXPECT_EQ(bad.status, 2) << bad.out << bad.err;
    EXPECT_TRUE(says(bad, "is no length of time")) << bad.err;
    EXPECT_EQ(world_.maand({"suspend", "api", "--reason", "r", "--for", span}).status, 2) << span;
    EXPECT_EQ(world_.maand({"worker", "drain", host(0), "--for", span}).status, 2) << span;
  }
  EXPECT_EQ(events(0).size(), 1u) << "nothing was stopped";
  ASSERT_EQ(world_.maand({"suspend", "api", "--reason", "r", "--for", "1h"}).status, 0);
  const ProgramResult suspended = world_.maand({"job", "restart", "api"});
  EXPECT_EQ(suspended.status, 4);
  EXPECT_TRUE(says(suspended, "`api` is suspended by")) << suspended.err;
  const ProgramResult json = world_.maand({"--json", "job", "stop", "api"});
  EXPECT_EQ(json.status, 0) << json.err;
  EXPECT_EQ(json.out.rfind("{\"order\":", 0), 0u) << json.out;
  EXPECT_TRUE(says(json, "\"state\":\"done\"")) << json.out;
}

class JobOrderOfADaemon : public JobOrderWorld {};

// What was begun when the daemon died is settled, and not done again (R7.1).
TEST_P(JobOrderOfADaemon, ThatDiesInTheMiddleIsKnownToTheNext) {
  deploy(2);
  write_file(on(0, "data/wait"), "");
  Beside order(MAAND_BINARY, world_.bucket(), {"job", "stop", "api"});
  ASSERT_TRUE(eventually([&] { return events(0).size() == 2; }));
  world_.kill_daemon();
  fs::remove(on(0, "data/wait"));
  world_.serve();
  another_pass();
  EXPECT_EQ(events(0), (Lines{"start 0.0.0 1.0.0", "stop 1.0.0 1.0.0"})) << "stopped once, and stays so";
  EXPECT_EQ(events(1).size(), 1u) << "its batch had not begun";
  EXPECT_EQ(order.end().status, 5) << "whoever waits is told";
}

// A worker is emptied, stays empty over a commit and a daemon that starts anew, and is filled again.
TEST_P(JobOrderWorld, ADrainedWorkerIsEmptyUntilItIsTakenBack) {
  deploy(3);
  const ProgramResult drained =
      world_.maand({"worker", "drain", host(1), "--reason", "new disks", "--for", "4h"});
  EXPECT_EQ(drained.status, 0) << drained.out << drained.err;
  another_pass();
  EXPECT_EQ(events(1).back(), "stop 1.0.0 1.0.0");
  EXPECT_EQ(events(0).size(), 1u);
  write_file(on(1, "data/kept"), "by the application");
  const ProgramResult status = world_.maand({"status"});
  EXPECT_TRUE(says(status, host(1) + " is drained")) << status.out;
  EXPECT_TRUE(says(status, "new disks")) << status.out;
  const ProgramResult why = world_.maand({"why", "api@" + host(1)});
  EXPECT_TRUE(says(why, "Drained")) << why.out << why.err;
  const ProgramResult started = world_.maand({"job", "start", "api", "--allocations", host(1)});
  EXPECT_EQ(started.status, 4) << started.out << started.err;
  EXPECT_TRUE(says(started, "its worker is drained by")) << started.err;

  const ProgramResult more = world_.maand({"worker", "drain", host(0)});
  EXPECT_EQ(more.status, 4);
  EXPECT_TRUE(says(more, "api: 2 of 3 would be out, at most 1 may be")) << more.err;

  GitChanges changes = BucketWorld::job("api", "1.0.1");
  changes["jobs/api/Makefile"] = kMakefile;
  world_.commit(changes);
  if (GetParam()) {
    world_.kill_daemon();
    world_.serve();
  }
  another_pass();
  EXPECT_EQ(events(0).back(), "restart 1.0.0 1.0.1");
  EXPECT_EQ(events(1).back(), "stop 1.0.0 1.0.0");
  ASSERT_EQ(world_.maand({"worker", "undrain", host(1)}).status, 0);
  another_pass();
  EXPECT_EQ(events(1).back(), "start 1.0.0 1.0.1");
  EXPECT_TRUE(fs::exists(on(1, "data/kept")));
  EXPECT_EQ(world_.maand({"worker", "undrain", host(1)}).status, 2);
}

INSTANTIATE_TEST_SUITE_P(Hands, JobOrderOfADaemon, ::testing::Values(true));
INSTANTIATE_TEST_SUITE_P(Hands, JobOrderWorld, ::testing::Bool(),
                         [](const auto& given) { return given.param ? "WithADaemon" : "WithoutOne"; });

}  // namespace
}  // namespace maand::testing
