#include "reconciler/cli/standby_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "reconciler/cli/replica_words.h"
#include "reconciler/core/ports.h"

namespace maand {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = ControlReply::Kind;

// A database in memory; what `leader` makes of a word is its answer at once.
class FakeLink : public ReplicaLink {
 public:
  std::function<std::string(const HandedWord&)> leads;  // null: nobody does
  std::vector<HandedWord> words;
  bool broken = false, taken = false;
  int breaks = 0;  // so many questions after a word was handed on meet no server

  std::optional<std::string> leader() override { return std::nullopt; }
  std::int64_t commits() override { return 0; }
  std::int64_t hand_on(const std::string& kind, const std::string& body) override {
    if (broken) throw StoreError("the server is away");
    words.push_back({static_cast<std::int64_t>(words.size()) + 1, kind, body});
    return words.back().id;
  }
  std::optional<std::string> answer_to(std::int64_t id) override {
    meet();
    if (!leads) return std::nullopt;
    return leads(words[static_cast<std::size_t>(id) - 1]);
  }
  bool withdraw(std::int64_t) override {
    meet();
    return !taken;
  }
  std::vector<HandedWord> take(std::int64_t) override { return {}; }
  void answer(std::int64_t, const std::string&) override {}
  void wait(std::chrono::milliseconds) override {}

 private:
  void meet() {
    if (breaks > 0 && breaks-- > 0) throw StoreError("the server went away");
  }
};

// Tells how it was called.
class HeardControls : public Controls, public Announcements {
 public:
  std::vector<std::string> heard;

  ControlReply hear(const std::string& verb, const std::vector<std::string>& arguments) {
    std::string line = verb;
    for (const std::string& one : arguments) line += "|" + one;
    heard.push_back(line);
    return {Kind::kDone, "17"};
  }
  ControlReply reconcile(const std::string& a) override { return hear("reconcile", {a}); }
  ControlReply retry(const std::string& j, const std::string& a) override { return hear("retry", {j, a}); }
  ControlReply release(const std::string& s, const std::string& a) override {
    return hear("release", {s, a});
  }
  ControlReply release_unsigned(const std::string& c, const std::string& r, const std::string& a) override {
    return hear("release_unsigned", {c, r, a});
  }
  ControlReply suspend(const std::string& j, const std::string& r, const std::string& s,
                       const std::string& a) override {
    return hear("suspend", {j, r, s, a});
  }
  ControlReply resume(const std::string& j, const std::string& a) override { return hear("resume", {j, a}); }
  ControlReply rollback(const std::string& j, const std::string& c, const std::string& r,
                        const std::string& s, const std::string& a) override {
    return hear("rollback", {j, c, r, s, a});
  }
  ControlReply takeover(const std::string& r, const std::string& a) override {
    return hear("takeover", {r, a});
  }
  ControlReply forget(const std::string& s, const std::string& a) override { return hear("forget", {s, a}); }
  ControlReply job_order(const JobOrderRequest& r, const std::string& a) override {
    return hear("job", {r.verb, r.job, r.workers, r.health_check ? "1" : "0", r.reason, r.span, a});
  }
  std::optional<std::string> job_order_json(const std::string& id) const override {
    if (id == "none") return std::nullopt;
    return "{\"order\":\"" + id + "\"}";
  }
  ControlReply hook_order(const HookOrderRequest& r, const std::string& a) override {
    return hear("hook", {r.event, r.command, r.job, std::to_string(r.concurrency), a});
  }
  ControlReply cut_job_order(const std::string& id, const std::string& a) override {
    return hear("cut", {id, a});
  }
  ControlReply drain(const DrainRequest& r, const std::string& a) override {
    return hear("drain", {r.host, r.reason, r.span, r.force ? "1" : "0", a});
  }
  ControlReply undrain(const std::string& h, const std::string& a) override {
    return hear("undrain", {h, a});
  }
  ControlReply worker(const std::string& v, const std::string& h, const std::string& a) override {
    return hear("worker", {v, h, a});
  }
  void announced(const Announcement& one) override { hear(to_string(one.provider), {one.commit.str()}); }
  void preview_announced(WebhookProvider provider) override { hear("preview", {to_string(provider)}); }
  void judged(WebhookProvider, WebhookVerdict, const std::string&) override {}
};

class Status : public StatusSource {
 public:
  HealthState health() const override { return {}; }
  std::string status_json() const override { return "{\"served\":41}"; }
  std::string commits_json(std::size_t) const override { return "[]"; }
  std::string allocations_json() const override { return "[]"; }
  std::optional<std::string> job_json(const std::string&) const override { return std::nullopt; }
  std::string plan_json() const override { return "{}"; }
  std::string previews_json() const override { return "{}"; }
  std::string metrics_text() const override { return ""; }
};

class StandbyDeskTest : public ::testing::Test {
 protected:
  StandbyDeskTest() { desk(std::chrono::milliseconds(60)); }

  // Another one, with what the link of the one before was set to do.
  StandbyDesk& desk(std::chrono::milliseconds patience) {
    auto link = std::make_unique<FakeLink>();
    if (link_) link->breaks = link_->breaks;
    link->leads = [this](const HandedWord& word) { return carry_out(word, heard_, heard_, status_); };
    link_ = link.get();
    desk_ = std::make_unique<StandbyDesk>(std::move(link), patience);
    return *desk_;
  }

