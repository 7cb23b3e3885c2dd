// A push that arrives in a second: the real daemon, a real git remote, and deliveries
// as every host sends them (R1.1, R6.3). Polling is an hour away where it may not help.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/bucket_world.h"
#include "tests/support/raw_socket.h"
#include "tests/support/webhook_delivery.h"

namespace maand::testing {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

class WebhookWorld : public ::testing::Test {
 protected:
  void make(const std::string& poll_interval) {
    health_port_ = free_port("127.0.0.1");
    Settings settings = {{"git", "poll_interval = \"" + poll_interval + "\""},
                         {"http", "webhook_listen = \"127.0.0.1:0\""},
                         {"http", "health_listen = \"127.0.0.1:" + std::to_string(health_port_) + "\""}};
    for (const WebhookProvider provider : kWebhookProviders)
      settings.emplace_back("webhook", std::string(to_string(provider)) + "_secret_file = \"webhook\"");
    world_ = std::make_unique<BucketWorld>(1, settings);
    write_file(world_->bucket() / "secrets" / "webhook", std::string(kFixtureSecret) + "\n", 0600);
    GitChanges changes = BucketWorld::job("api", "1.0.0");
    changes["workers.json"] = world_->workers_json(1);
    const std::string first = world_->commit(changes, "first");
    world_->serve();
    world_->wait_for_note(first, "applied");
  }

  int port() {
    const std::string said = "webhooks are taken at 127.0.0.1:";
    EXPECT_TRUE(world_->daemon_says(said)) << world_->daemon_log();
    const std::string log = world_->daemon_log();
    return std::stoi(log.substr(log.find(said) + said.size()));
  }
  std::string ask(int at, const std::string& request) {
    RawSocket socket(at);
    socket.send(request);
    return socket.read_all();
  }
  std::string metrics() { return ask(health_port_, "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"); }
  bool measured(const std::string& line) {
    return eventually([&] { return metrics().find("\n" + line + "\n") != std::string::npos; });
  }

  // The fixture, of another commit.
  static WebhookDelivery delivery_of(const std::string& fixture, const std::string& commit) {
    WebhookDelivery out = fixture_delivery(fixture);
    const std::string old = kFixtureCommit;
    for (std::size_t at = 0; (at = out.body.find(old, at)) != std::string::npos;)
      out.body.replace(at, old.size(), commit);
    sign(out);
    return out;
  }
  std::string deliver(const WebhookDelivery& delivery) { return ask(port(), delivery.request()); }

  // Of `maand status --json`.
  std::uint64_t number(const std::string& member) {
    const std::string status = world_->maand({"status", "--json"}).out;
    const std::string key = "\"" + member + "\":";
    return std::stoull(status.substr(status.find(key) + key.size()));
  }
  // How many asked-for passes there were, once all of them have ended: a note is there
  // before the pass that wrote it has.
  std::uint64_t passes() {
    EXPECT_TRUE(eventually([&] { return number("served") == number("requested"); })) << world_->daemon_log();
    return number("served");
  }

