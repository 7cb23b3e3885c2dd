// GitSource against real servers: git http-backend behind TLS, OpenSSH, paths.
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <random>
#include <thread>

#include "gitsource/git_source.h"
#include "tests/support/git_server.h"
#include "tests/support/tcp_proxy.h"

namespace maand {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::Direction;
using testing::GitServer;
using testing::ProxyFault;
using testing::TcpProxy;

GitOptions base_options(const GitServer& server, const std::string& name) {
  GitOptions out;
  out.mirror = (server.directory() / (name + ".git")).string();
  out.bucket_id = "id-" + name;
  out.bucket_name = name;
  out.transport_command = {MAAND_TEST_GIT_TRANSPORT};
  return out;
}

GitOptions file_options(GitServer& server, const std::string& name) {
  GitOptions out = base_options(server, name);
  out.url = server.file_url();
  return out;
}

GitOptions https_options(GitServer& server, const std::string& name) {
  GitOptions out = base_options(server, name);
  out.url = server.https_url();
  out.username = "maand";
  out.token_file = server.token_file().string();
  out.ca_file = server.ca_file().string();
  return out;
}

GitOptions ssh_options(GitServer& server, const std::string& name) {
  GitOptions out = base_options(server, name);
  out.url = server.ssh_url();
  out.ssh_key = server.ssh_key().string();
  out.known_hosts = server.known_hosts().string();
  return out;
}

GitOptions scp_options(GitServer& server, const std::string& name) {
  GitOptions out = ssh_options(server, name);
  out.url = server.scp_url();
  return out;
}

NoteSection section(const std::string& commit, const std::string& name, const std::string& state) {
  return {CommitId(commit), "maand " + name + ": " + state + "\n",
          R"({"name": ")" + name + R"(", "state": ")" + state + "\"}"};
}

// What a call ends with; the message goes into the failure text.
struct Ended {
  std::optional<SourceProblem> problem;
  std::string message;
};
template <class F>
Ended ended(const F& call) {
  try {
    call();
    return {};
  } catch (const SourceError& error) {
    return {error.problem(), error.what()};
  }
}
#define EXPECT_PROBLEM(call, expected)                                                  \
  do {                                                                                  \
    const Ended how = ended([&] { call; });                                             \
    EXPECT_TRUE(how.problem == (expected))                                              \
        << (how.problem ? to_string(*how.problem) : "no error") << ": " << how.message; \
  } while (false)

// Data that does not compress, so that a pack is as large as it.
std::string noise(std::size_t bytes) {
  std::string out(bytes, '\0');
  std::minstd_rand random(7);
  for (char& c : out) c = static_cast<char>(random() >> 8);
  return out;
}

std::vector<std::string> half_packs(const GitOptions& options) {
  std::vector<std::string> out;
  std::error_code error;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(fs::path(options.mirror) / "objects/pack", error)) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() != ".pack" && entry.path().extension() != ".idx") out.push_back(name);
  }
  return out;
}

// ---- Every kind of remote ------------------------------------------------------

struct Kind {
  const char* name;
  GitOptions (*options)(GitServer&, const std::string&);
};

class GitRemotes : public ::testing::TestWithParam<Kind> {
 protected:
  GitServer server_;
};

TEST_P(GitRemotes, FollowsABranchFromTheEmptyRepositoryOnAndPublishesNotes) {
  GitSource source(GetParam().options(server_, "prod"));
  EXPECT_TRUE(source.ls_remote().repository_empty);

  const std::string one = server_.commit({{"workspace/workers.json", "[]"}}, "one");
  const RemoteHead first = source.ls_remote();
  EXPECT_FALSE(first.repository_empty);
  EXPECT_EQ(first.commit.str(), one);
  EXPECT_EQ(source.fetch().str(), one);
  EXPECT_EQ(source.open_view(CommitId(one))->read("workspace/workers.json"), "[]");

  source.notes().publish({section(one, "prod", "applied")});
  EXPECT_TRUE(server_.note(one)->starts_with("maand prod: applied\n---\n"));

  const std::string two = server_.rewrite("", {{"workspace/workers.json", "[1]"}}, "two");
  EXPECT_EQ(source.ls_remote().commit.str(), two);
  EXPECT_EQ(source.fetch().str(), two);
  EXPECT_EQ(source.history(CommitId(one), CommitId(two)), HistoryVerdict::kRewritten);
  source.notes().publish({section(two, "prod", "pending")});
  source.notes().publish({section(two, "prod", "applied")});
  EXPECT_TRUE(server_.note(two)->starts_with("maand prod: applied\n---\n"));
  EXPECT_TRUE(server_.note(one));
  EXPECT_NO_THROW(server_.git_bare({"fsck", "--strict"}));
}

