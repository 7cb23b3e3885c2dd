// When the bucket's own Prometheus is told of certificates, and what comes of one that does not answer.
#include "reconciler/app/certificate_pusher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconciler/app/pass.h"
#include "tests/support/fake_issuer.h"
#include "tests/support/fake_remote_writer.h"
#include "tests/support/loop_world.h"

namespace maand::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What is to wait is noted, and comes at once.
class HastyInbox : public Inbox {
 public:
  void post_at(Instant when, std::function<void()> message) override {
    waits.push_back(std::chrono::round<std::chrono::seconds>(when - now()));
    post(std::move(message));
  }
  std::vector<std::chrono::seconds> waits;
};

// What is to wait does so for ever.
class NeverInbox : public Inbox {
 public:
  void post_at(Instant, std::function<void()>) override { ++waiting; }
  int waiting = 0;
};

class CertificatePusherTest : public ::testing::Test {
 protected:
  static FakeFileView monitored(const std::string& version = "1.0.0") {
    FakeFileView view = LoopWorld::workspace(2, {{"api", version}, {"prometheus", "1.0.0"}});
    view.file("workspace/jobs/api/manifest.json",
              R"({"selectors": ["worker"], "certs": {"tls": {}}, "version": ")" + version + "\"}");
    view.file(
        "workspace/jobs/prometheus/manifest.json",
        R"({"version": "1.0.0", "selectors": ["worker"], "resources": {"ports": {"prometheus_port_http": 9090}}})");
    view.file("workspace/jobs/prometheus/prometheus.yml", "global: {}\n");
    return view;
  }
  // A pass, and the pusher hears of its end.
  PassResult pass(const FakeFileView& view) {
    world_.source.commit(view);
    return pass();
  }
  PassResult pass() {
    const PassResult result = world_.pass();
    pusher_.pass_ended(world_.reconciler.memory(), world_.journal.state(), result, false);
    return result;
  }
  // Until nothing of a push is left to do.
  void settle() {
    while (pusher_.pushing()) inbox_.serve(Instant::max());
  }
  void put(const std::string& key, const std::string& value) {
    world_.values.write({{ValueChange::Kind::kPutSecret, "secrets/job/prometheus", key, value}},
                        world_.clock.wall());
  }
  // As it was told.
  std::vector<std::string> said() const {
    std::vector<std::string> out;
    for (const Event& event : observer_.events) out.push_back(event.text);
    return out;
  }

  FakeIssuer issuer_;
  LoopWorld world_{LoopWorld::usual(), {.poll_interval = std::chrono::hours(1)}, &issuer_};
  FakeRemoteWriter writer_;
  HastyInbox inbox_;
  RecordingObserver observer_;
  CertificatePusher pusher_{{inbox_, writer_, world_.judge, world_.clock, observer_}};
};

TEST_F(CertificatePusherTest, APassThatDeployedTellsWhatLiesOnTheWorkersBehindIt) {
  EXPECT_TRUE(pass(monitored()).acted);
  settle();
  ASSERT_EQ(writer_.written().size(), 1u);
  const RemoteWrite write = writer_.written()[0];
  EXPECT_EQ(write.url, "http://w1:9090/api/v1/write");
  EXPECT_EQ(write.username, "");
  EXPECT_EQ(write.samples.size(), 9u) << "the CA and two of api, which were not there before this pass";
  EXPECT_EQ(write.samples[1].labels[1].second, "api");
  EXPECT_THAT(pusher_.prometheus(), HasSubstr("maand_certificate_pushes_total{result=\"done\"} 1\n"));
  EXPECT_FALSE(pass().acted);
  EXPECT_FALSE(pusher_.pushing()) << "nothing was deployed";
  EXPECT_THAT(said(), IsEmpty()) << "a push is no news";
}

TEST_F(CertificatePusherTest, NothingIsSentWhereNobodyAsksForIt) {
  const struct {
    const char* what;
    std::function<void(FakeFileView&)> change;
  } table[] = {
      {"no prometheus.yml", [](auto& view) { view.remove("workspace/jobs/prometheus/prometheus.yml"); }},
      {"no such job", [](auto& view) { view.remove("workspace/jobs/prometheus"); }},
      {"no certificates", [](auto& view) { view.remove("workspace/jobs/api"); }}};
  for (const auto& row : table) {
    FakeFileView view = monitored();
    row.change(view);
    pass(view);
    EXPECT_FALSE(pusher_.pushing()) << row.what;
  }
  EXPECT_THAT(writer_.written(), IsEmpty());
}

