// GitSource when the remote hangs, breaks off, or the daemon itself is killed.
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <chrono>
#include <future>
#include <memory>
#include <thread>

#include "tests/integration/git_remote_kit.h"
#include "tests/support/tcp_proxy.h"

namespace maand {
namespace {

using namespace std::chrono_literals;
using testing::Direction;
using testing::ProxyFault;
using testing::TcpProxy;

// ---- Deadlines ---------------------------------------------------------------------

// The server behind a relay; both kinds.
class GitThroughRelay : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    server_.commit({{"large", noise(3u << 20)}}, "large");
    if (GetParam()) {
      options_ = https_options(server_, "prod");
      relay_ = std::make_unique<TcpProxy>(server_.https_address(), server_.https_port());
      options_.url =
          "https://" + relay_->address() + ":" + std::to_string(relay_->port()) + "/work%20space.git";
    } else {
      options_ = ssh_options(server_, "prod");
      relay_ = std::make_unique<TcpProxy>(server_.ssh_address(), server_.ssh_port());
      options_.url = "ssh://root@" + relay_->address() + ":" + std::to_string(relay_->port()) +
                     server_.file_url().substr(7);
      options_.known_hosts = (server_.directory() / "relay_known_hosts").string();
      testing::write_file(options_.known_hosts,
                          "[" + relay_->address() + "]:" + std::to_string(relay_->port()) + " " +
                              testing::read_file(server_.directory() / "host_ed25519.pub"));
    }
    options_.stall_timeout = 700ms;
  }
  void fault(ProxyFault::Kind kind, std::uint64_t after) {
    relay_->set_fault(ProxyFault{kind, Direction::kDown, after});
  }

  // The same remote and mirror, for what must succeed however busy the machine is.
  GitOptions patient() const {
    GitOptions out = options_;
    out.stall_timeout = 60s;
    return out;
  }

  GitServer server_;
  GitOptions options_;
  std::unique_ptr<TcpProxy> relay_;
};

TEST_P(GitThroughRelay, AServerThatAcceptsAndSaysNothingIsGivenUp) {
  fault(ProxyFault::Kind::kStall, 0);
  GitSource source(options_);
  EXPECT_PROBLEM(source.ls_remote(), SourceProblem::kTimedOut);
  EXPECT_PROBLEM(source.fetch(), SourceProblem::kTimedOut);
  relay_->set_fault(std::nullopt);
  EXPECT_FALSE(GitSource(patient()).fetch().empty());
}

TEST_P(GitThroughRelay, HalfAPackIsGivenUpLeavesNothingAndTheNextTryIsWhole) {
  fault(ProxyFault::Kind::kStall, 1u << 20);
  GitSource source(options_);
  EXPECT_PROBLEM(source.fetch(), SourceProblem::kTimedOut);
  EXPECT_EQ(half_packs(options_), std::vector<std::string>{});
  fault(ProxyFault::Kind::kCut, 1u << 20);
  GitSource again(patient());
  const Ended cut = ended([&] { again.fetch(); });
  EXPECT_EQ(cut.problem, SourceProblem::kUnreachable) << cut.message;
  EXPECT_EQ(half_packs(options_), std::vector<std::string>{});
  relay_->set_fault(std::nullopt);
  const CommitId head = again.fetch();
  EXPECT_EQ(again.open_view(head)->read("large"), noise(3u << 20));
}

TEST_P(GitThroughRelay, TheWholeOperationHasALimitHoweverLivelyItIs) {
  options_.stall_timeout = 60s;
  options_.clone_timeout = 600ms;
  fault(ProxyFault::Kind::kStall, 1u << 20);
  GitSource source(options_);
  const Ended how = ended([&] { source.fetch(); });
  EXPECT_EQ(how.problem, SourceProblem::kTimedOut);
  EXPECT_NE(how.message.find("git.clone_timeout"), std::string::npos) << how.message;
}

