// How letters of the outbox become requests to a git host, and its answers verdicts of the outbox.
#include "reconciler/core/forge/channel.h"

#include <gtest/gtest.h>

#include "reconciler/core/forge/description.h"

namespace maand::testing {
namespace {

using std::chrono::seconds;

const CommitId kCommit("0123456789abcdef0123456789abcdef01234567");
const ForgeRepository kGithub{ForgeProvider::kGithub, "https://api.github.com", "acme/fleet"};

ForgeStatus status(PassState state) { return {kCommit, state, "maand/prod", "words", "https://x", "main"}; }

Delivery deliver(const Letter& letter, const std::vector<Reply>& replies,
                 std::vector<OutboundRequest>* sent = {}, const std::string& token = "secret-token") {
  const ForgeChannel channel(
      kGithub, [&] { return token; }, "/etc/ca.pem");
  std::size_t next = 0;
  return channel.deliver(letter, WallTime{}, [&](const Parcel& parcel) {
    if (sent) sent->push_back(std::get<OutboundRequest>(parcel));
    return next < replies.size() ? replies[next++] : Reply{};
  });
}

TEST(ForgeLetter, ReadsBackWhatItWasMadeOf) {
  const Letter letter = make_letter("github", status(PassState::kHeld), WallTime(seconds(5)));
  EXPECT_EQ(letter.channel, "github");
  EXPECT_EQ(letter.created_at, WallTime(seconds(5)));
  const auto read = read_letter(letter.json);
  ASSERT_TRUE(read);
  const auto& back = std::get<ForgeStatus>(*read);
  EXPECT_EQ(back.commit, kCommit);
  EXPECT_EQ(back.state, PassState::kHeld);
  EXPECT_EQ(back.context + back.description + back.target_url + back.branch, "maand/prodwordshttps://xmain");

  const auto comment = read_letter(make_letter("github", ForgeComment{7, "bucket", "# Plan"}, {}).json);
  ASSERT_TRUE(comment);
  EXPECT_EQ(std::get<ForgeComment>(*comment).change, 7u);
  EXPECT_EQ(std::get<ForgeComment>(*comment).owner + std::get<ForgeComment>(*comment).markdown,
            "bucket# Plan");
}

TEST(ForgeLetter, ANewerStateTakesThePlaceOfAnUnsentOlderOneOfTheSameContext) {
  const auto subject = [](const ForgeStatus& one) { return make_letter("github", one, {}).subject; };
  EXPECT_EQ(subject(status(PassState::kPending)), subject(status(PassState::kApplied)));
  ForgeStatus other = status(PassState::kApplied);
  other.context = "maand/prod/preview";
  EXPECT_NE(subject(other), subject(status(PassState::kApplied)));
  EXPECT_NE(make_letter("github", ForgeComment{7, "b", ""}, {}).subject,
            make_letter("github", ForgeComment{8, "b", ""}, {}).subject);
}

TEST(ForgeLetter, OfAnythingElseIsNone) {
  for (
      const char* json :
      {"", "[]", "{}", R"({"kind":"status"})", R"({"kind":"comment","change":0})",
       R"({"kind":"comment","change":-1})",
       R"({"kind":"status","commit":"../x","state":"applied","context":"c"})",
       R"({"kind":"status","commit":"0123456789abcdef0123456789abcdef01234567","state":"fine","context":"c"})"})
    EXPECT_FALSE(read_letter(json)) << json;
}

TEST(ForgeChannel, SendsAStatusWithTheTokenAsOfNow) {
  std::vector<OutboundRequest> sent;
  const Delivery delivery =
      deliver(make_letter("github", status(PassState::kApplied), {}),
              {Reply{.status = 201, .body = R"({"state":"success"})"}}, &sent, "user:pass-word");
  EXPECT_EQ(delivery.judgement.verdict, Verdict::kDelivered);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].url, "https://api.github.com/repos/acme/fleet/statuses/" + kCommit.str());
  EXPECT_EQ(sent[0].ca_file, "/etc/ca.pem");
  EXPECT_EQ(sent[0].secrets, (std::vector<std::string>{"user:pass-word", "pass-word"}));
}