TEST_P(GitRemotes, ABranchThatIsNotThereIsNotAnEmptyRepository) {
  server_.commit({{"a", "1"}}, "one", "another");
  GitSource source(GetParam().options(server_, "prod"));
  const RemoteHead head = source.ls_remote();
  EXPECT_FALSE(head.repository_empty);
  EXPECT_TRUE(head.commit.empty());
  EXPECT_PROBLEM(source.fetch(), SourceProblem::kNotFound);
}

TEST_P(GitRemotes, ARepositoryThatIsNotThereIsNotFound) {
  GitOptions options = GetParam().options(server_, "prod");
  options.url += ".nope";
  GitSource source(options);
  EXPECT_PROBLEM(source.ls_remote(), SourceProblem::kNotFound);
  EXPECT_PROBLEM(source.fetch(), SourceProblem::kNotFound);
}

TEST_P(GitRemotes, AMirrorThatIsBehindLosesTheRaceOnceAndKeepsTheOthersNotes) {
  const std::string one = server_.commit({{"a", "1"}}, "one");
  GitSource source(GetParam().options(server_, "prod"));
  source.fetch();
  server_.git_bare(
      {"-c", "user.name=P", "-c", "user.email=p@x", "notes", "--ref=maand", "add", "-m", "by hand", one});
  source.notes().publish({section(one, "prod", "applied")});
  EXPECT_TRUE(server_.note(one)->starts_with("by hand\nmaand prod: applied\n---\n"));
}

TEST_P(GitRemotes, TwoBucketsOnOneRefBothGetTheirSectionsIn) {
  const std::string one = server_.commit({{"a", "1"}}, "one");
  GetParam().options(server_, "warm");  // starts the server before there are threads
  std::vector<std::thread> buckets;
  std::atomic<int> failed{0};
  for (const char* name : {"prod", "staging"}) {
    buckets.emplace_back([&, name] {
      GitSource source(GetParam().options(server_, name));
      for (int pass = 0; pass < 5; ++pass) {
        const Ended how =
            ended([&] { source.notes().publish({section(one, name, "pass " + std::to_string(pass))}); });
        if (how.problem) {
          ++failed;
          ADD_FAILURE() << how.message;
        }
      }
    });
  }
  for (std::thread& bucket : buckets) bucket.join();
  EXPECT_EQ(failed, 0);
  const std::string note = server_.note(one).value_or("");
  EXPECT_NE(note.find("maand prod: pass 4\n"), std::string::npos) << note;
  EXPECT_NE(note.find("maand staging: pass 4\n"), std::string::npos) << note;
  EXPECT_EQ(server_.git_bare({"rev-list", "--count", "refs/notes/maand"}), "10")
      << "one notes commit a pass, none lost";
}

INSTANTIATE_TEST_SUITE_P(Kinds, GitRemotes,
                         ::testing::Values(Kind{"File", &file_options}, Kind{"Https", &https_options},
                                           Kind{"Ssh", &ssh_options}, Kind{"ScpLike", &scp_options}),
                         [](const auto& one) { return std::string(one.param.name); });

// ---- Who we are and who they are -------------------------------------------------

class GitRemote : public ::testing::Test {
 protected:
  GitServer server_;
};