TEST_F(CertificatePusherTest, APassThatWasCutShortLeavesItToTheNextDaemon) {
  world_.source.commit(monitored());
  const PassResult result = world_.pass();
  pusher_.pass_ended(world_.reconciler.memory(), world_.journal.state(), result, true);
  EXPECT_FALSE(pusher_.pushing());
}

TEST_F(CertificatePusherTest, WhoeverDoesNotAnswerIsTriedFiveTimesAndThenToldOnce) {
  writer_.otherwise({.status = 503, .body = "starting"});
  pass(monitored());
  settle();
  EXPECT_EQ(writer_.written().size(), 5u);
  EXPECT_THAT(inbox_.waits, ElementsAre(2s, 4s, 8s, 15s));
  EXPECT_THAT(said(),
              ElementsAre("Prometheus could not be told of certificates: http://w1:9090/api/v1/write: "
                          "HTTP 503: starting, after 5 tries"));
  EXPECT_THAT(pusher_.prometheus(), HasSubstr("{result=\"failed\"} 1\n"));
}

TEST_F(CertificatePusherTest, ATryThatSucceedsEndsThem) {
  writer_.answer({.problem = "connection refused"});
  writer_.answer({.status = 429});
  pass(monitored());
  settle();
  EXPECT_EQ(writer_.written().size(), 3u);
  EXPECT_THAT(said(), IsEmpty());
}

TEST_F(CertificatePusherTest, ARefusalIsNotTriedAgain) {
  const std::pair<Reply, const char*> table[] = {
      {{.status = 404, .body = "not enabled"},
       "write: HTTP 404: not enabled; it takes them once it is started with "
       "--web.enable-remote-write-receiver"},
      {{.status = 401}, "write: HTTP 401"},
      {{.problem = "no such URL", .hopeless = true}, "write: no such URL"}};
  int version = 0;
  for (const auto& [reply, text] : table) {
    observer_.events.clear();
    writer_.otherwise(reply);
    pass(monitored("1.0." + std::to_string(version++)));
    settle();
    EXPECT_EQ(writer_.written().size(), static_cast<std::size_t>(version));
    ASSERT_EQ(said().size(), 1u);
    EXPECT_THAT(said()[0], HasSubstr(text));
  }
}

TEST_F(CertificatePusherTest, OneIsUnderWayAtATimeAndWhatHasBeenOvertakenIsNotSent) {
  writer_.hold();
  writer_.answer({.status = 503});
  pass(monitored());
  pass(monitored("1.1.0"));
  pass(monitored("1.2.0"));
  EXPECT_TRUE(pusher_.pushing());
  writer_.release();
  settle();
  EXPECT_EQ(writer_.written().size(), 2u) << "the first, which failed, and the last in its place";
  EXPECT_THAT(inbox_.waits, IsEmpty());
  EXPECT_GT(writer_.written()[1].samples[0].at, writer_.written()[0].samples[0].at);
  EXPECT_THAT(said(), IsEmpty());
}

TEST_F(CertificatePusherTest, ANewerOneDoesNotWaitForTheNextTryOfAnOlder) {
  NeverInbox inbox;
  CertificatePusher pusher({inbox, writer_, world_.judge, world_.clock, observer_});
  const auto deploy = [&](const char* version) {
    world_.source.commit(monitored(version));
    const PassResult result = world_.pass();
    pusher.pass_ended(world_.reconciler.memory(), world_.journal.state(), result, false);
  };
  writer_.answer({.status = 503});
  deploy("1.0.0");
  while (inbox.waiting == 0) inbox.serve(Instant::max());
  deploy("1.1.0");
  while (pusher.pushing()) inbox.serve(Instant::max());
  EXPECT_EQ(writer_.written().size(), 2u);
  EXPECT_FALSE(pusher.pushing());
}

TEST_F(CertificatePusherTest, ItLogsInWithTheSecretsOfTheJobAndOneAloneIsAnError) {
  put("admin_username", "ops");
  pass(monitored());
  EXPECT_FALSE(pusher_.pushing());
  EXPECT_THAT(said(), ElementsAre(HasSubstr("admin_password of secrets/job/prometheus is not there")));
  put("admin_password", "hunter22");
  pass(monitored("1.1.0"));
  settle();
  ASSERT_EQ(writer_.written().size(), 1u);
  EXPECT_EQ(writer_.written()[0].username, "ops");
  EXPECT_EQ(writer_.written()[0].password, "hunter22");
}

}  // namespace
}  // namespace maand::testing