  int health_port_ = 0;
  std::unique_ptr<BucketWorld> world_;
};

TEST_F(WebhookWorld, APushOfEveryHostIsAppliedLongBeforePollingFindsIt) {
  make("1h");
  int number = 0;
  for (const char* fixture : {"github_push", "gitlab_push", "gitea_push", "forgejo_push", "gogs_push",
                              "bitbucket_cloud_push", "bitbucket_server_push", "generic_push"}) {
    const std::string commit = world_->commit(BucketWorld::job("api", "1.1." + std::to_string(++number)));
    WebhookDelivery delivery = delivery_of(fixture, commit);
    // Gitea, Forgejo and Gogs share their ids here.
    for (const char* id : {"x-gitea-delivery", "x-forgejo-delivery", "x-gogs-delivery"})
      if (const auto it = delivery.headers.find(id); it != delivery.headers.end()) it->second = commit;
    const std::string answer = deliver(delivery);
    EXPECT_NE(answer.find("HTTP/1.1 202"), std::string::npos) << fixture << answer;
    const std::string note = world_->wait_for_note(commit, "applied");
    EXPECT_TRUE(world_->daemon_says("webhook " + std::string(to_string(delivery.provider())) + " announced " +
                                    commit.substr(0, 12)));
    EXPECT_NE(note.find("\"cause\":\"commit\""), std::string::npos) << note;
  }
  EXPECT_TRUE(measured("maand_webhook_deliveries_total{provider=\"gitea\",verdict=\"accepted\"} 3"));
  EXPECT_TRUE(measured("maand_commits_unannounced_total 0"));
}

TEST_F(WebhookWorld, ACommitThatIsAnnouncedBeforeTheRefShowsItIsWaitedFor) {
  make("1h");
  GitServer& git = world_->git();
  const std::string old = git.git({"rev-parse", "HEAD"});
  write_file(git.work() / "workspace/jobs/api/manifest.json",
             R"({"version": "1.1.0", "selectors": ["worker"]})");
  git.git({"add", "-A"});
  git.git({"commit", "-m", "not pushed yet"});
  const std::string commit = git.git({"rev-parse", "HEAD"});
  ASSERT_NE(commit, old);

  const std::uint64_t before = passes();
  const std::string answer = deliver(delivery_of("github_push", commit));
  ASSERT_NE(answer.find("HTTP/1.1 202"), std::string::npos) << answer;
  // The ref was read, and did not show it.
  ASSERT_TRUE(eventually([&] { return number("served") > before; })) << world_->daemon_log();
  git.git({"push", "origin", "HEAD:main"});
  world_->wait_for_note(commit, "applied");
  EXPECT_EQ(world_->events(0, "api").back(), "restart 1.0.0 1.1.0 1 none");
}

TEST_F(WebhookWorld, WhatIsForgedOrReplayedOrOfAnotherBranchMakesNoPass) {
  make("1h");
  const std::string commit = world_->commit(BucketWorld::job("api", "1.1.0"));
  const std::uint64_t before = passes();
  WebhookDelivery forged = delivery_of("github_push", commit);
  sign(forged, "a guess of the secret");
  EXPECT_NE(deliver(forged).find("HTTP/1.1 401"), std::string::npos);
  EXPECT_NE(deliver(delivery_of("github_tag", commit)).find("\"other_ref\""), std::string::npos);
  EXPECT_NE(deliver(fixture_delivery("github_branch_deleted")).find("\"other_ref\""), std::string::npos);
  EXPECT_NE(deliver(fixture_delivery("bitbucket_server_ping")).find("\"ping\""), std::string::npos);
  EXPECT_EQ(passes(), before);
  EXPECT_FALSE(world_->git().note(commit));

  const WebhookDelivery good = delivery_of("github_push", commit);
  EXPECT_NE(deliver(good).find("\"accepted\""), std::string::npos);
  world_->wait_for_note(commit, "applied");
  const std::uint64_t after = passes();
  EXPECT_NE(deliver(good).find("already seen"), std::string::npos);
  EXPECT_EQ(passes(), after);
  EXPECT_TRUE(measured("maand_webhook_deliveries_total{provider=\"github\",verdict=\"unverified\"} 1"));
  EXPECT_TRUE(measured("maand_webhook_deliveries_total{provider=\"github\",verdict=\"repeated\"} 1"));
}

TEST_F(WebhookWorld, CommitsThatOnlyPollingFindsAreCountedAndTheThirdIsTold) {
  make("1s");
  for (int i = 1; i <= 3; ++i) {
    const std::string commit = world_->commit(BucketWorld::job("api", "1.1." + std::to_string(i)));
    world_->wait_for_note(commit, "applied");
  }
  EXPECT_TRUE(world_->daemon_says("3 commits in a row that no webhook announced: no delivery came at all"))
      << world_->daemon_log();
  EXPECT_TRUE(measured("maand_commits_unannounced_total 3"));
}

TEST_F(WebhookWorld, WithoutASecretNothingListensAndThatIsSaid) {
  make("1h");
  write_file(world_->bucket() / "secrets" / "webhook", "# none any more\n", 0600);
  const int old_port = port();
  EXPECT_NE(ask(old_port, fixture_delivery("github_push").request()).find("HTTP/1.1 404"), std::string::npos);
  world_->reload_daemon();
  EXPECT_TRUE(world_->daemon_says("no webhook secret is there, so nothing listens")) << world_->daemon_log();
  EXPECT_THROW(RawSocket socket(old_port), std::runtime_error);
}

}  // namespace
}  // namespace maand::testing