TEST(ForgeChannel, ACommentTakesAsManyRequestsAsItNeeds) {
  std::vector<OutboundRequest> sent;
  const Delivery delivery =
      deliver(make_letter("github", ForgeComment{7, "b", "# Plan"}, {}),
              {Reply{.status = 200, .body = "[]"}, Reply{.status = 201, .body = R"({"id":1})"}}, &sent);
  EXPECT_EQ(delivery.judgement.verdict, Verdict::kDelivered) << delivery.judgement.problem;
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].method + " " + sent[1].method, "GET POST");
  EXPECT_GT(sent[0].most_answer_bytes, sent[1].most_answer_bytes);
}

TEST(ForgeChannel, WhatWasNotTakenIsKeptUnlessItWouldBeRefusedAgain) {
  const Letter letter = make_letter("github", status(PassState::kApplied), {});
  const struct {
    Reply reply;
    Verdict verdict;
    const char* said;
    int asked;  // seconds; 0: as the outbox sees fit
  } table[] = {
      {{.status = 401, .body = R"({"message":"Bad credentials"})"}, Verdict::kLater, "Bad credentials", 0},
      {{.status = 404}, Verdict::kLater, "no such repository", 0},
      {{.status = 422}, Verdict::kRefused, "will not take it", 0},
      {{.status = 500}, Verdict::kLater, "answered 500", 0},
      {{.status = 429, .headers = {{"retry-after", "9"}}}, Verdict::kLater, "limit", 9},
      {{.status = 0, .problem = "could not connect"},
       Verdict::kLater,
       "GitHub gave no answer: could not connect",
       0},
      {{.status = 0, .problem = "a header is bad", .hopeless = true},
       Verdict::kRefused,
       "a header is bad",
       0},
  };
  for (const auto& row : table) {
    const Delivery delivery = deliver(letter, {row.reply});
    EXPECT_EQ(delivery.judgement.verdict, row.verdict) << row.reply.status;
    EXPECT_NE(delivery.judgement.problem.find(row.said), std::string::npos) << delivery.judgement.problem;
    EXPECT_EQ(delivery.asked.value_or(seconds(0)), seconds(row.asked));
    EXPECT_FALSE(delivery.unreadable);
  }
}

TEST(ForgeChannel, WithoutATokenNothingIsSentAndALetterOfAnotherKindIsDropped) {
  std::vector<OutboundRequest> sent;
  const Delivery none = deliver(make_letter("github", status(PassState::kApplied), {}), {}, &sent, "");
  EXPECT_EQ(none.judgement.verdict, Verdict::kLater);
  EXPECT_NE(none.judgement.problem.find("commit_status_token_file"), std::string::npos);
  EXPECT_TRUE(deliver({.channel = "github", .json = "{}"}, {}, &sent).unreadable);
  EXPECT_TRUE(sent.empty());
}

TEST(Description, SaysWhatHasToBeKnown) {
  PassStatus now;
  now.commit = kCommit;
  now.jobs = {{JobName("api"), true, Reason::kGateFailed, ""}, {JobName("db"), true, Reason::kBlocked, ""}};
  now.diagnostics = {{Severity::kWarning, "a.json", "", "odd", ""},
                     {Severity::kError, "workers.json", "[0]", "has no host", ""}};
  const CommitId head("fedcba98765432100123456789abcdef01234567");
  const auto record = [](const char* state, const char* summary) {
    PassRecord out;
    out.commit = kCommit;
    out.state = state;
    out.summary = summary;
    return out;
  };
  const struct {
    const char* state;
    const PassStatus* now;
    const char* expected;
  } table[] = {
      {"applied", &now, "applied: 2 restarted"},
      {"held", &now, "held: job api is held, GateFailed (and 1 more); 2 restarted"},
      {"held", nullptr, "held: 2 restarted"},
      {"degraded", &now, "degraded: 2 restarted"},
      {"refused", &now, "refused: workers.json: [0]: has no host"},
      {"superseded", nullptr, "superseded by fedcba987654; 2 restarted"},
  };
  for (const auto& row : table)
    EXPECT_EQ(describe_state(record(row.state, "2 restarted"), row.now, head), row.expected);
}

}  // namespace
}  // namespace maand::testing
