// A change that can cut off its worker: the worker goes back by itself unless a new
// connection confirms it (R2.9 confirm_seconds), with the real binary and a real sshd.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/bucket_world.h"
#include "tests/support/tcp_proxy.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;
using Events = std::vector<std::string>;

// Targets wait while `data/hold-<version>` is there, and fail if `data/fail-<version>` is.
// `stop` does neither.
constexpr const char* kMakefile =
    "start restart:\n"
    "\t@mkdir -p data; echo $@ $(CURRENT_VERSION) $(NEW_VERSION) >> data/events\n"
    "\t@while [ -e data/hold-$(NEW_VERSION) ]; do sleep 0.1; done\n"
    "\t@[ ! -e data/fail-$(NEW_VERSION) ]\n"
    "stop:\n"
    "\t@mkdir -p data; echo $@ $(CURRENT_VERSION) $(NEW_VERSION) >> data/events\n";

std::string confirm_within(int seconds, const std::string& more = "") {
  return "\"rollout\": {\"confirm_seconds\": " + std::to_string(seconds) + more + "}";
}

class ConfirmWorld : public ::testing::Test {
 protected:
  static GitChanges api(const std::string& version, const std::string& manifest) {
    return BucketWorld::job("api", version, manifest, {{"Makefile", kMakefile}, {"conf", "conf " + version}});
  }
  // The first worker stands behind the proxy.
  std::string workers() const {
    return R"([{"host": ")" + world_.fleet().address(0) + R"(", "address": ")" + proxy_.address() +
           R"(", "position": 1, "host_key": ")" + world_.fleet().host_key(0) + R"(", "ssh": {"port": )" +
           std::to_string(proxy_.port()) + R"(}}, {"host": ")" + world_.fleet().address(1) +
           R"(", "position": 2}])";
  }
  fs::path at(int worker, const std::string& name) const {
    return world_.job_directory(worker, "api") / name;
  }
  std::string read(int worker, const std::string& name) const {
    std::ifstream in(at(worker, name));
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void deploy(const std::string& manifest) {
    GitChanges changes = api("1.0.0", manifest);
    changes["workers.json"] = workers();
    const std::string first = world_.commit(changes);
    world_.serve();
    world_.wait_for_note(first, "applied");
    write_file(at(0, "data/hold-2.0.0"), "");
    write_file(at(1, "data/hold-2.0.0"), "");
  }
  // Which of the two is first is not ours to say.
  int begun() const { return world_.events(0, "api").size() >= 2 ? 0 : 1; }
  // An operation of `worker` waits for its confirmation.
  bool armed(int worker) const {
    const fs::path ops = at(worker, "").parent_path().parent_path().parent_path() / ".maand/jobs/api/ops";
    for (const auto& operation : fs::directory_iterator(ops)) {
      if (fs::exists(operation.path() / "armed") && fs::exists(operation.path() / "back")) return true;
    }
    return false;
  }

  mutable BucketWorld world_{2, {{"git", "poll_interval = \"1s\""}}};
  TcpProxy proxy_{world_.fleet().address(0), world_.fleet().port()};
};

TEST_F(ConfirmWorld, AChangeThatCutsTheNetworkIsTakenBackByTheWorkerItselfAndTheNoteSaysSo_R2_9) {
  deploy(confirm_within(600));
  const std::string second = world_.commit(api("2.0.0", confirm_within(3)));
  ASSERT_TRUE(eventually([&] { return world_.events(0, "api").size() == 2; })) << world_.daemon_log();
  // What is open stays open, and nothing new comes through.
  proxy_.set_fault(ProxyFault{ProxyFault::Kind::kCut, Direction::kUp, 0});
  fs::remove(at(0, "data/hold-2.0.0"));
  ASSERT_TRUE(eventually([&] { return world_.events(0, "api").size() == 3; })) << world_.daemon_log();
  EXPECT_EQ(world_.events(0, "api").back(), "restart 2.0.0 1.0.0");
  proxy_.set_fault(std::nullopt);  // with the old content the network is back

  const std::string note = world_.wait_for_note(second, "held");
  EXPECT_NE(note.find("NotConfirmed"), std::string::npos) << note;
  EXPECT_NE(note.find("went back by itself"), std::string::npos) << note;
  EXPECT_EQ(read(0, "conf"), "conf 1.0.0");
  EXPECT_EQ(world_.events(1, "api"), (Events{"start 0.0.0 1.0.0"})) << "the next one was left alone";
  const std::string known = world_.maand({"cat", "deployments"}).out;
  EXPECT_EQ(known.find("2.0.0"), std::string::npos) << known;

  // The same is not tried again; what mends it is, and is confirmed.
  const std::string third = world_.commit(api("3.0.0", confirm_within(300)));
  world_.wait_for_note(third, "applied");
  EXPECT_EQ(world_.events(0, "api").back(), "restart 1.0.0 3.0.0");
  EXPECT_EQ(world_.events(1, "api").back(), "restart 1.0.0 3.0.0");
  EXPECT_FALSE(armed(0) || armed(1));
}

