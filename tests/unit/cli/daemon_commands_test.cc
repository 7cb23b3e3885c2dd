// Commands that speak with a daemon: the real socket and the real API, over a
// desk that writes down what it is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "reconciler/http/api.h"
#include "tests/unit/cli/bucket.h"

namespace maand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// The server's threads ask it while the test sets and reads it.
class Desk : public StatusSource, public Controls {
 public:
  HealthState health() const override { return {true, true, ""}; }
  std::string status_json() const override {
    const std::lock_guard lock(mutex_);
    return status_;
  }
  std::string commits_json(std::size_t) const override { return "[]"; }
  std::string allocations_json() const override { return "[]"; }
  std::optional<std::string> job_json(const std::string&) const override { return std::nullopt; }
  std::string plan_json() const override { return "{}"; }
  std::string metrics_text() const override { return ""; }

  ControlReply reconcile(const std::string& actor) override { return told("reconcile", "", actor); }
  ControlReply retry(const std::string& job, const std::string& actor) override {
    return told("retry", job, actor);
  }
  ControlReply release(const std::string& subject, const std::string& actor) override {
    return told("release", subject, actor);
  }

  void set_status(const std::string& status) {
    const std::lock_guard lock(mutex_);
    status_ = status;
  }
  void set_reply(const ControlReply& reply) {
    const std::lock_guard lock(mutex_);
    reply_ = reply;
  }
  std::string heard() const {
    const std::lock_guard lock(mutex_);
    return heard_;
  }

 private:
  ControlReply told(const std::string& order, const std::string& subject, const std::string& actor) {
    const std::lock_guard lock(mutex_);
    heard_ = order + " " + subject + " by " + actor;
    return reply_;
  }

  mutable std::mutex mutex_;
  std::string status_ = R"({"name":"prod","state":"applied","phase":"idle","head":"","allocations":[]})";
  ControlReply reply_{ControlReply::Kind::kDone, "it is done"};
  std::string heard_;
};

class DaemonCommands : public ::testing::Test {
 protected:
  MadeBucket bucket_;
  Desk desk_;
  ApiServer api_{{"", (bucket_.data() / "maand.sock").string()}, desk_, desk_};
};

TEST_F(DaemonCommands, StatusIsWhatTheDaemonSays) {
  const ProgramResult result = bucket_.run({"status"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("maand prod: applied"), HasSubstr("idle")));
  EXPECT_THAT(bucket_.run({"status", "--json"}).out, HasSubstr(R"("daemon":true})"));
}

TEST_F(DaemonCommands, OrdersGoToTheDaemonWithTheirActor) {
  struct {
    std::vector<std::string> arguments;
    const char* heard;
  } const rows[] = {
      {{"retry", "api"}, "retry api by "},
      {{"release", "api"}, "release api by "},
      {{"release", "1234567"}, "release 1234567 by "},
  };
  for (const auto& row : rows) {
    const ProgramResult result = bucket_.run(row.arguments);
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out, "it is done\n");
    EXPECT_THAT(desk_.heard(), AllOf(HasSubstr(row.heard), HasSubstr("@")));
  }
  EXPECT_EQ(bucket_.run({"retry", "api", "--json"}).out,
            "{\"done\":true,\"message\":\"it is done\",\"daemon\":true}\n");
}

TEST_F(DaemonCommands, WhatTheDaemonAnswersDecidesTheExitStatus) {
  struct {
    ControlReply reply;
    int status;
  } const rows[] = {
      {{ControlReply::Kind::kUnknownSubject, "no such job"}, 2},
      {{ControlReply::Kind::kRefused, "a policy says no"}, 4},
  };
  for (const auto& row : rows) {
    desk_.set_reply(row.reply);
    const ProgramResult result = bucket_.run({"retry", "api"});
    EXPECT_EQ(result.status, row.status);
    EXPECT_EQ(result.err, "maand: " + row.reply.text + "\n");
    EXPECT_EQ(result.out, "");
  }
}

// The ticket that the daemon gave is served by its status below.
TEST_F(DaemonCommands, ReconcileThatWaitsShowsTheStatusOfItsDaemon) {
  desk_.set_reply({ControlReply::Kind::kDone, "7"});
  desk_.set_status(
      R"({"name":"prod","state":"applied","phase":"idle","served":7,"head":"","allocations":[]})");
  const ProgramResult result = bucket_.run({"reconcile", "--wait"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("maand prod: applied"), Not(HasSubstr("not running"))));
}

TEST_F(DaemonCommands, AnAnswerThatIsNoStatusIsNotTakenForOne) {
  desk_.set_status("nonsense");
  EXPECT_EQ(bucket_.run({"status"}).status, 5);
}

}  // namespace
}  // namespace maand::testing
