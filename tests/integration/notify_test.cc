// Notifications of the real daemon: real git, real sshd, real HTTP and SMTP servers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/core/webhook/signature.h"
#include "tests/support/bucket_world.h"
#include "tests/support/word_server.h"

namespace maand::testing {
namespace {

using Json = nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSlackPath = "/services/T00/B00/s3cr3tslackpath";
constexpr const char* kHmacSecret = "s3cr3thmackey";
// Its `start` fails until the workspace says otherwise.
constexpr const char* kBroken = "start:\n\tfalse\nstop:\n\ttrue\nrestart:\n\tfalse\n";
constexpr const char* kWhole = "start:\n\ttrue\nstop:\n\ttrue\nrestart:\n\ttrue\n";

class NotifyWorld : public ::testing::Test {
 protected:
  void SetUp() override {
    world_ = std::make_unique<BucketWorld>(1, std::vector<std::pair<std::string, std::string>>{
                                                  {"notify", "slack_url_file = \"slack\""},
                                                  {"notify", "webhook_url = \"" + hook_.url("/maand") + "\""},
                                                  {"notify", "webhook_secret_file = \"hmac\""},
                                                  {"notify", "mail_to = [\"ops@example.com\"]"},
                                                  {"notify", "mail_from = \"maand@example.com\""},
                                                  {"notify", "smtp_url = \"" + mail_.url() + "\""},
                                                  {"notify", "link = \"https://maand.example/\""}});
    write_file(world_->bucket() / "secrets" / "slack", slack_.url(kSlackPath) + "\n", 0600);
    write_file(world_->bucket() / "secrets" / "hmac", std::string(kHmacSecret) + "\n", 0600);
  }
  void start_servers() {
    for (WordServer* server : {&slack_, &hook_, &mail_}) server->start();
  }
  // Commits, and waits for the pass that takes it.
  std::string deploy(const std::string& version, const char* makefile) {
    GitChanges changes = BucketWorld::job("api", version);
    changes["jobs/api/Makefile"] = makefile;
    changes["workers.json"] = world_->workers_json(1);
    const std::string commit = world_->commit(changes, version);
    if (world_->daemon_running()) world_->reconcile();
    return commit;
  }
  Json last_status() { return Json::parse(world_->maand({"status", "--json"}).out); }
  // What status says of one channel.
  std::string problem_of(const std::string& name) {
    const Json status = last_status();
    for (const Json& channel : status.at("channels")) {
      if (channel.at("name") == name) return channel.value("problem", "");
    }
    return "no such channel";
  }
  void expect_no_secret() {
    for (const std::string& text :
         {world_->daemon_log(), world_->maand({"status"}).out, world_->maand({"status", "--json"}).out}) {
      EXPECT_THAT(text, AllOf(Not(HasSubstr("s3cr3t")), Not(HasSubstr("hunter22"))));
    }
  }

