// What becomes of a letter until somebody has taken it.
#include "reconciler/app/outbox.h"

#include <gtest/gtest.h>

#include "tests/support/fake_courier.h"
#include "tests/support/fake_store.h"
#include "tests/support/loop_world.h"

namespace maand::testing {
namespace {

using namespace std::chrono_literals;

class SetClock : public Clock {
 public:
  Instant now() const override { return time; }
  WallTime wall() const override {
    return day + std::chrono::duration_cast<WallTime::duration>(time - start_);
  }
  Instant time = std::chrono::steady_clock::now();
  WallTime day{std::chrono::seconds(1'700'000'000)};

 private:
  const Instant start_ = time;
};

class PlainChannel : public Channel {
 public:
  explicit PlainChannel(std::string name) : name_(std::move(name)) {}
  const std::string& name() const override { return name_; }
  std::optional<Parcel> make(const Letter& letter, WallTime) const override {
    if (letter.json == "unreadable") return std::nullopt;
    return OutboundRequest{.url = "https://x/" + letter.subject, .body = letter.json};
  }

 private:
  const std::string name_;
};

class OutboxTest : public ::testing::Test {
 protected:
  OutboxTest() { start({"slack"}); }
  void start(const std::vector<std::string>& names) {
    outbox.reset();
    Outbox::Channels channels;
    for (const std::string& name : names) channels.push_back(std::make_shared<PlainChannel>(name));
    outbox =
        std::make_unique<Outbox>(Outbox::Deps{inbox, store, courier, clock, observer}, channels, nullptr);
    outbox->begin();
  }
  void put(const std::string& subject, const std::string& json = "{}", const std::string& channel = "slack") {
    outbox->put({.channel = channel, .subject = subject, .json = json, .created_at = clock.wall()});
  }
  // Every delivery that is due has come back.
  void settle() { outbox->drain(Instant::max()); }
  // Time goes on and what is due then goes out.
  void later(std::chrono::milliseconds span) {
    clock.time += span;
    outbox->look();  // wake-ups come by the real clock
    serve();
  }
  // Until nothing is on its way.
  void serve() {
    while (outbox->sending()) inbox.serve(std::chrono::steady_clock::now() + 1s);
  }
  std::vector<std::string> sent() const {
    std::vector<std::string> out;
    for (const Parcel& parcel : courier.sent())
      out.push_back(std::get<OutboundRequest>(parcel).url.substr(10));
    return out;
  }
  ChannelStatus status(std::size_t i = 0) const { return outbox->channels().at(i); }

  FakeStore store;
  FakeCourier courier;
  SetClock clock;
  RecordingObserver observer;
  Inbox inbox;
  std::unique_ptr<Outbox> outbox;
};

using Names = std::vector<std::string>;

TEST_F(OutboxTest, LettersGoOutInTheirOrderAndLeaveTheStoreOnceDelivered) {
  for (const char* subject : {"a", "b", "c"}) put(subject);
  EXPECT_EQ(store.pending_letters().size(), 3u) << "kept before anybody is told";
  settle();
  EXPECT_EQ(sent(), (Names{"a", "b", "c"}));
  EXPECT_TRUE(store.pending_letters().empty());
  EXPECT_EQ(status().delivered, 3u);
  EXPECT_EQ(observer.events.size(), 0u) << "a delivery is no news";
}

TEST_F(OutboxTest, ANewerLetterTakesThePlaceOfAnUnsentOneOfItsSubject) {
  courier.hold();
  put("a", "1");
  put("b", "old");
  put("b", "new");
  put("a", "2");  // `a` is on its way: that one cannot be taken back
  courier.release();
  settle();
  ASSERT_EQ(sent(), (Names{"a", "b", "a"}));
  EXPECT_EQ(std::get<OutboundRequest>(courier.sent()[1]).body, "new");
  EXPECT_EQ(std::get<OutboundRequest>(courier.sent()[2]).body, "2");
  EXPECT_TRUE(store.pending_letters().empty());
}

TEST_F(OutboxTest, AnEndpointThatDoesNotAnswerKeepsItsLettersAndTheirOrder) {
  courier.otherwise({.problem = "connection refused"});
  put("a");
  put("b");
  serve();
  EXPECT_EQ(sent(), (Names{"a"}));
  EXPECT_EQ(status().problem, "connection refused");
  EXPECT_EQ(observer.count(EventKind::kOutboundProblem), 1u);
  for (int i = 0; i < 3; ++i) later(10min);
  EXPECT_EQ(sent(), (Names{"a", "a", "a", "a"}));
  EXPECT_EQ(observer.count(EventKind::kOutboundProblem), 1u) << "told once";
  EXPECT_EQ(store.pending_letters().size(), 2u);
  courier.otherwise({.status = 200});
  later(10min);
  EXPECT_EQ(sent(), (Names{"a", "a", "a", "a", "a", "b"}));
  EXPECT_EQ(observer.count(EventKind::kOutboundRecovered), 1u);
  EXPECT_EQ(status().problem, "");
}

TEST_F(OutboxTest, NothingIsSentBeforeTheServiceWantsToBeAskedAgain) {
  courier.answer({.status = 429, .retry_after = 120s});
  put("a");
  serve();
  later(119s);
  EXPECT_EQ(sent(), (Names{"a"}));
  later(2s);
  EXPECT_EQ(sent(), (Names{"a", "a"}));
}

TEST_F(OutboxTest, ALetterThatNobodyAnswersLetsTheOthersPassAfterAWhile) {
  put("a");
  courier.otherwise({.status = 500});
  serve();
  for (int i = 0; i < Outbox::kGivesWayAfter; ++i) later(10min);
  courier.otherwise({.status = 200});
  put("b");
  later(10min);
  EXPECT_EQ(sent().back(), "b");
  later(1h);
  EXPECT_EQ(sent().back(), "a");
}

TEST_F(OutboxTest, ARefusalIsToldHoldsUpNobodyElseAndEndsInTheLetterBeingDropped) {
  courier.answer({.status = 403, .body = "invalid_token"});
  put("a");
  put("b");
  settle();
  EXPECT_EQ(sent(), (Names{"a", "b"}));
  EXPECT_EQ(store.pending_letters().size(), 1u);
  courier.otherwise({.status = 403, .body = "invalid_token"});
  for (int i = 0; i < 20; ++i) later(10min);
  EXPECT_EQ(sent().size(), 1u + Outbox::kMostRefusals);
  EXPECT_TRUE(store.pending_letters().empty());
  EXPECT_EQ(status().dropped, 1u);
  EXPECT_EQ(status().problem, "HTTP 403: invalid_token") << "status shows it until something is delivered";
}

TEST_F(OutboxTest, RefusalsAreCountedAcrossARestart) {
  courier.otherwise({.status = 404});
  put("a");
  settle();
  EXPECT_EQ(store.pending_letters().at(0).refusals, 1);
  start({"slack"});
  for (int i = 0; i < 20; ++i) later(10min);
  EXPECT_EQ(sent().size(), static_cast<std::size_t>(Outbox::kMostRefusals));
}

TEST_F(OutboxTest, WhatWasNotDeliveredIsDeliveredByTheNextDaemonOnce) {
  courier.otherwise({.problem = "connection refused"});
  put("a");
  serve();
  courier.otherwise({.status = 200});
  store.crash();
  start({"slack"});
  settle();
  start({"slack"});
  settle();
  EXPECT_EQ(sent(), (Names{"a", "a"}));
  EXPECT_EQ(status().delivered, 0u) << "the third one had nothing left";
}

TEST_F(OutboxTest, ADeadChannelDelaysNoOther) {
  start({"slack", "mail"});
  courier.hold();
  put("a");
  courier.release();
  courier.otherwise({.problem = "no answer in time"});
  serve();
  put("b");
  serve();
  courier.otherwise({.status = 200});
  put("c", "{}", "mail");
  serve();
  EXPECT_EQ(sent().back(), "c");
  EXPECT_EQ(status(1).delivered, 1u);
}

TEST_F(OutboxTest, LettersOfAChannelThatIsGoneAreDroppedAndThatIsTold) {
  courier.otherwise({.problem = "connection refused"});
  put("a");
  serve();
  start({"mail"});
  EXPECT_TRUE(store.pending_letters().empty());
  ASSERT_EQ(observer.count(EventKind::kNotice), 1u);
  EXPECT_EQ(observer.events.back().text, "1 letter for \"slack\" dropped: it is not configured any more");
  put("a");
  EXPECT_TRUE(store.pending_letters().empty()) << "and no new ones are kept";
}

TEST_F(OutboxTest, ALetterNothingCanBeMadeOfIsDropped) {
  put("a", "unreadable");
  put("b");
  settle();
  EXPECT_EQ(sent(), (Names{"b"}));
  EXPECT_EQ(observer.count(EventKind::kOutboundProblem), 1u);
  EXPECT_TRUE(store.pending_letters().empty());
}

TEST_F(OutboxTest, AStoreThatCannotBeWrittenDoesNotKeepItsOwnProblemFromBeingTold) {
  store.fail_all(FakeStore::Fail::kBeforeWrite);
  put("the store cannot be written");
  settle();
  EXPECT_EQ(sent().size(), 1u);
}

TEST_F(OutboxTest, TheOutboxIsBoundedByNumberAndByAge) {
  courier.otherwise({.problem = "connection refused"});
  for (std::size_t i = 0; i < Outbox::kMostWaiting + 5; ++i) put(std::to_string(i));
  serve();
  EXPECT_EQ(store.pending_letters().size(), Outbox::kMostWaiting);
  EXPECT_EQ(status().dropped, 5u);
  later(Outbox::kLongestWait + 1h);
  EXPECT_TRUE(store.pending_letters().empty());
}

TEST_F(OutboxTest, MetricsTellVerdictsByChannel) {
  courier.answer({.status = 500});
  put("a");
  serve();
  EXPECT_NE(outbox->prometheus().find("maand_deliveries_total{channel=\"slack\",verdict=\"later\"} 1\n"),
            std::string::npos);
  EXPECT_NE(outbox->prometheus().find("maand_outbox_letters{channel=\"slack\"} 1\n"), std::string::npos);
  EXPECT_NE(outbox->prometheus().find("maand_channel_broken{channel=\"slack\"} 1\n"), std::string::npos);
}

}  // namespace
}  // namespace maand::testing