TEST_F(GitRemote, AWrongOrMissingTokenIsAuthFailedAndNeverShown) {
  server_.commit({{"a", "1"}}, "one");
  GitOptions options = https_options(server_, "prod");
  testing::write_file(server_.directory() / "wrong", "hunter2\n");
  options.token_file = (server_.directory() / "wrong").string();
  const Ended wrong = ended([&] { GitSource(options).ls_remote(); });
  EXPECT_EQ(wrong.problem, SourceProblem::kAuthFailed) << wrong.message;
  EXPECT_EQ(wrong.message.find("hunter2"), std::string::npos);
  options.token_file = "";
  EXPECT_PROBLEM(GitSource(options).ls_remote(), SourceProblem::kAuthFailed);
  options.token_file = "/nonexistent/token";
  EXPECT_PROBLEM(GitSource(options).ls_remote(), SourceProblem::kAuthFailed);
}

TEST_F(GitRemote, ACertificateOfAnotherAuthorityIsRefused) {
  server_.commit({{"a", "1"}}, "one");
  GitOptions options = https_options(server_, "prod");
  GitServer stranger;
  options.ca_file = stranger.ca_file().string();
  EXPECT_PROBLEM(GitSource(options).ls_remote(), SourceProblem::kHostKey);
  options.ca_file = "";  // the system's authorities do not know it either
  EXPECT_PROBLEM(GitSource(options).ls_remote(), SourceProblem::kHostKey);
}

TEST_F(GitRemote, AnUnknownChangedOrRevokedHostKeyIsRefused) {
  server_.commit({{"a", "1"}}, "one");
  GitOptions options = ssh_options(server_, "prod");
  const std::string name = "[" + server_.ssh_address() + "]:2222 ";
  const std::string known = testing::read_file(options.known_hosts);
  options.known_hosts = (server_.directory() / "other_known_hosts").string();
  const auto with = [&](const std::string& text) {
    testing::write_file(options.known_hosts, text);
    return ended([&] { GitSource(options).ls_remote(); });
  };
  const Ended unknown = with("");
  EXPECT_EQ(unknown.problem, SourceProblem::kHostKey) << unknown.message;
  const std::string fingerprint =
      testing::run_program({"ssh-keygen", "-l", "-f", (server_.directory() / "host_ecdsa.pub").string()});
  EXPECT_NE(unknown.message.find(fingerprint.substr(fingerprint.find("SHA256:"), 30)), std::string::npos)
      << unknown.message << fingerprint;
  const Ended changed = with(name + testing::read_file(server_.directory() / "git.key.pub"));
  EXPECT_EQ(changed.problem, SourceProblem::kHostKey) << changed.message;
  const Ended revoked =
      with(known + "@revoked " + name + testing::read_file(server_.directory() / "host_ed25519.pub"));
  EXPECT_EQ(revoked.problem, SourceProblem::kHostKey) << revoked.message;
  const Ended good = with(name + testing::read_file(server_.directory() / "host_ecdsa.pub"));
  EXPECT_EQ(good.problem, std::nullopt) << "the type that is pinned is asked for: " << good.message;
  options.known_hosts = "";
  EXPECT_PROBLEM(GitSource(options).ls_remote(), SourceProblem::kHostKey);
}

TEST_F(GitRemote, AKeyTheServerDoesNotKnowIsAuthFailed) {
  server_.commit({{"a", "1"}}, "one");
  GitOptions options = ssh_options(server_, "prod");
  options.ssh_key = (server_.directory() / "host_ed25519").string();
  EXPECT_PROBLEM(GitSource(options).ls_remote(), SourceProblem::kAuthFailed);
  options.ssh_key = "/nonexistent/key";
  EXPECT_PROBLEM(GitSource(options).ls_remote(), SourceProblem::kAuthFailed);
  options.ssh_key = "agent";
  ::unsetenv("SSH_AUTH_SOCK");
  EXPECT_PROBLEM(GitSource(options).ls_remote(), SourceProblem::kAuthFailed);
}

