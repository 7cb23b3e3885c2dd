// RemoteRunner and its connections: what travels, who is refused, how many log in,
// and what a connection that has died costs. One kind of worker is enough here.
#include <filesystem>

#include "executor/remote_runner.h"
#include "tests/integration/ssh_fixture.h"
#include "tests/support/runner_kit.h"
#include "tests/support/tcp_proxy.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kMakefile = "start:\n\t@echo hello\n";

class RemoteRunnerTest : public ::testing::Test {
 protected:
  RemoteRunnerTest() : secrets_("maand-secrets") {}
  // REQUIRES: fleet_.
  void connect(RemoteRunnerOptions given = {}) {
    fleet_->write_secrets(secrets_.path());
    ssh_ = std::make_unique<SshTransport>(options(secrets_.path()));
    given.bucket_id = BucketId("bucket");
    runner_ = std::make_unique<RemoteRunner>(given, *ssh_, blobs_, heard_);
  }
  Operation start(const std::string& job, const std::map<std::string, std::string>& files) {
    return operations_.make(Action::kStart, job, endpoint(*fleet_), file_set(blobs_, files));
  }

  TempDirectory secrets_;
  std::unique_ptr<SshdFleet> fleet_;
  std::unique_ptr<SshTransport> ssh_;
  MemoryBlobs blobs_;
  HeardOutput heard_;
  Operations operations_;
  std::unique_ptr<RemoteRunner> runner_;
};

TEST_F(RemoteRunnerTest, only_what_differs_travels) {
  fleet_ = std::make_unique<SshdFleet>(FleetOptions{.workers = 1});
  connect();
  TcpProxy proxy(fleet_->address(0), fleet_->port());
  std::map<std::string, std::string> files{{"Makefile", kMakefile}, {"big", std::string(3u << 20, 'b')}};
  Operation first = start("api", files);
  first.endpoint.address = proxy.address();
  first.endpoint.port = proxy.port();
  first.endpoint.host_keys = {fleet_->host_key(0)};
  ASSERT_EQ(submit(*runner_, first).wait().kind, OutcomeKind::kSucceeded);
  const std::uint64_t whole = proxy.relayed(Direction::kUp);
  EXPECT_GT(whole, 3u << 20);

  files["small"] = "s";
  Operation second = start("api", files);
  second.endpoint = first.endpoint;
  second.base = first.files;
  ASSERT_EQ(submit(*runner_, second).wait().kind, OutcomeKind::kSucceeded);
  EXPECT_EQ(proxy.connections(), 1);
  EXPECT_LT(proxy.relayed(Direction::kUp) - whole, 100'000u);
  EXPECT_EQ(read_file(fleet_->root(0) / "bucket/jobs/api/small"), "s");
}

TEST_F(RemoteRunnerTest, a_user_who_may_not_use_sudo_is_refused_and_told_so) {
  fleet_ = std::make_unique<SshdFleet>(FleetOptions{.workers = 1, .user = "deploy", .sudo = false});
  connect();
  Operation operation = start("api", {{"Makefile", kMakefile}});
  operation.endpoint.use_sudo = true;
  const Outcome outcome = submit(*runner_, operation).wait();
  EXPECT_EQ(outcome.kind, OutcomeKind::kCondition);
  EXPECT_EQ(outcome.condition, WorkerCondition::kSudoRefused);
  EXPECT_THAT(outcome.detail, HasSubstr("sudo"));
}

TEST_F(RemoteRunnerTest, operations_of_one_worker_share_a_few_logins) {
  fleet_ = std::make_unique<SshdFleet>(FleetOptions{.workers = 1});
  connect({.sessions_per_worker = 2});
  std::vector<Answer<Outcome>> answers;
  for (int i = 0; i < 8; ++i) {
    answers.push_back(submit(*runner_, start("job" + std::to_string(i), {{"Makefile", kMakefile}})));
  }
  for (const auto& answer : answers) EXPECT_EQ(answer.wait().kind, OutcomeKind::kSucceeded);
  EXPECT_LE(fleet_->accepted(0), 2);
}

TEST_F(RemoteRunnerTest, a_blob_that_cannot_be_read_costs_neither_a_session_nor_a_run) {
  fleet_ = std::make_unique<SshdFleet>(FleetOptions{.workers = 1});
  connect({.sessions_per_worker = 1});
  const Operation good = start("good", {{"Makefile", kMakefile}});
  for (int i = 0; i < 3; ++i) {
    const Operation bad = start("bad", {{"Makefile", kMakefile}, {"gone", "g"}});
    blobs_.lose("g");
    const Outcome outcome = submit(*runner_, bad).wait();
    EXPECT_EQ(outcome.kind, OutcomeKind::kUnknown);
    EXPECT_THAT(outcome.detail, HasSubstr("no blob"));
    EXPECT_EQ(ask(*runner_, bad).wait().kind, OutcomeKind::kNever);
  }
  EXPECT_EQ(submit(*runner_, good).wait().kind, OutcomeKind::kSucceeded);
  EXPECT_FALSE(fs::exists(fleet_->root(0) / "bucket/jobs/bad/Makefile"));
}

TEST_F(RemoteRunnerTest, a_worker_that_died_since_is_not_said_to_be_there) {
  fleet_ = std::make_unique<SshdFleet>(FleetOptions{.workers = 1});
  connect();
  ASSERT_EQ(submit(*runner_, start("api", {{"Makefile", kMakefile}})).wait().kind, OutcomeKind::kSucceeded);
  fleet_->kill(0);
  EXPECT_EQ(contact(*runner_, endpoint(*fleet_)).wait().condition, WorkerCondition::kUnreachable);
  fleet_->restart(0);
  EXPECT_EQ(contact(*runner_, endpoint(*fleet_)).wait().condition, WorkerCondition::kNone);
}

TEST_F(RemoteRunnerTest, a_connection_that_died_while_it_lay_idle_is_replaced) {
  fleet_ = std::make_unique<SshdFleet>(FleetOptions{.workers = 1});
  connect();
  ASSERT_EQ(submit(*runner_, start("api", {{"Makefile", kMakefile}})).wait().kind, OutcomeKind::kSucceeded);
  fleet_->kill(0);
  fleet_->restart(0);
  const Outcome outcome = submit(*runner_, start("api", {{"Makefile", kMakefile}})).wait();
  EXPECT_EQ(outcome.kind, OutcomeKind::kSucceeded) << outcome.detail;
}

TEST_F(RemoteRunnerTest, a_shell_that_says_a_lot_before_the_script_hides_no_answer) {
  fleet_ = std::make_unique<SshdFleet>(
      FleetOptions{.workers = 1,
                   .shell = "/bin/bash",
                   .sshd_config = {"ForceCommand head -c 200000 /dev/zero | tr '\\0' "
                                   "'#'; eval \"$SSH_ORIGINAL_COMMAND\""}});
  connect();
  const Operation operation = start("api", {{"Makefile", kMakefile}});
  const Outcome outcome = submit(*runner_, operation).wait();
  EXPECT_EQ(outcome.kind, OutcomeKind::kSucceeded) << to_string(outcome.kind) << outcome.detail;
}

}  // namespace
}  // namespace maand::testing