  HeardControls heard_;
  Status status_;
  FakeLink* link_ = nullptr;
  std::unique_ptr<StandbyDesk> desk_;
};

TEST_F(StandbyDeskTest, Every_word_arrives_as_it_was_said_and_its_answer_comes_back) {
  const ControlReply reply = desk_->retry("api", "ann");
  EXPECT_EQ(reply.kind, Kind::kDone);
  EXPECT_EQ(reply.text, "17");
  desk_->reconcile("ann");
  desk_->release("c1", "ann");
  desk_->release_unsigned("c1", "why", "ann");
  desk_->suspend("api", "why", "1h", "ann");
  desk_->resume("", "ann");
  desk_->rollback("api", "c1", "why", "", "ann");
  desk_->takeover("why", "ann");
  desk_->forget("api@w1", "ann");
  desk_->job_order({"restart", "api", "w1,w2", true, "why", "2h"}, "ann");
  desk_->hook_order({"cli", "count", "api", 3}, "ann");
  desk_->cut_job_order("o1", "ann");
  desk_->drain({"w1", "why", "1h", true}, "ann");
  desk_->undrain("w1", "ann");
  desk_->worker("reset", "w1", "ann");
  desk_->announced({WebhookProvider::kGitlab, CommitId("c2")});
  desk_->preview_announced(WebhookProvider::kGithub);
  for (const HandedWord& word : link_->words) {
    if (word.kind != kOrderWord) carry_out(word, heard_, heard_, status_);
  }
  EXPECT_THAT(heard_.heard,
              ElementsAre("retry|api|ann", "reconcile|ann", "release|c1|ann", "release_unsigned|c1|why|ann",
                          "suspend|api|why|1h|ann", "resume||ann", "rollback|api|c1|why||ann",
                          "takeover|why|ann", "forget|api@w1|ann", "job|restart|api|w1,w2|1|why|2h|ann",
                          "hook|cli|count|api|3|ann", "cut|o1|ann", "drain|w1|why|1h|1|ann", "undrain|w1|ann",
                          "worker|reset|w1|ann", "gitlab|c2", "preview|github"));
  EXPECT_EQ(desk_->job_order_json("o1"), "{\"order\":\"o1\"}");
  EXPECT_EQ(desk_->job_order_json("none"), std::nullopt);
}

TEST_F(StandbyDeskTest, Whoever_waits_for_a_pass_hears_from_the_leader_when_it_is_over) {
  EXPECT_EQ(desk_->passes().served, 0);
  EXPECT_TRUE(link_->words.empty()) << "nobody waits, nobody is asked";
  desk_->reconcile("ann");  // 17
  const StandbyDesk::Passes passes = desk_->passes();
  EXPECT_EQ(passes.requested, 17);
  EXPECT_EQ(passes.served, 41);
}

TEST_F(StandbyDeskTest, A_word_that_nobody_takes_is_withdrawn_and_refused) {
  link_->leads = nullptr;
  const ControlReply reply = desk_->retry("api", "ann");
  EXPECT_EQ(reply.kind, Kind::kBusy);
  EXPECT_THAT(reply.text, HasSubstr("nobody leads"));
  link_->taken = true;
  EXPECT_THAT(desk_->retry("api", "ann").text, HasSubstr("has taken it"));
}

TEST_F(StandbyDeskTest, A_server_that_is_away_is_told_and_a_push_waits_for_polling) {
  link_->broken = true;
  const ControlReply reply = desk_->retry("api", "ann");
  EXPECT_EQ(reply.kind, Kind::kRefused);
  EXPECT_THAT(reply.text, HasSubstr("the server is away"));
  desk_->announced({WebhookProvider::kGithub, {}});
}

TEST_F(StandbyDeskTest, A_connection_that_breaks_while_the_answer_is_waited_for_does_not_make_it_refused) {
  link_->breaks = 1;
  StandbyDesk& patient = desk(std::chrono::seconds(60));
  EXPECT_EQ(patient.retry("api", "ann").text, "17");
  link_->breaks = 1000;
  const ControlReply reply = desk(std::chrono::milliseconds(60)).retry("api", "ann");
  EXPECT_EQ(reply.kind, Kind::kBusy);
  EXPECT_THAT(reply.text, HasSubstr("not known here"));
  EXPECT_THAT(reply.text, HasSubstr("the server went away"));
}

TEST_F(StandbyDeskTest, What_a_newer_replica_says_is_refused_and_not_guessed) {
  for (const HandedWord& word :
       {HandedWord{1, "dance", "{}"}, HandedWord{1, kOrderWord, "{\"verb\":\"dance\"}"},
        HandedWord{1, kOrderWord, "{\"verb\":\"retry\",\"arguments\":[\"a\",\"b\"]}"},
        HandedWord{1, kPushWord, "{\"provider\":\"dance\"}"}, HandedWord{1, kOrderWord, "no JSON"}}) {
    const ControlReply reply = reply_from(carry_out(word, heard_, heard_, status_));
    EXPECT_EQ(reply.kind, Kind::kRefused) << word.body;
  }
  EXPECT_EQ(reply_from("no JSON").kind, Kind::kRefused);
  EXPECT_TRUE(heard_.heard.empty());
}

}  // namespace
}  // namespace maand