TEST_F(GitRemote, AnAgentSignsWhereTheKeyIsNotOurs) {
  const std::string one = server_.commit({{"a", "1"}}, "one");
  GitOptions options = ssh_options(server_, "prod");
  const fs::path socket = server_.directory() / "agent.sock";
  testing::Isolation isolation;
  isolation.log = server_.directory() / "agent.log";
  testing::write_file(isolation.log, "");
  testing::IsolatedProcess agent(isolation, {"ssh-agent", "-D", "-a", socket.string()});
  while (!fs::exists(socket) && agent.running()) std::this_thread::yield();
  ::setenv("SSH_AUTH_SOCK", socket.c_str(), 1);
  testing::run_program({"ssh-add", "-q", options.ssh_key});
  options.ssh_key = "agent";
  EXPECT_EQ(GitSource(options).ls_remote().commit.str(), one);
  ::unsetenv("SSH_AUTH_SOCK");
}

TEST_F(GitRemote, NobodyListeningIsUnreachable) {
  GitOptions https = https_options(server_, "prod");
  const std::string address = testing::loopback_address(250);
  const std::string port = std::to_string(testing::free_port(address));
  https.url = "https://" + address + ":" + port + "/a.git";
  EXPECT_PROBLEM(GitSource(https).ls_remote(), SourceProblem::kUnreachable);
  GitOptions ssh = ssh_options(server_, "prod");
  ssh.url = "ssh://git@" + address + ":" + port + "/a.git";
  EXPECT_PROBLEM(GitSource(ssh).ls_remote(), SourceProblem::kUnreachable);
}

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

// ---- Killed, crashed, refused ---------------------------------------------------------

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

TEST_F(GitRemote, ARefusedPushIsToldWithTheServersReasonAndIsNoRace) {
  const std::string one = server_.commit({{"a", "1"}}, "one");
  const fs::path hook = server_.bare() / "hooks/update";
  testing::write_file(hook, "#!/bin/sh\necho refusing >&2\nexit 1\n", 0755);
  for (const auto make : {&https_options, &ssh_options}) {
    GitOptions options = make(server_, "prod");
    SCOPED_TRACE(options.url);
    GitSource source(options);
    source.fetch();
    const Ended how = ended([&] { source.notes().publish({section(one, "prod", options.url)}); });
    EXPECT_EQ(how.problem, SourceProblem::kOther) << how.message;
    EXPECT_NE(how.message.find("refuses to take refs/notes/maand"), std::string::npos) << how.message;
  }
  fs::remove(hook);
  GitSource source(ssh_options(server_, "prod"));
  source.notes().publish({section(one, "prod", "applied")});
  EXPECT_TRUE(server_.note(one)->starts_with("maand prod: applied\n"));
}

TEST_F(GitRemote, RealGitAddsNotesAtTheSameTimeAndNothingOfEitherIsLost) {
  std::vector<std::string> commits;
  for (int i = 0; i < 8; ++i) commits.push_back(server_.commit({{"a", std::to_string(i)}}, "c"));
  GitOptions options = ssh_options(server_, "prod");
  GitSource source(options);
  source.fetch();
  std::thread person([&] {
    for (const std::string& commit : commits) {
      for (bool pushed = false; !pushed;) {
        try {
          server_.git({"fetch", "-q", "origin", "+refs/notes/*:refs/notes/*"});
        } catch (const std::runtime_error&) {  // there is none yet
        }
        try {
          server_.git({"notes", "--ref=maand", "append", "-m", "by hand", commit});
          server_.git({"push", "-q", "origin", "refs/notes/maand"});
          pushed = true;
        } catch (const std::runtime_error&) {  // maand was faster
        }
      }
    }
  });
  for (const std::string& commit : commits) source.notes().publish({section(commit, "prod", "applied")});
  person.join();
  source.notes().publish({section(commits.back(), "prod", "degraded")});
  for (const std::string& commit : commits) {
    const std::string note = server_.note(commit).value_or("");
    EXPECT_NE(note.find("maand prod: "), std::string::npos) << note;
    EXPECT_NE(note.find("by hand"), std::string::npos) << note;
  }
}

}  // namespace
}  // namespace maand
