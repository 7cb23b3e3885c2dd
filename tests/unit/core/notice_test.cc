// What is told to people, when, and how it looks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "reconciler/core/notice/bulletin.h"
#include "reconciler/core/notice/channels.h"
#include "reconciler/core/notice/mail_message.h"
#include "reconciler/core/webhook/signature.h"

namespace maand {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const WallTime kStart{std::chrono::seconds(1'700'000'000)};

// ---- what is not as it should be ----

std::vector<std::string> keys_of(const Facts& facts) {
  std::vector<std::string> out;
  for (const Trouble& trouble : troubles(facts))
    out.push_back(trouble.key + " " + trouble.state.substr(0, trouble.state.find(' ')) + " " +
                  to_string(trouble.urgency));
  return out;
}

TEST(Trouble, EachThingHasAKeyThatStaysAndAStateThatChanges) {
  PassStatus status;
  status.commit = CommitId("c1");
  status.state = PassState::kHeld;
  status.jobs = {{JobName("api"), true, Reason::kGateFailed, "w1 is not healthy"},
                 {JobName("db"), true, Reason::kSuspended, "by alice"},
                 {JobName("web"), false, Reason::kBlocked, "waits for db"}};
  const std::map<WorkerHost, Contact> set_aside = {
      {WorkerHost("w1"), {WorkerCondition::kUnreachable, ""}},
      {WorkerHost("w2"), {WorkerCondition::kHostKeyChanged, ""}}};
  AppliedState applied;
  for (const char* worker : {"w1", "w2"}) {
    for (const char* job : {"api", "web"}) {
      AppliedAllocation allocation;
      allocation.key = {JobName(job), WorkerHost(worker)};
      allocation.running = true;
      const bool ill = job == std::string("web") || worker == std::string("w1");
      allocation.health = ill ? Health::kUnhealthy : Health::kHealthy;
      applied.allocations[allocation.key] = allocation;
    }
  }
  const Facts facts{.source_state = "AuthFailed",
                    .status = &status,
                    .set_aside = &set_aside,
                    .applied = &applied,
                    .store_problem = "disk full",
                    .notes_problem = "protected ref"};
  EXPECT_THAT(keys_of(facts),
              ElementsAre("health/api Unhealthy warning", "health/web AllUnhealthy error",
                          "job/api GateFailed error", "job/db Suspended info", "job/web Blocked warning",
                          "notes NotPushed warning", "source AuthFailed error", "store NotWritable error",
                          "worker/w1 Unreachable warning", "worker/w2 HostKeyChanged error"));
}

TEST(Trouble, ARefusedCommitIsNewsOfItsOwnAndSaysNothingOfJobs) {
  PassStatus status;
  status.commit = CommitId("c1");
  status.state = PassState::kRefused;
  const Facts facts{.source_state = "Ready", .status = &status};
  EXPECT_THAT(keys_of(facts), ElementsAre("commit refused error"));
  const std::string first = troubles(facts)[0].state;
  status.commit = CommitId("c2");
  EXPECT_NE(troubles(facts)[0].state, first);
  EXPECT_FALSE(is_known(facts, "job/api"));
  EXPECT_FALSE(is_known(Facts{}, "commit")) << "before anything was judged";
  EXPECT_FALSE(is_known(Facts{}, "source"));
}

TEST(Trouble, AllIsWellIsNoTrouble) {
  PassStatus status;
  status.state = PassState::kApplied;
  for (const char* source : {"Ready", "WaitingForFirstCommit", "Unknown", ""})
    EXPECT_THAT(keys_of({.source_state = source, .status = &status}), IsEmpty()) << source;
}

// ---- what is news ----

class ToldTest : public ::testing::Test {
 protected:
  // `key state`, or nothing stands. Returns `key state` of what is news, `over key state` of ends.
  std::vector<std::string> look(std::chrono::seconds at, const std::vector<Trouble>& standing,
                                bool known = true) {
    std::vector<std::string> out;
    for (const Notice& notice : told_.update(
             standing, [&](std::string_view) { return known; }, kStart + at))
      out.push_back((notice.recovered ? "over " : "") + notice.key + " " + notice.state +
                    (notice.restless ? " restless" : ""));
    return out;
  }
  static Trouble trouble(const std::string& key, const std::string& state,
                         std::chrono::milliseconds patience = 0ms, const std::string& words = "words") {
    return {.key = key, .state = state, .title = words, .patience = patience};
  }
  Told told_;
};

TEST_F(ToldTest, TheSameStateIsToldOnceWhateverItsWords) {
  EXPECT_THAT(look(0s, {trouble("job/api", "GateFailed")}), ElementsAre("job/api GateFailed"));
  EXPECT_THAT(look(60s, {trouble("job/api", "GateFailed", 0ms, "other words")}), IsEmpty());
  EXPECT_THAT(look(120s, {trouble("job/api", "TargetFailed")}), ElementsAre("job/api TargetFailed"));
  EXPECT_THAT(look(180s, {}), ElementsAre("over job/api TargetFailed"));
  EXPECT_THAT(look(240s, {}), IsEmpty());
}

TEST_F(ToldTest, WhatPassesInItsPatienceIsNeverTold) {
  const Trouble away = trouble("worker/w1", "Unreachable", 5min);
  EXPECT_THAT(look(0s, {away}), IsEmpty());
  EXPECT_EQ(told_.wake_at(), kStart + 5min);
  EXPECT_THAT(look(299s, {}), IsEmpty());
  EXPECT_EQ(told_.wake_at(), std::nullopt);
  EXPECT_THAT(look(300s, {away}), IsEmpty()) << "it begins anew";
  EXPECT_THAT(look(600s, {away}), ElementsAre("worker/w1 Unreachable"));
}

TEST_F(ToldTest, WhatIsNotKnownIsNeitherOverNorNew) {
  look(0s, {trouble("job/api", "GateFailed")});
  EXPECT_THAT(look(60s, {}, false), IsEmpty());
  EXPECT_THAT(look(120s, {trouble("job/api", "GateFailed")}), IsEmpty());
  EXPECT_THAT(look(180s, {}), ElementsAre("over job/api GateFailed"));
}

TEST_F(ToldTest, ARestartNeitherRepeatsNorForgets) {
  const Trouble away = trouble("worker/w1", "Unreachable", 5min);
  look(0s, {trouble("job/api", "GateFailed"), away});
  told_ = Told::from_json(told_.to_json());
  EXPECT_THAT(look(60s, {trouble("job/api", "GateFailed"), away}), IsEmpty());
  EXPECT_THAT(look(300s, {away}), ElementsAre("over job/api GateFailed", "worker/w1 Unreachable"));
  for (const char* text : {"", "{", "[1]", R"({"a": 1})", R"({"a": {"state": 1}})"})
    EXPECT_EQ(Told::from_json(text).to_json(), "{}") << text;
}

TEST_F(ToldTest, WhatChangesAllTheTimeIsToldToBeRestlessAndThenWhenItIsQuiet) {
  std::vector<std::string> all;
  for (int i = 0; i < 40; ++i) {
    const auto news = look(
        i * 30s, i % 2 == 0 ? std::vector<Trouble>{trouble("source", "NotFound")} : std::vector<Trouble>{});
    all.insert(all.end(), news.begin(), news.end());
  }
  ASSERT_EQ(all.size(), Told::kMostChanges);
  EXPECT_EQ(all.back(), "over source NotFound restless");
  EXPECT_THAT(look(20min, {trouble("source", "NotFound")}), IsEmpty());
  EXPECT_EQ(told_.wake_at(), kStart + 35min);
  EXPECT_THAT(look(35min, {trouble("source", "NotFound")}), ElementsAre("source NotFound"));
}

TEST_F(ToldTest, AClockThatIsSetBackHoldsNothingUpForLong) {
  const Trouble away = trouble("worker/w1", "Unreachable", 5min);
  look(1h, {away});
  EXPECT_THAT(look(0s, {away}), IsEmpty());
  EXPECT_THAT(look(5min, {away}), ElementsAre("worker/w1 Unreachable"));
}

// ---- one message ----

Bulletin bulletin() {
  PassStatus status;
  status.commit = CommitId("0123456789abcdef0123");
  status.state = PassState::kHeld;
  status.cause = "commit";
  for (int i = 0; i < 3; ++i) {
    AllocationStatus line;
    line.key = {JobName("web"), WorkerHost("w" + std::to_string(i))};
    line.action = Action::kRestart;
    line.current_version = "1.0.0";
    line.new_version = "1.1.0";
    line.outcome = i < 2 ? "succeeded" : "failed";
    line.detail = i < 2 ? "" : "exit status 2 & <b>";
    status.allocations.push_back(line);
  }
  status.jobs = {{JobName("web"), true, Reason::kTargetFailed, "restart failed on w2"}};
  Bulletin out;
  out.at = kStart;
  out.bucket_id = "b-1";
  out.bucket_name = "prod";
  out.link = "https://maand.example/";
  out.rollout = news_of(status);
  Notice notice;
  notice.key = "job/web";
  notice.state = "TargetFailed";
  notice.urgency = Urgency::kError;
  notice.title = "job web is held: TargetFailed";
  notice.sentences = {"<!channel> @here look at web@w2"};
  notice.since = kStart;
  notice.jobs = {"web"};
  notice.allocations = {"web@w2"};
  out.notices = {notice};
  out.id = id_of(out);
  return out;
}

TEST(Bulletin, ARolloutIsOneDigestAndNotALineForEachAllocation) {
  const Bulletin all = bulletin();
  EXPECT_THAT(all.rollout->done, ElementsAre("web 1.0.0 → 1.1.0: restart on 2 workers"));
  EXPECT_THAT(all.rollout->failed, ElementsAre("web@w2: exit status 2 & <b>"));
  EXPECT_THAT(all.rollout->held, ElementsAre("web TargetFailed: restart failed on w2"));
  EXPECT_EQ(severity_of(all), "error");
  EXPECT_THAT(title_of(all), HasSubstr("maand prod: 0123456789ab held · "));
}

TEST(Bulletin, ItsJsonComesBackAsItWas) {
  const Bulletin all = bulletin();
  const std::string json = to_json(all);
  const auto again = bulletin_from(json);
  ASSERT_TRUE(again);
  EXPECT_EQ(to_json(*again), json);
  EXPECT_EQ(Json::parse(json).at("schema"), 1);
  for (const char* bad : {"", "{}", "[]", R"({"schema": 2})", R"({"schema": "1"})"})
    EXPECT_FALSE(bulletin_from(bad)) << bad;
}

TEST(Bulletin, WhoWantsOnlyErrorsIsToldTheirEndsAsWell) {
  Notice warning, over;
  warning.urgency = Urgency::kWarning;
  over.urgency = Urgency::kError;
  over.recovered = true;
  Bulletin all;
  all.notices = {warning, over};
  const auto errors = for_least(all, Urgency::kError);
  ASSERT_TRUE(errors);
  EXPECT_EQ(errors->notices.size(), 1u);
  EXPECT_EQ(severity_of(*errors), "recovered");
  all.notices = {warning};
  EXPECT_FALSE(for_least(all, Urgency::kError));
  Bulletin good;
  good.rollout = RolloutNews{.state = "applied"};
  EXPECT_FALSE(for_least(good, Urgency::kWarning));
  EXPECT_TRUE(for_least(good, Urgency::kInfo));
}

TEST(Bulletin, ListsAreCutAndSayIt) {
  Bulletin all = bulletin();
  all.notices[0].allocations.assign(1000, "web@w");
  all.notices.assign(100, all.notices[0]);
  const Json json = Json::parse(to_json(all));
  EXPECT_EQ(json.at("notices").size(), 50u);
  EXPECT_EQ(json.at("more_notices"), 50);
  EXPECT_EQ(json.at("notices")[0].at("allocations").back(), "and 980 more");
}

// ---- as chat, programs and mail want it ----

TEST(NoticeChannels, ChatGetsTextAndNoMentionsLinksOrEntities) {
  const Json message = Json::parse(slack_text(bulletin()));
  const std::string all = message.dump();
  EXPECT_THAT(message.at("text").get<std::string>(), HasSubstr(":red_circle: maand prod: "));
  EXPECT_THAT(message.at("text").get<std::string>(), HasSubstr(" <https://maand.example/|dashboard>"));
  EXPECT_THAT(all, HasSubstr("exit status 2 &amp; &lt;b&gt;"));
  EXPECT_THAT(all, HasSubstr("&lt;!channel&gt; @\u200Bhere look at web@w2"));
  EXPECT_THAT(all, Not(HasSubstr("<!channel>")));
}

TEST(NoticeChannels, ChatIsBoundedWhateverThereIsToTell) {
  Bulletin all = bulletin();
  all.notices[0].sentences.assign(500, std::string(300, '&'));
  all.notices.assign(100, all.notices[0]);
  EXPECT_LT(slack_text(all).size(), 40'000u);
  EXPECT_TRUE(Json::accept(slack_text(all)));
}

TEST(NoticeChannels, TheWebhookIsSignedOverTimeAndBody) {
  const auto channel = webhook_channel("https://x/hook", "key", "");
  const std::string json = to_json(bulletin());
  const auto parcel = channel->make({.json = json}, kStart + 90s);
  ASSERT_TRUE(parcel);
  const auto& request = std::get<OutboundRequest>(*parcel);
  std::map<std::string, std::string> headers(request.headers.begin(), request.headers.end());
  EXPECT_EQ(request.body, json);
  EXPECT_EQ(headers["X-Maand-Timestamp"], "1700000090");
  EXPECT_EQ(headers["X-Maand-Signature"], "sha256=" + hmac_sha256("key", "1700000090." + json).hex());
  EXPECT_EQ(headers["X-Maand-Delivery"], bulletin().id);
  EXPECT_FALSE(channel->make({.json = "{}"}, kStart));
}

TEST(NoticeChannels, TheSecretOfChatIsTakenOutOfWhatComesBack) {
  const auto parcel = slack_channel("https://hooks.example/services/T0/B0/abc", "")
                          ->make({.json = to_json(bulletin())}, kStart);
  const auto& secrets = std::get<OutboundRequest>(*parcel).secrets;
  EXPECT_EQ(without_secrets("POST /services/T0/B0/abc: no", secrets), "POST <secret>: no");
}

TEST(MailMessage, NothingInItBecomesAHeader) {
  const std::string mail = rfc5322({.from = "a@x.example",
                                    .to = {"b@y", "c@z"},
                                    .subject = "ä\r\nBcc: d@e",
                                    .body = "x = 1 \n" + std::string(200, 'y') + "\nä",
                                    .id = "i>d\r\n1",
                                    .date = kStart});
  EXPECT_THAT(mail, HasSubstr("To: b@y,\r\n c@z\r\n"));
  EXPECT_THAT(mail, HasSubstr("Message-ID: <id1@x.example>\r\n"));
  EXPECT_THAT(mail, HasSubstr("Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"));
  EXPECT_THAT(mail, HasSubstr("Subject: =?UTF-8?B?"));
  EXPECT_THAT(mail, Not(HasSubstr("\r\nBcc")));
  EXPECT_THAT(mail, HasSubstr("\r\n\r\nx =3D 1=20\r\n"));
  EXPECT_THAT(mail, HasSubstr("\r\n=C3=A4\r\n"));
  std::size_t from = 0;
  for (std::size_t end; (end = mail.find("\r\n", from)) != std::string::npos; from = end + 2)
    EXPECT_LE(end - from, 78u);
  EXPECT_EQ(mail.find('\n', 0), mail.find("\r\n") + 1);
}

}  // namespace
}  // namespace maand
