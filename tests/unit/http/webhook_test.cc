// R6.3: what is answered to whom, over a real socket.
#include "reconciler/http/webhook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <mutex>

#include "reconciler/http/request_source.h"
#include "tests/support/process.h"
#include "tests/support/raw_socket.h"
#include "tests/support/temp_dir.h"
#include "tests/support/webhook_delivery.h"

namespace maand::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using P = WebhookProvider;

// Writes down what it is told: `github b5c1f9a0c3f2`, and `github accepted`.
class FakeLoop : public Announcements {
 public:
  void announced(const Announcement& one) override {
    const std::lock_guard lock(mutex_);
    announced_.push_back(std::string(to_string(one.provider)) + " " + one.commit.str().substr(0, 12));
  }
  void preview_announced(P provider) override {
    const std::lock_guard lock(mutex_);
    announced_.push_back(std::string(to_string(provider)) + " preview");
  }
  void judged(P provider, WebhookVerdict verdict, const std::string& source) override {
    const std::lock_guard lock(mutex_);
    judged_.push_back(std::string(to_string(provider)) + " " + to_string(verdict));
    source_ = source;
  }
  std::vector<std::string> heard() {
    const std::lock_guard lock(mutex_);
    return announced_;
  }
  std::vector<std::string> verdicts() {
    const std::lock_guard lock(mutex_);
    return judged_;
  }
  std::string source() {
    const std::lock_guard lock(mutex_);
    return source_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> announced_;
  std::vector<std::string> judged_;
  std::string source_;
};

class Webhook : public ::testing::Test {
 protected:
  Webhook() { write_file(secrets(), std::string("# of the host\n") + kFixtureSecret + "\n"); }

  std::filesystem::path secrets() const { return directory_.path() / "secret"; }
  WebhookServer& serve() {
    WebhookOptions options;
    options.listen = "127.0.0.1:0";
    options.ref = "refs/heads/main";
    options.preview_refs = previews_;
    options.rates = rates_;
    options.max_body_bytes = most_bytes_;
    for (const P provider : kWebhookProviders) options.secret_files.emplace(provider, secrets());
    server_ = std::make_unique<WebhookServer>(options, loop_);
    return *server_;
  }
  std::string send(const std::string& request) {
    if (!server_) serve();
    RawSocket socket(server_->port());
    socket.send(request);
    return socket.read_all();
  }
  std::string deliver(const WebhookDelivery& delivery) { return send(delivery.request()); }
  std::string deliver(const std::string& fixture) { return deliver(fixture_delivery(fixture)); }

  // Signed now, with the fixtures' secret.
  static WebhookDelivery generic(const std::string& body) {
    WebhookDelivery out{"/webhook/generic", {{"host", "x"}, {"x-maand-signature", ""}}, body};
    sign(out);
    return out;
  }

