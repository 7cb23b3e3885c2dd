// Verified before it is parsed, in constant time (R6.3).
#include "reconciler/core/webhook/signature.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "reconciler/core/webhook/secrets.h"
#include "tests/support/webhook_delivery.h"

namespace maand::testing {
namespace {

using P = WebhookProvider;
using V = SignatureVerdict;
using Secrets = std::vector<std::string>;

constexpr std::chrono::system_clock::time_point kNow{std::chrono::seconds(1'764'086'463)};

V verify(const WebhookDelivery& delivery, const Secrets& secrets,
         std::chrono::system_clock::time_point now = kNow) {
  return verify_delivery(delivery.provider(), delivery.headers, delivery.body, secrets, now);
}

std::string hex(std::string_view key, std::string_view data) { return hmac_sha256(key, data).hex(); }

TEST(WebhookSignature, IsTheVectorOfGitHubsDocumentation) {
  const WebhookHeaders headers = {
      {"x-hub-signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}};
  EXPECT_EQ(verify_delivery(P::kGithub, headers, "Hello, World!", {"It's a Secret to Everybody"}, kNow),
            V::kGood);
  EXPECT_EQ(verify_delivery(P::kGithub, headers, "Hello, World?", {"It's a Secret to Everybody"}, kNow),
            V::kWrong);
}

TEST(WebhookSignature, HmacIsThatOfRfc4231) {
  EXPECT_EQ(hex(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(hex("", ""), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

// The fixtures are signed by another program than ours.
TEST(WebhookSignature, EveryFixtureIsSignedWithItsSecretAndWithNoOther) {
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(MAAND_WEBHOOK_FIXTURES)) {
    const std::string name = entry.path().stem().string();
    if (name == "bitbucket_server_ping" || entry.path().extension() != ".http") continue;
    WebhookDelivery delivery = fixture_delivery(name);
    EXPECT_TRUE(has_signature(delivery.provider(), delivery.headers)) << name;
    EXPECT_EQ(verify(delivery, {kFixtureSecret}), V::kGood) << name;
    EXPECT_EQ(verify(delivery, {"another secret"}), V::kWrong) << name;
    EXPECT_EQ(verify(delivery, {}), V::kWrong) << name;
    delivery.body += " ";
    EXPECT_EQ(verify(delivery, {kFixtureSecret}), delivery.provider() == P::kGitlab ? V::kGood : V::kWrong)
        << name;
    ++seen;
  }
  EXPECT_EQ(seen, 21);
}

TEST(WebhookSignature, SeveralSecretsAreGoodAtOnce) {
  for (const char* name :
       {"github_push", "gitlab_push", "gitea_push", "bitbucket_cloud_push", "generic_push"}) {
    const WebhookDelivery delivery = fixture_delivery(name);
    EXPECT_EQ(verify(delivery, {"new", kFixtureSecret}), V::kGood) << name;
    EXPECT_EQ(verify(delivery, {kFixtureSecret, "new"}), V::kGood) << name;
    EXPECT_EQ(verify(delivery, {"new", "newer"}), V::kWrong) << name;
  }
}

TEST(WebhookSignature, WhatIsNoSignatureIsWrong) {
  const std::string body = "{}";
  const std::string good = hex("s", body);
  const struct {
    P provider;
    WebhookHeaders headers;
    V verdict;
  } table[] = {
      {P::kGithub, {{"x-hub-signature-256", "sha256=" + good}}, V::kGood},
      {P::kGithub, {}, V::kWrong},
      {P::kGithub, {{"x-hub-signature-256", ""}}, V::kWrong},
      {P::kGithub, {{"x-hub-signature-256", good}}, V::kWrong},
      {P::kGithub, {{"x-hub-signature-256", "sha1=" + good}}, V::kWrong},
      {P::kGithub, {{"x-hub-signature-256", "sha256="}}, V::kWrong},
      {P::kGithub, {{"x-hub-signature-256", "sha256=" + good.substr(1)}}, V::kWrong},
      {P::kGithub, {{"x-hub-signature-256", "sha256=" + good + "0"}}, V::kWrong},
      {P::kGithub, {{"x-hub-signature-256", "sha256=" + std::string(64, '0')}}, V::kWrong},
      {P::kGithub, {{"x-hub-signature-256", "sha256=" + std::string(64, 'g')}}, V::kWrong},
      // Nobody could say which of two is meant.
      {P::kGithub,
       {{"x-hub-signature-256", "sha256=" + good}, {"x-hub-signature-256", "sha256=" + good}},
       V::kWrong},
      // GitHub still sends SHA-1 as well; it proves nothing.
      {P::kGithub, {{"x-hub-signature", "sha256=" + good}}, V::kWrong},
      {P::kGitea, {{"x-gitea-signature", good}}, V::kGood},
      {P::kGitea, {{"x-gogs-signature", good}}, V::kGood},
      {P::kGitea, {{"x-forgejo-signature", good}}, V::kGood},
      {P::kGitea, {{"x-gitea-signature", "sha256=" + good}}, V::kWrong},
      {P::kGitea, {{"x-forgejo-signature", "00"}, {"x-gitea-signature", good}}, V::kWrong},
      {P::kBitbucket, {{"x-hub-signature", "sha256=" + good}}, V::kGood},
      {P::kBitbucket, {{"x-hub-signature", good}}, V::kWrong},
      {P::kGitlab, {{"x-gitlab-token", "s"}}, V::kGood},
      {P::kGitlab, {{"x-gitlab-token", "S"}}, V::kWrong},
      {P::kGitlab, {{"x-gitlab-token", ""}}, V::kWrong},
      {P::kGitlab, {}, V::kWrong},
      {P::kGeneric, {{"x-maand-signature", "sha256=" + good}}, V::kGood},
      {P::kGeneric, {{"x-hub-signature-256", "sha256=" + good}}, V::kWrong},
  };
  for (const auto& row : table) {
    std::string told = to_string(row.provider);
    for (const auto& [name, value] : row.headers) told += " " + name + ": " + value;
    EXPECT_EQ(verify_delivery(row.provider, row.headers, body, {"s"}, kNow), row.verdict) << told;
  }
}

TEST(WebhookSignature, ATimestampIsSignedWithTheBodyAndHoldsForFiveMinutes) {
  const WebhookDelivery delivery = fixture_delivery("generic_push_timestamp");
  using std::chrono::seconds;
  EXPECT_EQ(verify(delivery, {kFixtureSecret}, kNow + seconds(300)), V::kGood);
  EXPECT_EQ(verify(delivery, {kFixtureSecret}, kNow - seconds(300)), V::kGood);
  EXPECT_EQ(verify(delivery, {kFixtureSecret}, kNow + seconds(301)), V::kExpired);
  EXPECT_EQ(verify(delivery, {kFixtureSecret}, kNow - seconds(301)), V::kExpired);
  // Only who has the secret is told that it is too late.
  EXPECT_EQ(verify(delivery, {"another"}, kNow + seconds(301)), V::kWrong);

  WebhookDelivery stripped = delivery;
  stripped.headers.erase("x-maand-timestamp");
  EXPECT_EQ(verify(stripped, {kFixtureSecret}), V::kWrong);
  for (const char* stamp : {"1764086464", "", "-1", "1764086463 ", "99999999999999999999", "253402300800"}) {
    WebhookDelivery changed = stripped;
    changed.headers.emplace("x-maand-timestamp", stamp);
    EXPECT_EQ(verify(changed, {kFixtureSecret}), V::kWrong) << stamp;
  }
  // A body that was signed without one does not become good with one.
  WebhookDelivery added = fixture_delivery("generic_push");
  added.headers.emplace("x-maand-timestamp", "1764086463");
  EXPECT_EQ(verify(added, {kFixtureSecret}), V::kWrong);
}

TEST(WebhookSecrets, AreOneALineWithoutBlankOnesAndComments) {
  const struct {
    const char* text;
    Secrets secrets;
    std::size_t problems;
  } table[] = {
      {"", {}, 0},
      {"\n \n# only a comment\n", {}, 0},
      {"0123456789abcdef", {"0123456789abcdef"}, 0},
      {"# the new one\n0123456789abcdef\r\n\n  fedcba9876543210\t\n",
       {"0123456789abcdef", "fedcba9876543210"},
       0},
      {"with spaces in the middle", {"with spaces in the middle"}, 0},
      {"ends#with a hash sign", {"ends#with a hash sign"}, 0},
      {"short", {"short"}, 1},
  };
  for (const auto& row : table) {
    const WebhookSecrets found = parse_webhook_secrets(row.text);
    EXPECT_EQ(found.secrets, row.secrets) << row.text;
    EXPECT_EQ(found.problems.size(), row.problems) << row.text;
  }
}

TEST(WebhookSecrets, AreBounded) {
  std::string many;
  for (int i = 0; i < 40; ++i) many += "0123456789abcdef" + std::to_string(i) + "\n";
  EXPECT_EQ(parse_webhook_secrets(many).secrets.size(), kMaxWebhookSecrets);
  EXPECT_EQ(parse_webhook_secrets(many).problems.size(), 1u);
  EXPECT_TRUE(parse_webhook_secrets(std::string(kMaxWebhookSecretsBytes + 1, 'x')).secrets.empty());
}

}  // namespace
}  // namespace maand::testing
