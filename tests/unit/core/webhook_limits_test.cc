// No replays, and no source sends too much (R6.3); both remember a bounded number.
#include <gtest/gtest.h>

#include "reconciler/core/webhook/delivery_memory.h"
#include "reconciler/core/webhook/rate_limit.h"
#include "tests/support/webhook_delivery.h"

namespace maand::testing {
namespace {

using P = WebhookProvider;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Instant = DeliveryMemory::Instant;
constexpr Instant kStart{};

std::vector<DeliveryMark> marks(const WebhookDelivery& delivery, bool names_commit = true) {
  return delivery_marks(delivery.provider(), delivery.headers, delivery.body, names_commit);
}

TEST(DeliveryMemory, ADeliveryIsTakenOnce) {
  for (const char* name :
       {"github_push", "gitlab_push", "gitea_push", "forgejo_push", "gogs_push", "bitbucket_cloud_push",
        "bitbucket_server_push", "generic_push", "generic_push_timestamp"}) {
    DeliveryMemory memory;
    EXPECT_TRUE(memory.take(marks(fixture_delivery(name)), kStart)) << name;
    EXPECT_FALSE(memory.take(marks(fixture_delivery(name)), kStart + seconds(599))) << name;
  }
}

// The id is in a header, and no signature covers headers.
TEST(DeliveryMemory, AnotherIdDoesNotMakeACapturedDeliveryNew) {
  const struct {
    const char* fixture;
    const char* id;
    bool taken_again;
  } table[] = {
      {"github_push", "x-github-delivery", false},
      {"gogs_push", "x-gogs-delivery", false},
      {"bitbucket_cloud_push", "x-request-uuid", false},
      {"bitbucket_server_push", "x-request-id", false},
      // Who captured this one has the secret and can say anything; honest ones have equal bodies.
      {"gitlab_push", "idempotency-key", true},
  };
  for (const auto& row : table) {
    DeliveryMemory memory;
    WebhookDelivery delivery = fixture_delivery(row.fixture);
    ASSERT_TRUE(memory.take(marks(delivery), kStart));
    delivery.headers.find(row.id)->second = "another";
    EXPECT_EQ(memory.take(marks(delivery), kStart), row.taken_again) << row.fixture;
  }
}

TEST(DeliveryMemory, AnIdIsKeptADayAndASignedBodyTenMinutes) {
  DeliveryMemory memory;
  WebhookDelivery delivery = fixture_delivery("github_push");
  ASSERT_TRUE(memory.take(marks(delivery), kStart));
  // A branch that was forced there and back makes the same body again.
  delivery.headers.find("x-github-delivery")->second = "another";
  EXPECT_FALSE(memory.take(marks(delivery), kStart + seconds(599)));
  EXPECT_TRUE(memory.take(marks(delivery), kStart + seconds(600)));
  EXPECT_FALSE(memory.take(marks(fixture_delivery("github_push")), kStart + seconds(24 * 3600 - 1)));
  EXPECT_TRUE(memory.take(marks(fixture_delivery("github_push")), kStart + seconds(24 * 3600)));
}

TEST(DeliveryMemory, TheSameIdOfAnotherProviderIsAnother) {
  DeliveryMemory memory;
  const WebhookHeaders headers = {{"x-github-delivery", "1"}, {"x-gitea-delivery", "1"}};
  EXPECT_TRUE(memory.take(delivery_marks(P::kGithub, headers, "{}", true), kStart));
  EXPECT_TRUE(memory.take(delivery_marks(P::kGitea, headers, "{}", true), kStart));
}

// `{"ref": "main"}` is what a script sends each time: it must not be taken for a replay.
TEST(DeliveryMemory, AGenericDeliveryThatNamesNothingIsTakenEachTime) {
  DeliveryMemory memory;
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(memory.take(delivery_marks(P::kGeneric, {}, R"({"ref": "main"})", false), kStart));
  const WebhookHeaders stamped = {{"x-maand-timestamp", "1764086463"}};
  EXPECT_TRUE(memory.take(delivery_marks(P::kGeneric, stamped, R"({"ref": "main"})", false), kStart));
  EXPECT_FALSE(memory.take(delivery_marks(P::kGeneric, stamped, R"({"ref": "main"})", false), kStart));
}

TEST(DeliveryMemory, IsBoundedAndForgetsWhatWouldGoNext) {
  DeliveryMemory memory(3);
  const auto take = [&](const char* text, int at) {
    return memory.take({{sha256(text), seconds(100)}}, kStart + seconds(at));
  };
  EXPECT_TRUE(take("a", 0));
  EXPECT_TRUE(take("b", 1));
  EXPECT_TRUE(take("c", 2));
  EXPECT_TRUE(take("d", 3));
  EXPECT_EQ(memory.size(), 3u);
  EXPECT_FALSE(take("b", 4));
  EXPECT_TRUE(take("a", 4));
  EXPECT_FALSE(take("d", 102));
  EXPECT_TRUE(take("d", 103));
}

TEST(RateLimit, ABurstAndThenOneASecond) {
  RateLimit limit({.burst = 3, .per_second = 1});
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limit.take("a", kStart)) << i;
  EXPECT_EQ(limit.take("a", kStart), seconds(1));
  EXPECT_EQ(limit.take("a", kStart + milliseconds(999)), seconds(1));
  EXPECT_FALSE(limit.take("a", kStart + seconds(1)));
  EXPECT_TRUE(limit.take("a", kStart + seconds(1)));
  EXPECT_FALSE(limit.take("b", kStart + seconds(1))) << "one source does not pay for another";
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limit.take("a", kStart + seconds(1000)));
  EXPECT_TRUE(limit.take("a", kStart + seconds(1000))) << "a burst is the most that is saved";
}

TEST(RateLimit, WhatWasWrongCostsMoreAndMayBeOwed) {
  RateLimit limit({.burst = 30, .per_second = 1, .wrong_cost = 10});
  int answered = 0;
  while (!limit.take("a", kStart)) {
    limit.charge("a", kStart);
    ++answered;
  }
  EXPECT_EQ(answered, 3);
  EXPECT_EQ(limit.take("a", kStart), seconds(4)) << "33 of 30 were spent";
  EXPECT_FALSE(limit.take("a", kStart + seconds(4)));
  limit.charge("a", kStart + seconds(4));
  EXPECT_EQ(limit.take("a", kStart + seconds(4)), seconds(11));
  for (int i = 0; i < 100; ++i) limit.charge("a", kStart + seconds(4));
  EXPECT_EQ(limit.take("a", kStart + seconds(4)), seconds(31)) << "no more is owed than a burst";
}

TEST(RateLimit, TheTableIsBoundedAndTheIdleGoFirst) {
  RateLimit limit({.burst = 1, .per_second = 1, .most_sources = 100});
  EXPECT_FALSE(limit.take("busy", kStart));
  for (int i = 0; i < 1000; ++i) {
    limit.take("source " + std::to_string(i), kStart);
    EXPECT_TRUE(limit.take("busy", kStart)) << "was forgotten while it was busy";
  }
  EXPECT_EQ(limit.sources(), 100u);
}

}  // namespace
}  // namespace maand::testing