  TempDirectory directory_{"maand-webhook"};
  RateLimits rates_;
  std::vector<std::string> previews_;
  std::size_t most_bytes_ = 5 * 1024 * 1024;
  FakeLoop loop_;
  std::unique_ptr<WebhookServer> server_;
};

TEST_F(Webhook, EveryProvidersPushToOurRefIsAnnounced) {
  const struct {
    const char* fixture;
    const char* heard;
  } table[] = {
      {"github_push", "github b5c1f9a0c3f2"},
      {"gitlab_push", "gitlab b5c1f9a0c3f2"},
      {"gitlab_system_push", "gitlab b5c1f9a0c3f2"},
      {"gitea_push", "gitea b5c1f9a0c3f2"},
      {"gogs_push", "gitea b5c1f9a0c3f2"},
      {"bitbucket_cloud_push", "bitbucket b5c1f9a0c3f2"},
      {"bitbucket_server_push", "bitbucket b5c1f9a0c3f2"},
      {"generic_push", "generic b5c1f9a0c3f2"},
  };
  std::vector<std::string> heard;
  for (const auto& row : table) {
    const std::string answer = deliver(row.fixture);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 202")) << row.fixture;
    EXPECT_THAT(answer, HasSubstr("\"verdict\":\"accepted\"")) << row.fixture;
    heard.emplace_back(row.heard);
    EXPECT_EQ(loop_.heard(), heard) << row.fixture;
  }
}

TEST_F(Webhook, AFormIsTakenAsItsBytesWereSigned) {
  EXPECT_THAT(deliver("github_push_form"), StartsWith("HTTP/1.1 202"));
  EXPECT_THAT(loop_.heard(), ElementsAre("github b5c1f9a0c3f2"));
  // Larger than what the HTTP library takes of a form by itself.
  WebhookDelivery large = fixture_delivery("github_push_form");
  large.body += "&padding=" + std::string(100'000, 'x');
  sign(large);
  large.headers.find("x-github-delivery")->second = "another";
  EXPECT_THAT(deliver(large), HasSubstr("\"verdict\":\"accepted\""));
}

TEST_F(Webhook, WhatIsNoPushToOurRefIsTakenAndPokesNobody) {
  const struct {
    const char* fixture;
    const char* verdict;
  } table[] = {
      {"github_branch_deleted", "other_ref"},
      {"github_tag", "other_ref"},
      {"github_ping", "ping"},
      {"github_issue", "other_event"},
      {"gitlab_branch_deleted", "other_ref"},
      {"gitlab_tag", "other_event"},
      {"gitlab_merge_request", "other_event"},
      {"gitea_delete", "other_event"},
      {"bitbucket_cloud_branch_deleted", "other_ref"},
      {"bitbucket_server_branch_deleted", "other_ref"},
      {"bitbucket_server_ping", "ping"},
  };
  for (const auto& row : table) {
    const std::string answer = deliver(row.fixture);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 202")) << row.fixture;
    EXPECT_THAT(answer, HasSubstr(std::string("\"verdict\":\"") + row.verdict)) << row.fixture;
  }
  EXPECT_THAT(loop_.heard(), IsEmpty());
}

TEST_F(Webhook, AWordOfAPreviewIsPassedOnWherePreviewsAreMade) {
  previews_ = {"refs/heads/review-*"};
  const WebhookDelivery push =
      generic(R"({"ref": "refs/heads/review-7", "commit": "b5c1f9a0c3f2b5c1f9a0c3f2b5c1f9a0c3f2b5c1"})");
  EXPECT_THAT(deliver(push), HasSubstr("\"verdict\":\"accepted\""));
  EXPECT_THAT(deliver("gitlab_merge_request"), HasSubstr("\"verdict\":\"accepted\""));
  EXPECT_THAT(deliver("gitlab_merge_request"), HasSubstr("already seen"));
  EXPECT_THAT(deliver("github_issue"), HasSubstr("other_event"));
  EXPECT_THAT(deliver("github_tag"), HasSubstr("other_ref"));
  EXPECT_THAT(loop_.heard(), ElementsAre("generic preview", "gitlab preview"));
}

TEST_F(Webhook, WithoutAGoodSignatureNothingIsSaidAndNothingIsDone) {
  WebhookDelivery forged = fixture_delivery("github_push");
  forged.body[100] ^= 1;
  const std::string wrong = deliver(forged);
  WebhookDelivery bare = fixture_delivery("github_push");
  bare.headers.erase("x-hub-signature-256");
  const std::string missing = deliver(bare);
  for (const std::string& answer : {wrong, missing}) {
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 401"));
    EXPECT_THAT(answer, HasSubstr("{\"error\":\"not accepted\"}"));
  }
  EXPECT_EQ(wrong, missing);
  EXPECT_THAT(loop_.heard(), IsEmpty());
  EXPECT_THAT(loop_.verdicts(), ElementsAre("github unverified", "github unverified"));
  // The id was not taken by who could not sign.
  EXPECT_THAT(deliver("github_push"), HasSubstr("accepted"));
}

TEST_F(Webhook, AReplayIsAnsweredAndIgnored) {
  EXPECT_THAT(deliver("github_push"), HasSubstr("\"verdict\":\"accepted\""));
  const std::string again = deliver("github_push");
  EXPECT_THAT(again, AllOf(StartsWith("HTTP/1.1 202"), HasSubstr("already seen")));
  WebhookDelivery renamed = fixture_delivery("github_push");
  renamed.headers.find("x-github-delivery")->second = "another";
  EXPECT_THAT(deliver(renamed), HasSubstr("already seen"));
  EXPECT_THAT(loop_.heard(), ElementsAre("github b5c1f9a0c3f2"));
}

TEST_F(Webhook, SignedNonsenseIsA400) {
  EXPECT_THAT(deliver(generic("{\"ref\": ")), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(deliver(generic("{\"ref\": \"main\", \"commit\": \"b5c1\"}")),
              AllOf(StartsWith("HTTP/1.1 400"), HasSubstr("40 hex digits")));
  EXPECT_THAT(loop_.verdicts(), ElementsAre("generic malformed", "generic malformed"));
}

TEST_F(Webhook, AnOldTimestampIsToldToWhoeverSignedIt) {
  EXPECT_THAT(deliver("generic_push_timestamp"), AllOf(StartsWith("HTTP/1.1 401"), HasSubstr("5 minutes")));
  EXPECT_THAT(loop_.verdicts(), ElementsAre("generic expired"));
}

TEST_F(Webhook, ThereIsNothingWithoutASecretOrElsewhere) {
  serve();
  for (const char* path :
       {"/webhook/sourcehut", "/webhook/", "/webhook", "/", "/webhook/github/x", "/metrics"}) {
    WebhookDelivery delivery = fixture_delivery("github_push");
    delivery.path = path;
    EXPECT_THAT(deliver(delivery), StartsWith("HTTP/1.1 404")) << path;
  }
  write_file(secrets(), "# none is left\n");
  EXPECT_THAT(deliver("github_push"), StartsWith("HTTP/1.1 404"));
  std::filesystem::remove(secrets());
  EXPECT_THAT(deliver("github_push"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(loop_.verdicts(), IsEmpty());
}

TEST_F(Webhook, OnlyPostsAreDeliveries) {
  EXPECT_THAT(send("GET /webhook/github HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(send("PUT /webhook/github HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"),
              StartsWith("HTTP/1.1 405"));
}

TEST_F(Webhook, SecretsAreExchangedWhileItRuns) {
  EXPECT_THAT(deliver("github_push"), HasSubstr("accepted"));
  write_file(secrets(), std::string("the new secret, long enough\n") + kFixtureSecret + "\n");
  EXPECT_THAT(deliver("gitea_push"), HasSubstr("accepted"));
  write_file(secrets(), "the new secret, long enough\n");
  EXPECT_THAT(deliver("gogs_push"), StartsWith("HTTP/1.1 401"));
  WebhookDelivery renewed = fixture_delivery("gogs_push");
  sign(renewed, "the new secret, long enough");
  EXPECT_THAT(deliver(renewed), HasSubstr("accepted"));
}

TEST_F(Webhook, ASourceThatSendsTooMuchIsToldWhenToComeBack) {
  rates_ = {.burst = 25, .per_second = 1.0 / 3600, .wrong_cost = 10};
  WebhookDelivery forged = fixture_delivery("github_push");
  forged.body += " ";
  for (int i = 0; i < 3; ++i) EXPECT_THAT(deliver(forged), StartsWith("HTTP/1.1 401")) << i;
  // 33 of 25 are spent: 9 have to come again, each in an hour.
  const std::string limited = deliver("github_push");
  EXPECT_THAT(limited, StartsWith("HTTP/1.1 429"));
  EXPECT_THAT(limited, HasSubstr("Retry-After: 32"));
  EXPECT_THAT(loop_.heard(), IsEmpty());
  // A proxy on this host says for whom it asks.
  WebhookDelivery forwarded = fixture_delivery("github_push");
  forwarded.headers.emplace("x-forwarded-for", "203.0.113.7, 192.0.2.30");
  EXPECT_THAT(deliver(forwarded), HasSubstr("accepted"));
  EXPECT_EQ(loop_.source(), "192.0.2.30");
}

TEST_F(Webhook, ABodyAboveTheCapIsRefusedUnread) {
  most_bytes_ = 100'000;
  const std::string head = "POST /webhook/github HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256=00\r\n";
  EXPECT_THAT(send(head + "Content-Length: 100001\r\n\r\n"), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(send(head + "Content-Length: 99999999999999999999\r\n\r\n"), StartsWith("HTTP/1.1 413"));
  WebhookDelivery just = generic("{\"ref\": \"main\"" + std::string(99'900, ' ') + "}");
  EXPECT_THAT(deliver(just), HasSubstr("accepted"));
}

TEST_F(Webhook, AChunkedOrCompressedBodyIsRefusedUnread) {
  const std::string head = "POST /webhook/github HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256=00\r\n";
  EXPECT_THAT(send(head + "Transfer-Encoding: chunked\r\n\r\n"), StartsWith("HTTP/1.1 411"));
  EXPECT_THAT(send(head + "\r\n"), StartsWith("HTTP/1.1 411"));
  EXPECT_THAT(send(head + "Content-Encoding: gzip\r\nContent-Length: 10\r\n\r\n"),
              StartsWith("HTTP/1.1 415"));
}

// Who has no signature, or asks where nothing is, cannot make us wait for a body.
TEST_F(Webhook, WhatNeedsNoBodyIsAnsweredBeforeItComes) {
  const std::string length = "Host: x\r\nContent-Length: 5000000\r\n";
  EXPECT_THAT(send("POST /webhook/github HTTP/1.1\r\n" + length + "\r\n"), StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(send("POST /webhook/none HTTP/1.1\r\n" + length + "\r\n"), StartsWith("HTTP/1.1 404"));
}

TEST_F(Webhook, ASlowBodyKeepsNobodyElseWaiting) {
  serve();
  const WebhookDelivery delivery = fixture_delivery("github_push");
  const std::string request = delivery.request();
  RawSocket slow(server_->port());
  ASSERT_TRUE(slow.send(std::string_view(request).substr(0, request.size() - 1)));
  EXPECT_THAT(deliver("gitlab_push"), HasSubstr("accepted"));
  ASSERT_TRUE(slow.still_waiting());
  ASSERT_TRUE(slow.send(std::string_view(request).substr(request.size() - 1)));
  EXPECT_THAT(slow.read_all(), HasSubstr("accepted"));
  // One that ends in the middle is none.
  {
    RawSocket cut(server_->port());
    ASSERT_TRUE(cut.send(std::string_view(request).substr(0, request.size() - 1)));
  }
  EXPECT_THAT(loop_.heard(), ElementsAre("gitlab b5c1f9a0c3f2", "github b5c1f9a0c3f2"));
}

TEST_F(Webhook, NothingListensWithoutASecretOrAnAddress) {
  WebhookOptions options;
  options.listen = "127.0.0.1:0";
  options.ref = "refs/heads/main";
  const WebhookServer none(options, loop_);
  EXPECT_EQ(none.port(), 0);
  EXPECT_THAT(none.remarks(), ElementsAre(HasSubstr("no webhook secret is there")));

  options.secret_files = {{P::kGithub, directory_.path() / "missing"}};
  const WebhookServer missing(options, loop_);
  EXPECT_EQ(missing.port(), 0);
  EXPECT_THAT(missing.remarks(), ElementsAre(HasSubstr("webhook.github_secret_file: it cannot be read"),
                                             HasSubstr("no webhook secret is there")));

  options.secret_files = {{P::kGithub, secrets()}};
  options.listen = "";
  const WebhookServer silent(options, loop_);
  EXPECT_EQ(silent.port(), 0);
  EXPECT_THAT(silent.remarks(), ElementsAre(HasSubstr("set http.webhook_listen")));

  const WebhookServer off({}, loop_);
  EXPECT_THAT(off.remarks(), IsEmpty());

  EXPECT_THAT(serve().remarks(), ElementsAre(HasSubstr("github, gitlab, gitea, bitbucket and generic")));
  EXPECT_THAT(serve().remarks().front(), Not(HasSubstr(kFixtureSecret)));
}

TEST(RequestSource, IsThePeerOrWhomAProxyOnThisHostNames) {
  const struct {
    const char* peer;
    std::vector<const char*> forwarded;
    const char* source;
  } table[] = {
      {"192.0.2.1", {}, "192.0.2.1"},
      // Only a proxy on this host is believed.
      {"192.0.2.1", {"198.51.100.9"}, "192.0.2.1"},
      {"127.0.0.1", {}, "127.0.0.1"},
      {"127.0.0.1", {"198.51.100.9"}, "198.51.100.9"},
      // What the client itself sent stands before what the proxy added.
      {"127.0.0.1", {"10.0.0.1, 198.51.100.9"}, "198.51.100.9"},
      {"127.0.0.1", {"10.0.0.1", "198.51.100.9"}, "198.51.100.9"},
      {"::1", {"198.51.100.9"}, "198.51.100.9"},
      {"127.0.0.1", {"unknown"}, "127.0.0.1"},
      {"127.0.0.1", {"\x1b[2J"}, "127.0.0.1"},
      {"127.0.0.1", {""}, "127.0.0.1"},
      // A client has a /64 to itself.
      {"2001:db8:1:2:3:4:5:6", {}, "2001:db8:1:2::/64"},
      {"127.0.0.1", {"[2001:db8:1:2::7]"}, "2001:db8:1:2::/64"},
      {"::ffff:192.0.2.1", {}, "192.0.2.1"},
      {"fe80::1%eth0", {}, "fe80::/64"},
      {"", {}, "unknown"},
  };
  for (const auto& row : table) {
    HttpRequest request;
    request.peer_address = row.peer;
    for (const char* value : row.forwarded) request.headers.emplace("x-forwarded-for", value);
    EXPECT_EQ(source_behind_proxy(request), row.source) << row.peer;
  }
}

}  // namespace
}  // namespace maand::testing