// The commonest form of it: a rule that shuts the door, and then the target fails.
TEST_F(ConfirmWorld, ATargetThatCutsTheNetworkAndFailsIsTakenBackAsWell_R2_9) {
  deploy(confirm_within(600));
  write_file(at(0, "data/fail-2.0.0"), "");
  const std::string second = world_.commit(api("2.0.0", confirm_within(3)));
  ASSERT_TRUE(eventually([&] { return world_.events(0, "api").size() == 2; })) << world_.daemon_log();
  proxy_.set_fault(ProxyFault{ProxyFault::Kind::kCut, Direction::kUp, 0});
  fs::remove(at(0, "data/hold-2.0.0"));
  ASSERT_TRUE(eventually([&] { return world_.events(0, "api").size() == 3; })) << world_.daemon_log();
  EXPECT_EQ(world_.events(0, "api").back(), "restart 2.0.0 1.0.0");
  proxy_.set_fault(std::nullopt);

  const std::string note = world_.wait_for_note(second, "held");
  EXPECT_NE(note.find("NotConfirmed"), std::string::npos) << note;
  EXPECT_EQ(read(0, "conf"), "conf 1.0.0");
  EXPECT_EQ(world_.events(1, "api"), (Events{"start 0.0.0 1.0.0"})) << "the next one was left alone";
}

TEST_F(ConfirmWorld, ATargetThatFailsAndCutsNothingStaysAsItIs_R2_6) {
  deploy(confirm_within(600));
  for (const int worker : {0, 1}) {
    write_file(at(worker, "data/fail-2.0.0"), "");
    fs::remove(at(worker, "data/hold-2.0.0"));
  }
  const std::string second = world_.commit(api("2.0.0", confirm_within(600, R"(, "attempts": 1)")));
  const std::string note = world_.wait_for_note(second, "held");
  EXPECT_NE(note.find("TargetFailed"), std::string::npos) << note;
  const int first = begun();
  EXPECT_EQ(read(first, "conf"), "conf 2.0.0");
  EXPECT_EQ(world_.events(first, "api"), (Events{"start 0.0.0 1.0.0", "restart 1.0.0 2.0.0"}));
  EXPECT_FALSE(armed(0) || armed(1));
}

constexpr const char* kGated =
    R"(, "health_check": {"checks": [{"type": "ssh", "command": "test -e /opt/worker/*/jobs/api/data/up"}],)"
    R"( "wait": {"attempts": 1000, "interval_seconds": 1}})";

TEST_F(ConfirmWorld, ADaemonThatIsKilledBeforeItConfirmsDoesSoAtItsNextStart_R2_9_R7_1) {
  deploy(confirm_within(600));
  const std::string second = world_.commit(api("2.0.0", confirm_within(600) + kGated));
  ASSERT_TRUE(eventually([&] {
    return world_.events(0, "api").size() + world_.events(1, "api").size() == 3;
  })) << world_.daemon_log();
  const int first = begun();
  fs::remove(at(first, "data/hold-2.0.0"));
  ASSERT_TRUE(eventually([&] { return armed(first); })) << world_.daemon_log();
  world_.kill_daemon();  // while its gate is open: nobody has said that it is up
  EXPECT_TRUE(armed(first));
  for (const int worker : {0, 1}) {
    write_file(at(worker, "data/up"), "");
    fs::remove(at(worker, "data/hold-2.0.0"));
  }
  world_.serve();
  world_.wait_for_note(second, "applied");
  EXPECT_FALSE(armed(0) || armed(1));
  for (const int worker : {0, 1})
    EXPECT_EQ(world_.events(worker, "api"), (Events{"start 0.0.0 1.0.0", "restart 1.0.0 2.0.0"})) << worker;
}

TEST_F(ConfirmWorld, WhatWentBackWhileNoDaemonRanIsLearnedAtItsNextStart_R2_9_R7_1) {
  deploy(confirm_within(600));
  const std::string second = world_.commit(api("2.0.0", confirm_within(2) + kGated));
  ASSERT_TRUE(eventually([&] {
    return world_.events(0, "api").size() + world_.events(1, "api").size() == 3;
  })) << world_.daemon_log();
  const int first = begun();
  world_.kill_daemon();
  fs::remove(at(first, "data/hold-2.0.0"));
  ASSERT_TRUE(eventually([&] { return world_.events(first, "api").size() == 3; }));
  world_.serve();
  const std::string note = world_.wait_for_note(second, "held");
  EXPECT_NE(note.find("NotConfirmed"), std::string::npos) << note;
  EXPECT_EQ(world_.events(first, "api"),
            (Events{"start 0.0.0 1.0.0", "restart 1.0.0 2.0.0", "restart 2.0.0 1.0.0"}));
  EXPECT_EQ(read(first, "conf"), "conf 1.0.0");
  EXPECT_EQ(world_.events(1 - first, "api"), (Events{"start 0.0.0 1.0.0"}));
  const std::string known = world_.maand({"cat", "deployments"}).out;
  EXPECT_EQ(known.find("2.0.0"), std::string::npos) << known;
}

TEST_F(ConfirmWorld, AFirstStartThatNobodyConfirmsIsStoppedAndRollbackLeavesItSo_R2_9) {
  const std::string gate =
      R"(, "health_check": {"checks": [{"type": "ssh", "command": "false"}], "wait": {"attempts": 3}})";
  GitChanges changes = api("1.0.0", confirm_within(2, R"(, "on_failure": "rollback")") + gate);
  changes["workers.json"] = workers();
  const std::string first = world_.commit(changes);
  world_.serve();
  world_.wait_for_note(first, "rolled_back");
  int stopped = 0;
  for (const int worker : {0, 1}) {
    const Events told = world_.events(worker, "api");
    if (told.empty()) continue;
    ++stopped;
    EXPECT_EQ(told, (Events{"start 0.0.0 1.0.0", "stop 1.0.0 1.0.0"})) << "once, by the worker itself";
    EXPECT_EQ(read(worker, "conf"), "conf 1.0.0");
  }
  EXPECT_GT(stopped, 0);
  EXPECT_FALSE(armed(0) || armed(1));
}

}  // namespace
}  // namespace maand::testing
