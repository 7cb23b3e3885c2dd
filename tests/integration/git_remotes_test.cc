// GitSource against real servers: git http-backend behind TLS, OpenSSH, paths.
#include <atomic>
#include <thread>

#include "tests/integration/git_remote_kit.h"

namespace maand {
namespace {

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

// ---- Other writers of the notes ref

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