  WordServer slack_{"http"}, hook_{"http"}, mail_{"smtp"};
  std::unique_ptr<BucketWorld> world_;
};

TEST_F(NotifyWorld, AFailureIsOneMessageAndItsEndIsOneMore) {
  start_servers();
  deploy("1.0.0", kWhole);
  world_->serve();
  deploy("1.1.0", kBroken);
  slack_.wait_for(1);
  deploy("1.2.0", kWhole);
  slack_.wait_for(2);
  deploy("1.3.0", kWhole);  // all is well: below `notify.severity`
  const std::string broken = deploy("1.4.0", kBroken);
  const std::vector<std::string> chat = slack_.wait_for(3);
  const std::vector<std::string> hooks = hook_.wait_for(3);
  const std::vector<std::string> mails = mail_.wait_for(3);
  EXPECT_EQ(chat.size(), 3u);

  std::vector<std::string> severities;
  for (const std::string& text : hooks) {
    const Json request = Json::parse(text);
    const std::string body = request.at("body");
    const std::string signed_text =
        request.at("headers").at("x-maand-timestamp").get<std::string>() + "." + body;
    EXPECT_EQ(request.at("headers").at("x-maand-signature"),
              "sha256=" + hmac_sha256(kHmacSecret, signed_text).hex());
    const Json document = Json::parse(body);
    EXPECT_EQ(request.at("headers").at("x-maand-delivery"), document.at("id"));
    EXPECT_EQ(document.at("schema"), 1);
    severities.push_back(document.at("severity"));
  }
  EXPECT_EQ(severities, (std::vector<std::string>{"error", "recovered", "error"}));
  const Json last = Json::parse(Json::parse(hooks.back()).at("body").get<std::string>());
  EXPECT_EQ(last.at("rollout").at("commit"), broken);
  EXPECT_EQ(last.at("rollout").at("state"), "held");
  EXPECT_EQ(last.at("rollout").at("failed").size(), 1u) << last.dump();
  EXPECT_EQ(last.at("link"), "https://maand.example/");

  const Json message = Json::parse(chat.front());
  EXPECT_EQ(message.at("path"), kSlackPath);
  EXPECT_THAT(Json::parse(message.at("body").get<std::string>()).at("text").get<std::string>(),
              AllOf(HasSubstr(":red_circle: maand "), HasSubstr(" held")));
  const Json mail = Json::parse(mails[1]);
  EXPECT_EQ(mail.at("to"), Json({"ops@example.com"}));
  EXPECT_THAT(mail.at("text").get<std::string>(),
              AllOf(HasSubstr("over: job api"), HasSubstr("severity: recovered")));
  expect_no_secret();
}

TEST_F(NotifyWorld, WhatNobodyTookIsKeptOverASigkillAndDeliveredLaterOnce) {
  deploy("1.0.0", kBroken);
  world_->serve();
  ASSERT_TRUE(world_->daemon_says("slack: ")) << world_->daemon_log();
  EXPECT_TRUE(eventually([&] { return problem_of("webhook") != ""; }));
  world_->kill_daemon();
  start_servers();
  world_->serve();
  for (const WordServer* server : {&slack_, &hook_, &mail_}) server->wait_for(1);
  deploy("1.1.0", kWhole);
  for (const WordServer* server : {&slack_, &hook_, &mail_}) EXPECT_EQ(server->wait_for(2).size(), 2u);
  EXPECT_TRUE(eventually([&] { return problem_of("slack").empty() && problem_of("mail").empty(); }));
  world_->stop_daemon();
  world_->serve();  // nothing has changed: nothing is told
  deploy("1.2.0", kBroken);
  for (const WordServer* server : {&slack_, &hook_, &mail_}) EXPECT_EQ(server->wait_for(3).size(), 3u);
  expect_no_secret();
}

TEST_F(NotifyWorld, ARefusalIsAnErrorThatStatusShowsUntilItIsOver) {
  start_servers();
  slack_.answer("404 echo");  // with the secret path in its answer
  deploy("1.0.0", kBroken);
  world_->serve();
  ASSERT_TRUE(eventually([&] { return problem_of("slack").starts_with("HTTP 404"); }))
      << world_->daemon_log();
  EXPECT_THAT(world_->maand({"status"}).out, AllOf(HasSubstr("slack"), HasSubstr("HTTP 404: <secret>")));
  EXPECT_TRUE(world_->daemon_says("slack: HTTP 404"));
  EXPECT_EQ(hook_.wait_for(1).size(), 1u) << "and the others are told";
  slack_.answer("200 ok");
  EXPECT_TRUE(eventually([&] { return problem_of("slack").empty(); })) << "it is tried again";
  expect_no_secret();
}

TEST_F(NotifyWorld, ATestTellsWhatEveryChannelSaid) {
  start_servers();
  const ProgramResult good = world_->maand({"notify", "test"});
  EXPECT_EQ(good.status, 0) << good.err;
  EXPECT_EQ(good.out, "slack: delivered\nwebhook: delivered\nmail: delivered\n");
  EXPECT_THAT(mail_.wait_for(1)[0], HasSubstr("a test of the notifications"));
  hook_.answer("401 wrong_signature");
  mail_.stop();
  const ProgramResult bad = world_->maand({"notify", "test", "--json"});
  EXPECT_EQ(bad.status, 1);
  EXPECT_THAT(
      bad.out,
      AllOf(HasSubstr(R"({"channel":"webhook","verdict":"refused","problem":"HTTP 401: wrong_signature"})"),
            HasSubstr(R"("channel":"mail","verdict":"later")")));
}

TEST_F(NotifyWorld, ASecretThatOthersMayReadIsRefusedByName) {
  deploy("1.0.0", kWhole);
  std::filesystem::permissions(world_->bucket() / "secrets" / "slack", std::filesystem::perms(0644));
  const ProgramResult result = world_->maand({"notify", "test"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("notify.slack_url_file"), HasSubstr("chmod 600"), Not(HasSubstr("s3cr3t"))));
  EXPECT_EQ(world_->reconcile().status, 2);
}

}  // namespace
}  // namespace maand::testing
