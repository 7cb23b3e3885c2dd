// What a git host is told of commits: the real daemon, a real git remote, real sshd workers, and
// a server that is as strict as each host (issue: word outward).
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/bucket_world.h"
#include "tests/support/forge_server.h"
#include "tests/support/raw_socket.h"

namespace maand::testing {
namespace {

using F = ForgeProvider;
constexpr const char* kToken = "glpat-0123456789abcdefXYZ";

class CommitStatusWorld : public ::testing::Test {
 protected:
  CommitStatusWorld() {
    health_port_ = free_port("127.0.0.1");
    world_.set("http", "health_listen = \"127.0.0.1:" + std::to_string(health_port_) + "\"");
    world_.set("", "name = \"prod\"");
    write_file(world_.bucket() / "secrets" / "forge-token", std::string(kToken) + "\n", 0600);
    world_.set("notify", "commit_status_token_file = \"forge-token\"");
    tell(F::kGithub);
  }
  void TearDown() override {
    for (const std::string& fault : server_.faults()) ADD_FAILURE() << fault;
    EXPECT_EQ(world_.daemon_log().find(kToken), std::string::npos) << "the token is in the log";
  }

  // Who is told from the next start or reload on.
  void tell(F provider) {
    server_.become(provider);
    world_.set("notify", "commit_status = \"" + std::string(to_string(provider)) + "\"");
    world_.set("notify", "commit_status_url = \"" + server_.url() + "\"");
    world_.set("notify", "commit_status_repository = \"" + server_.repository() + "\"");
  }
  std::string first_commit() {
    GitChanges changes = BucketWorld::job("api", "1.0.0");
    changes["workers.json"] = world_.workers_json(2);
    return world_.commit(changes, "first");
  }
  // A job whose restarts wait for a file of the worker.
  std::string commit_waiting(const std::string& version) {
    return world_.commit(BucketWorld::job("api", version, "",
                                          {{"Makefile",
                                            ".PHONY: start stop restart reload\nstart stop reload:\n\t@true\n"
                                            "restart:\n\t@while [ ! -e data/go ]; do sleep 0.05; done\n"}}));
  }
  void let_go() {
    for (const int worker : {0, 1}) write_file(world_.job_directory(worker, "api") / "data" / "go", "", 0644);
  }
  std::string told(const std::string& commit) const { return server_.told(commit, "maand/prod"); }
  ::testing::AssertionResult is_told(const std::string& commit, const std::string& states) {
    if (eventually([&] { return told(commit) == states; })) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "told is \"" << told(commit) << "\"\n" << world_.daemon_log();
  }
  std::string metrics() {
    RawSocket socket(health_port_);
    socket.send("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    return socket.read_all();
  }
  bool measured(const std::string& line) {
    return eventually([&] { return metrics().find("\n" + line + "\n") != std::string::npos; });
  }
  std::string status() { return world_.maand({"status", "--json"}).out; }

  ForgeServer server_{kToken};
  int health_port_ = 0;
  BucketWorld world_{2};
};

TEST_F(CommitStatusWorld, EveryHostIsToldPendingAndThenOneEnd) {
  std::string earlier = first_commit();
  world_.serve();
  ASSERT_TRUE(is_told(earlier, "pending success"));
  EXPECT_EQ(server_.statuses().back().description, "applied: 2 started, 0 unchanged");
  const struct {
    F provider;
    const char* states;
    const char* head;  // what a host that is new hears of the head that is applied
  } table[] = {
      {F::kGitlab, "pending success", "success"},
      {F::kGitea, "pending success", "success"},
      {F::kBitbucket, "INPROGRESS SUCCESSFUL", "SUCCESSFUL"},
      {F::kBitbucketServer, "INPROGRESS SUCCESSFUL", "SUCCESSFUL"},
      {F::kGithub, "pending success", "success"},
  };
  int version = 0;
  for (const auto& row : table) {
    tell(row.provider);
    world_.reload_daemon();
    // GitHub was told of the very first commit before, and of this one not.
    ASSERT_TRUE(is_told(earlier, row.head)) << to_string(row.provider);
    const std::string commit = world_.commit(BucketWorld::job("api", "1.1." + std::to_string(++version)));
    world_.reconcile();
    ASSERT_TRUE(is_told(commit, row.states)) << to_string(row.provider);
    world_.wait_for_note(commit, "applied");
    earlier = commit;
  }
  // Nothing is repeated: not by a pass that finds nothing to do, and not by another start.
  const std::size_t before = server_.requests();
  world_.reconcile();
  EXPECT_EQ(world_.stop_daemon(), 0);
  world_.serve();
  world_.reconcile();
  EXPECT_EQ(server_.requests(), before);
}

TEST_F(CommitStatusWorld, ACommitThatIsOvertakenIsToldSoAndIsNoSuccess) {
  tell(F::kGitlab);
  const std::string first = first_commit();
  world_.serve();
  ASSERT_TRUE(is_told(first, "pending success"));
  const std::string older = commit_waiting("1.1.0");
  world_.maand({"reconcile"});
  ASSERT_TRUE(is_told(older, "pending"));
  const std::string newer = commit_waiting("1.2.0");
  world_.maand({"reconcile"});
  ASSERT_TRUE(world_.daemon_says("this commit takes over from " + older.substr(0, 12)));
  let_go();
  EXPECT_TRUE(is_told(newer, "pending success"));
  EXPECT_TRUE(is_told(older, "pending canceled"));
  world_.wait_for_note(older, "superseded");
  for (const ForgeServer::Status& status : server_.statuses()) {
    if (status.state == "canceled") {
      EXPECT_TRUE(status.description.starts_with("superseded by " + newer.substr(0, 12)))
          << status.description;
    }
  }
}

TEST_F(CommitStatusWorld, RefusedHeldAndDegradedAreNoSuccessAndMayBecomeOne) {
  const std::string first = first_commit();
  world_.serve();
  ASSERT_TRUE(is_told(first, "pending success"));

  const std::string refused = world_.commit({{"workers.json", "[{]"}});
  world_.reconcile();
  EXPECT_TRUE(is_told(refused, "failure"));
  EXPECT_TRUE(server_.statuses().back().description.starts_with("refused: workers.json"))
      << server_.statuses().back().description;

  world_.fleet().kill(1);
  GitChanges changes = BucketWorld::job("api", "1.1.0");
  changes["workers.json"] = world_.workers_json(2);
  const std::string degraded = world_.commit(changes);
  world_.reconcile();
  EXPECT_TRUE(is_told(degraded, "pending failure"));
  world_.fleet().restart(1);
  EXPECT_TRUE(is_told(degraded, "pending failure success"));

  const std::string held = world_.commit(
      BucketWorld::job("api", "1.2.0", "", {{"Makefile", ".PHONY: restart\nrestart:\n\t@exit 1\n"}}));
  world_.reconcile();
  EXPECT_TRUE(is_told(held, "pending error"));
  EXPECT_NE(server_.statuses().back().description.find("job api is held"), std::string::npos);
}

TEST_F(CommitStatusWorld, AnErrorOfTheHostIsShownAndTheWordIsKeptUntilItIsTaken) {
  const std::string first = first_commit();
  world_.serve();
  ASSERT_TRUE(is_told(first, "pending success"));
  ASSERT_TRUE(measured("maand_channel_broken{channel=\"github\"} 0"));

  server_.always({401, R"({"message":"Bad credentials"})", {}});
  const std::string second = world_.commit(BucketWorld::job("api", "1.1.0"));
  world_.reconcile();
  world_.wait_for_note(second, "applied");  // nobody waits for the host
  EXPECT_TRUE(
      world_.daemon_says("GitHub answered 401 \"Bad credentials\" to a commit status: the token in "
                         "notify.commit_status_token_file is not valid there"));
  EXPECT_TRUE(measured("maand_channel_broken{channel=\"github\"} 1"));
  EXPECT_NE(status().find("GitHub answered 401"), std::string::npos) << status();
  server_.work_again();
  // The end alone: nobody needs to hear of a beginning that is over.
  EXPECT_TRUE(eventually([&] { return told(second).ends_with("success"); })) << world_.daemon_log();
  EXPECT_TRUE(measured("maand_channel_broken{channel=\"github\"} 0"));
  EXPECT_EQ(status().find("GitHub answered 401"), std::string::npos) << status();

  // A 422 is not "sent" either; a limit says when to come again, each host in its own way.
  server_.answer(
      {422, R"({"message":"Validation Failed","errors":[{"message":"nothing of that kind"}]})", {}});
  server_.answer(
      {403, R"({"message":"slow down"})", {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1"}}});
  server_.answer({429, "", {{"Retry-After", "1"}}});
  const std::string third = world_.commit(BucketWorld::job("api", "1.2.0"));
  world_.reconcile();
  EXPECT_TRUE(world_.daemon_says("GitHub answered 422 \"Validation Failed: nothing of that kind\""));
  EXPECT_TRUE(world_.daemon_says("403 \"slow down\" to a commit status: its limit of requests is used up"));
  EXPECT_TRUE(eventually([&] { return told(third).ends_with("success"); })) << world_.daemon_log();
}

TEST_F(CommitStatusWorld, ADaemonThatIsKilledBeforeTheWordWasSentSendsItLater) {
  const std::string first = first_commit();
  world_.serve();
  ASSERT_TRUE(is_told(first, "pending success"));
  server_.always({503, "", {}});
  const std::string second = world_.commit(BucketWorld::job("api", "1.1.0"));
  world_.reconcile();
  world_.wait_for_note(second, "applied");
  ASSERT_TRUE(measured("maand_outbox_letters{channel=\"github\"} 1"));
  world_.kill_daemon();
  server_.work_again();
  world_.serve();
  EXPECT_TRUE(is_told(second, "success"));
  world_.reconcile();
  EXPECT_EQ(told(second), "success");
}

TEST_F(CommitStatusWorld, ADaemonThatIsKilledInARolloutTellsItsEndOnce) {
  const std::string first = first_commit();
  world_.serve();
  ASSERT_TRUE(is_told(first, "pending success"));
  const std::string second = commit_waiting("1.1.0");
  world_.maand({"reconcile"});
  ASSERT_TRUE(is_told(second, "pending"));
  ASSERT_TRUE(measured("maand_outbox_letters{channel=\"github\"} 0"));  // and that is on record
  world_.kill_daemon();
  let_go();
  world_.serve();
  EXPECT_TRUE(is_told(second, "pending success"));
}

TEST_F(CommitStatusWorld, SettingsThatCannotWorkAreRefusedWithTheKeyThatHelps) {
  first_commit();
  const std::filesystem::path token = world_.bucket() / "secrets" / "forge-token";
  std::filesystem::permissions(token, std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  ProgramResult result = world_.maand({"reconcile"});
  EXPECT_EQ(result.status, 2);
  EXPECT_NE(result.err.find("chmod 600"), std::string::npos) << result.err;
  std::filesystem::permissions(token, std::filesystem::perms::others_read,
                               std::filesystem::perm_options::remove);
  world_.set("notify", "commit_status_repository = \"fleet\"");
  result = world_.maand({"reconcile"});
  EXPECT_EQ(result.status, 2);
  EXPECT_NE(result.err.find("notify.commit_status_repository as \"owner/name\""), std::string::npos)
      << result.err;
  world_.set("notify", "commit_status = \"sourceforge\"");
  EXPECT_NE(world_.maand({"reconcile"}).err.find("\"bitbucket-server\" or \"off\""), std::string::npos);
  world_.set("notify", "commit_status = \"off\"");
  EXPECT_EQ(world_.maand({"reconcile"}).status, 0);
  EXPECT_EQ(server_.requests(), 0u);
}

}  // namespace
}  // namespace maand::testing