TEST_P(GitThroughRelay, InterruptEndsAWaitAtOnceAndForGood) {
  options_.stall_timeout = 60s;
  fault(ProxyFault::Kind::kStall, 0);
  GitSource source(options_);
  std::future<Ended> waiting =
      std::async(std::launch::async, [&] { return ended([&] { source.ls_remote(); }); });
  while (relay_->connections() == 0) std::this_thread::yield();
  source.interrupt();
  ASSERT_EQ(waiting.wait_for(30s), std::future_status::ready);
  EXPECT_EQ(waiting.get().problem, SourceProblem::kOther);
  EXPECT_PROBLEM(source.fetch(), SourceProblem::kOther);
}

TEST_P(GitThroughRelay, APushThatHangsIsGivenUpAndReplayedWithoutADouble) {
  GitSource again(patient());
  const CommitId head = again.fetch();
  fault(ProxyFault::Kind::kStall, 0);
  GitSource source(options_);
  EXPECT_PROBLEM(source.notes().publish({section(head.str(), "prod", "applied")}), SourceProblem::kTimedOut);
  relay_->set_fault(std::nullopt);
  again.notes().publish({section(head.str(), "prod", "applied")});
  EXPECT_EQ(server_.git_bare({"rev-list", "--count", "refs/notes/maand"}), "1");
}

TEST_P(GitThroughRelay, ARepositoryBeyondTheSizeLimitIsRefused) {
  options_.max_fetch_bytes = 1u << 20;
  options_.stall_timeout = 30s;
  GitSource source(options_);
  const Ended how = ended([&] { source.fetch(); });
  EXPECT_EQ(how.problem, SourceProblem::kOther) << how.message;
  EXPECT_NE(how.message.find("1 MiB"), std::string::npos) << how.message;
  EXPECT_EQ(half_packs(options_), std::vector<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(Servers, GitThroughRelay, ::testing::Values(true, false),
                         [](const auto& one) { return one.param ? "Https" : "Ssh"; });

// ---- Killed and crashed

TEST_F(GitRemote, ADaemonKilledInTheMiddleOfAFetchLeavesAMirrorThatWorks) {
  server_.commit({{"large", noise(3u << 20)}}, "large");
  GitOptions options = ssh_options(server_, "prod");
  TcpProxy relay(server_.ssh_address(), server_.ssh_port());
  relay.set_fault(ProxyFault{ProxyFault::Kind::kStall, Direction::kDown, 1u << 20});
  const fs::path known = server_.directory() / "relay_known_hosts";
  testing::write_file(known, "[" + relay.address() + "]:" + std::to_string(relay.port()) + " " +
                                 testing::read_file(server_.directory() / "host_ed25519.pub"));
  std::vector<std::string> words = {
      MAAND_TEST_GIT_TRANSPORT,
      "fetch",
      "ssh://root@" + relay.address() + ":" + std::to_string(relay.port()) + server_.file_url().substr(7),
      options.mirror,
      known.string(),
      options.ssh_key};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  ASSERT_EQ(::posix_spawn(&pid, argv[0], nullptr, nullptr, argv.data(), environ), 0);
  while (relay.relayed(Direction::kDown) < (1u << 20)) std::this_thread::yield();
  ::kill(pid, SIGKILL);
  ASSERT_EQ(::waitpid(pid, nullptr, 0), pid);
  // Its network child held the mirror's lock and has died with it.
  GitSource source(options);
  const CommitId head = source.fetch();
  EXPECT_EQ(source.open_view(head)->read("large"), noise(3u << 20));
  EXPECT_EQ(half_packs(options), std::vector<std::string>{});
}

TEST_F(GitRemote, AChildThatCrashesOrIsNotThereIsOneError) {
  GitOptions options = file_options(server_, "prod");
  for (const char* command : {"/bin/false", "/nonexistent/maand", "/bin/cat"}) {
    SCOPED_TRACE(command);
    options.transport_command = {command};
    GitSource source(options);
    EXPECT_PROBLEM(source.ls_remote(), SourceProblem::kOther);
  }
}

}  // namespace
}  // namespace maand
