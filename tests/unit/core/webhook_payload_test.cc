// What the payload of every provider says, from fixtures in their documented formats.
#include "reconciler/core/webhook/payload.h"

#include <gtest/gtest.h>

#include "reconciler/core/text.h"
#include "reconciler/core/webhook/form.h"
#include "tests/support/webhook_delivery.h"

namespace maand::testing {
namespace {

using Kind = WebhookPayload::Kind;
using P = WebhookProvider;

constexpr const char* kMain = "refs/heads/main";
const CommitId kAt(kFixtureCommit);

WebhookPayload read(const std::string& fixture) {
  const WebhookDelivery delivery = fixture_delivery(fixture);
  return read_webhook(delivery.provider(), delivery.headers, delivery.body);
}

TEST(WebhookPayload, OfEveryProviderSaysWhereOurRefIs) {
  const struct {
    const char* fixture;
    Kind kind;
    std::size_t moves;
    bool ours;  // a move of refs/heads/main to the commit of the fixtures
  } table[] = {
      {"github_push", Kind::kPush, 1, true},
      {"github_push_form", Kind::kPush, 1, true},
      {"github_branch_deleted", Kind::kPush, 1, false},
      {"github_tag", Kind::kPush, 1, false},
      {"github_ping", Kind::kPing, 0, false},
      {"github_issue", Kind::kOtherEvent, 0, false},
      {"gitlab_push", Kind::kPush, 1, true},
      {"gitlab_system_push", Kind::kPush, 1, true},
      {"gitlab_branch_deleted", Kind::kPush, 1, false},
      {"gitlab_tag", Kind::kOtherEvent, 0, false},
      {"gitlab_merge_request", Kind::kOtherEvent, 0, false},
      {"gitea_push", Kind::kPush, 1, true},
      {"gitea_delete", Kind::kOtherEvent, 0, false},
      {"forgejo_push", Kind::kPush, 1, true},
      {"gogs_push", Kind::kPush, 1, true},
      {"bitbucket_cloud_push", Kind::kPush, 3, true},
      {"bitbucket_cloud_branch_deleted", Kind::kPush, 1, false},
      {"bitbucket_server_push", Kind::kPush, 2, true},
      {"bitbucket_server_branch_deleted", Kind::kPush, 1, false},
      {"bitbucket_server_ping", Kind::kPing, 0, false},
      {"generic_push", Kind::kPush, 1, true},
  };
  for (const auto& row : table) {
    const WebhookPayload payload = read(row.fixture);
    EXPECT_EQ(payload.kind, row.kind) << row.fixture << payload.problem;
    EXPECT_EQ(payload.moves.size(), row.moves) << row.fixture;
    const auto move = move_of(payload, kMain);
    EXPECT_EQ(move.has_value(), row.ours) << row.fixture;
    EXPECT_EQ(move.value_or(RefMove{}).commit, row.ours ? kAt : CommitId()) << row.fixture;
    EXPECT_FALSE(move_of(payload, "refs/heads/production")) << row.fixture;
  }
}

TEST(WebhookPayload, APushOfSeveralRefsListsThemAll) {
  const WebhookPayload cloud = read("bitbucket_cloud_push");
  const CommitId other(std::string(40, 'a'));
  EXPECT_EQ(cloud.moves,
            (std::vector<RefMove>{
                {"refs/heads/other", other, false}, {kMain, kAt, false}, {"refs/tags/main", other, false}}));
  const WebhookPayload server = read("bitbucket_server_push");
  EXPECT_EQ(server.moves, (std::vector<RefMove>{{"refs/tags/v1.1.0", other, false}, {kMain, kAt, false}}));
}

TEST(WebhookPayload, AGenericOneNeedsARefAndMayNameItsCommit) {
  const std::string id = kFixtureCommit;
  const struct {
    std::string body;
    std::optional<RefMove> move;  // nullopt: malformed
  } table[] = {
      {R"({"ref": "main"})", RefMove{kMain, {}, false}},
      {R"({"ref": "refs/heads/main"})", RefMove{kMain, {}, false}},
      {R"({"ref": "refs/tags/main"})", RefMove{"refs/tags/main", {}, false}},
      {R"({"ref": "main", "commit": null})", RefMove{kMain, {}, false}},
      {R"({"ref": "main", "commit": ")" + id + R"(", "more": [1, {}]})", RefMove{kMain, kAt, false}},
      {R"({"ref": "main", "commit": "B5C1F9A0C3F2D4E5A6B7C8D9E0F1A2B3C4D5E6F7"})",
       RefMove{kMain, kAt, false}},
      {R"({"ref": "main", "commit": "0000000000000000000000000000000000000000"})", RefMove{kMain, {}, true}},
      {R"({"ref": "main", "commit": "b5c1f9a"})", std::nullopt},
      {R"({"ref": "main", "commit": 7})", std::nullopt},
      {R"({"commit": ")" + id + R"("})", std::nullopt},
      {R"({"ref": ""})", std::nullopt},
      {R"({"ref": ["main"]})", std::nullopt},
      {R"(["main"])", std::nullopt},
      {R"({"ref": "main"} and more)", std::nullopt},
      {"ref=main", std::nullopt},
      {"", std::nullopt},
      {"\xff\xfe", std::nullopt},
  };
  for (const auto& row : table) {
    const WebhookPayload payload = read_webhook(P::kGeneric, {}, row.body);
    if (row.move) {
      ASSERT_EQ(payload.kind, Kind::kPush) << row.body << payload.problem;
      EXPECT_EQ(payload.moves, std::vector{*row.move}) << row.body;
    } else {
      EXPECT_EQ(payload.kind, Kind::kMalformed) << row.body;
      EXPECT_FALSE(payload.problem.empty()) << row.body;
    }
  }
}

TEST(WebhookPayload, APushWithoutWhatMakesItOneIsMalformed) {
  const WebhookHeaders github = {{"x-github-event", "push"}};
  const WebhookHeaders cloud = {{"x-event-key", "repo:push"}};
  const WebhookHeaders server = {{"x-event-key", "repo:refs_changed"}};
  const struct {
    P provider;
    WebhookHeaders headers;
    const char* body;
  } table[] = {
      {P::kGithub, github, "{}"},
      {P::kGithub, github, R"({"ref": "refs/heads/main"})"},
      {P::kGithub, github, R"({"ref": "refs/heads/main", "after": "main"})"},
      {P::kGithub, github, R"({"ref": 1, "after": "b5c1f9a0c3f2d4e5a6b7c8d9e0f1a2b3c4d5e6f7"})"},
      {P::kBitbucket, cloud, "{}"},
      {P::kBitbucket, cloud, R"({"push": {"changes": {}}})"},
      {P::kBitbucket, cloud,
       R"({"push": {"changes": [1, null, {"new": {"type": "branch", "name": "main"}}]}})"},
      {P::kBitbucket, server, R"({"changes": [{"refId": "refs/heads/main"}]})"},
  };
  for (const auto& row : table)
    EXPECT_EQ(read_webhook(row.provider, row.headers, row.body).kind, Kind::kMalformed) << row.body;
}

TEST(WebhookPayload, OfSeveralMovesOfOneRefTheLastCounts) {
  WebhookPayload payload{
      Kind::kPush, {{kMain, CommitId(std::string(40, 'a')), false}, {kMain, kAt, false}}, ""};
  EXPECT_EQ(move_of(payload, kMain)->commit, kAt);
  payload.moves.push_back({kMain, {}, true});
  EXPECT_FALSE(move_of(payload, kMain));
}

TEST(WebhookPayload, DeepAndWideOnesAreReadWithoutHarm) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_EQ(read_webhook(P::kGeneric, {}, deep).kind, Kind::kMalformed);
  std::string changes;
  for (std::size_t i = 0; i < 3 * kMaxRefMoves; ++i)
    changes += R"({"refId": "refs/heads/b", "toHash": "b5c1f9a0c3f2d4e5a6b7c8d9e0f1a2b3c4d5e6f7"},)";
  const std::string wide = R"({"changes": [)" + changes + "{}]}";
  EXPECT_EQ(read_webhook(P::kBitbucket, {{"x-event-key", "repo:refs_changed"}}, wide).moves.size(),
            kMaxRefMoves);
}

TEST(WebhookPayload, OnlyBitbucketsConnectionTestMayBeUnsigned) {
  const WebhookDelivery ping = fixture_delivery("bitbucket_server_ping");
  EXPECT_TRUE(is_unsigned_ping(P::kBitbucket, ping.headers));
  EXPECT_FALSE(is_unsigned_ping(P::kGithub, ping.headers));
  EXPECT_FALSE(is_unsigned_ping(P::kGithub, {{"x-github-event", "ping"}}));
  EXPECT_FALSE(is_unsigned_ping(P::kBitbucket, {{"x-event-key", "repo:push"}}));
  EXPECT_FALSE(is_unsigned_ping(P::kBitbucket,
                                {{"x-event-key", "diagnostics:ping"}, {"x-hub-signature", "sha256=00"}}));
}

TEST(FormField, IsDecoded) {
  const struct {
    const char* form;
    std::optional<std::string> value;
  } table[] = {
      {"payload=%7B%22a%22%3A1%7D", "{\"a\":1}"},
      {"x=1&payload=a+b&payload=c", "a b"},
      {"payload=", ""},
      {"p%61yload=1", "1"},
      {"payload=100%&x", "100%"},
      {"payload=%4", "%4"},
      {"payload=%zz%41", "%zzA"},
      {"payload", std::nullopt},
      {"&&=&payloads=1", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& row : table) EXPECT_EQ(form_field(row.form, "payload"), row.value) << row.form;
}

}  // namespace
}  // namespace maand::testing
