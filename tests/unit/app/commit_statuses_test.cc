// What a git host is told while passes go by, and what not again.
#include "reconciler/app/commit_statuses.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "reconciler/core/forge/channel.h"
#include "tests/support/loop_world.h"

namespace maand::testing {
namespace {

using namespace std::chrono_literals;

// A GitHub that takes everything.
class TakingHost : public Courier {
 public:
  Reply send(const OutboundRequest& request) override {
    const auto body = nlohmann::json::parse(request.body);
    const std::string commit = request.url.substr(request.url.rfind('/') + 1);
    told.push_back(commit + " " + body["state"].get<std::string>());
    described.push_back(body["description"]);
    return {.status = 201, .body = request.body};
  }
  Reply send(const OutboundMail&) override { return {}; }
  void interrupt() override {}
  std::vector<std::string> told;
  std::vector<std::string> described;
};

class CommitStatusesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    world.runner.on_run = [this](const Operation&) {
      if (statuses) statuses->moved(world.reconciler.memory(), world.journal.state());
      return Outcome{.kind = OutcomeKind::kSucceeded};
    };
  }
  // A daemon that is started: with what the store has kept.
  void start() {
    statuses.reset();
    outbox.reset();
    const Outbox::Channels channels = {std::make_shared<ForgeChannel>(
        ForgeRepository{ForgeProvider::kGithub, "https://api.github.com", "acme/fleet"},
        [] { return "token"; })};
    outbox = std::make_unique<Outbox>(
        Outbox::Deps{world.inbox, world.store, host, world.clock, world.observer}, channels, nullptr);
    outbox->begin();
    statuses =
        std::make_unique<CommitStatuses>(CommitStatuses::Deps{*outbox, world.store, world.clock},
                                         CommitStatusSettings{"github", "maand/test", "https://x/", ""});
    drain();
  }
  void drain() { outbox->drain(std::chrono::steady_clock::now() + 10s); }
  std::string push(const std::string& version) {
    return world.source.commit(LoopWorld::workspace(2, {{"api", version}})).str();
  }
  void pass() {
    const PassResult result = world.pass();
    if (!statuses) return;
    statuses->pass_ended(world.reconciler.memory(), world.journal.state(), result, false);
    drain();
  }

  using Told = std::vector<std::string>;
  LoopWorld world;
  TakingHost host;
  std::unique_ptr<Outbox> outbox;
  std::unique_ptr<CommitStatuses> statuses;
};

TEST_F(CommitStatusesTest, ARolloutIsPendingAndThenWhatItsNoteSays) {
  start();
  const std::string a = push("1.0.0");
  pass();
  // The end may overtake a beginning that was not sent yet, and then it alone is sent.
  ASSERT_FALSE(host.told.empty());
  EXPECT_EQ(host.told.back(), a + " success");
  EXPECT_EQ(host.described.back(), "applied: 2 started, 0 unchanged");
  const std::size_t sent = host.told.size();
  pass();
  start();
  pass();
  EXPECT_EQ(host.told.size(), sent) << "nothing new, and a start of the daemon is none";
}

TEST_F(CommitStatusesTest, WhatDegradesIsAFailureUntilItIsApplied) {
  start();
  const std::string a = push("1.0.0");
  world.runner.dead = {WorkerHost("w2")};
  pass();
  EXPECT_EQ(host.told.back(), a + " failure");
  pass();
  world.runner.dead.clear();
  pass();
  EXPECT_EQ(host.told.back(), a + " success");
  EXPECT_EQ(std::count(host.told.begin(), host.told.end(), a + " failure"), 1);
  EXPECT_LE(std::count(host.told.begin(), host.told.end(), a + " pending"), 1);
}

TEST_F(CommitStatusesTest, WhoIsAddedLaterHearsOfTheNewestCommitAlone) {
  const std::string a = push("1.0.0");
  pass();
  const std::string b = push("1.1.0");
  pass();
  start();
  EXPECT_EQ(host.told, Told{});
  pass();
  EXPECT_EQ(host.told, (Told{b + " success"}));
}

TEST_F(CommitStatusesTest, WhatADaemonRecordedAndDidNotLiveToTellIsMadeUpFor) {
  start();
  const std::string a = push("1.0.0");
  pass();
  host.told.clear();
  const auto killed = std::move(statuses);
  const std::string b = push("1.1.0");
  pass();
  EXPECT_EQ(host.told, Told{});
  start();
  pass();
  EXPECT_EQ(host.told, (Told{b + " success"}));
}

TEST_F(CommitStatusesTest, ACommitThatRollsNothingOutIsToldItsEndAtOnce) {
  start();
  const std::string a = push("1.0.0");
  pass();
  host.told.clear();
  const std::string b = push("1.0.0");
  pass();
  EXPECT_EQ(host.told, (Told{b + " success"}));
}

}  // namespace
}  // namespace maand::testing
