// Commands that speak with a daemon: the real socket and the real API, over a
// desk that writes down what it is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <thread>

#include "reconciler/http/api.h"
#include "tests/support/fake_daemon.h"
#include "tests/unit/cli/bucket.h"

namespace maand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class DaemonCommands : public ::testing::Test {
 protected:
  MadeBucket bucket_;
  FakeDaemon desk_;
  ApiServer api_{{"", (bucket_.data() / "maand.sock").string()}, desk_, desk_, desk_};
};

TEST_F(DaemonCommands, StatusIsWhatTheDaemonSays) {
  desk_.say_status(R"({"name":"prod","state":"applied","phase":"idle","head":"","allocations":[]})");
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
      {{"suspend", "api", "--reason", "disk work", "--for", "2h"}, "suspend api for 2h by "},
      {{"suspend", "--reason", "disk work", "--for", "2h"}, "suspend  for 2h by "},
      {{"resume", "api"}, "resume api by "},
      {{"resume"}, "resume  by "},
  };
  for (const auto& row : rows) {
    const ProgramResult result = bucket_.run(row.arguments);
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out, "will be done\n");
    EXPECT_THAT(desk_.orders().back(), AllOf(HasSubstr(row.heard), HasSubstr("@")));
  }
  EXPECT_EQ(bucket_.run({"retry", "api", "--json"}).out,
            "{\"done\":true,\"message\":\"will be done\",\"daemon\":true}\n");
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
    desk_.say_reply(row.reply);
    const ProgramResult result = bucket_.run({"retry", "api"});
    EXPECT_EQ(result.status, row.status);
    EXPECT_EQ(result.err, "maand: " + row.reply.text + "\n");
    EXPECT_EQ(result.out, "");
  }
}

// Names in its words may be anybody's.
TEST_F(DaemonCommands, WhatTheDaemonAnswersSteersNoTerminalAndFillsNone) {
  desk_.say_reply(
      {ControlReply::Kind::kUnknownSubject, "no `\x1b[2J\x1b]0;x\a`\nand \r" + std::string(100'000, 'x')});
  const ProgramResult result = bucket_.run({"retry", "api"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("maand: no `\\x1b[2J\\x1b]0;x\\x07`\nand \\x0dxxx"));
  EXPECT_LT(result.err.size(), 10'000u);
}

TEST_F(DaemonCommands, ReconcileSaysThatItAskedInJsonAsWell) {
  EXPECT_EQ(bucket_.run({"reconcile", "--json"}).out,
            "{\"done\":true,\"message\":\"the daemon was asked for a pass; `maand status` shows "
            "it\",\"daemon\":true}\n");
}

// The ticket that the daemon gave is served by its status below.
TEST_F(DaemonCommands, ReconcileThatWaitsShowsTheStatusOfItsDaemon) {
  desk_.say_reply({ControlReply::Kind::kDone, "7"});
  desk_.say_status(
      R"({"name":"prod","state":"applied","phase":"idle","served":7,"head":"","allocations":[]})");
  const ProgramResult result = bucket_.run({"reconcile", "--wait"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("maand prod: applied"), Not(HasSubstr("not running"))));
}

TEST_F(DaemonCommands, AnAnswerThatIsNoStatusIsNotTakenForOne) {
  desk_.say_status("nonsense");
  EXPECT_EQ(bucket_.run({"status"}).status, 5);
}

// Somebody listens, and says nothing: no daemon to speak with, as for every other command.
TEST(DaemonThatIsSilent, IsNoneToFollowEventsOf) {
  const MadeBucket bucket;
  const std::string path = (bucket.data() / "maand.sock").string();
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.size(), sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  std::thread silent([listener] {
    const int peer = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    char byte = 0;
    EXPECT_EQ(::read(peer, &byte, 1), 1);
    ::close(peer);
  });
  const ProgramResult result = bucket.run({"events"});
  silent.join();
  ::close(listener);
  EXPECT_EQ(result.status, 5) << result.err;
  EXPECT_THAT(result.err, HasSubstr("the daemon did not answer"));
}

}  // namespace
}  // namespace maand::testing
