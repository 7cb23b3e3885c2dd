// What the loop makes of its news: one message a rollout, and none twice.
#include "reconciler/app/notifier.h"

#include <gtest/gtest.h>

#include "reconciler/core/notice/channels.h"
#include "tests/support/fake_courier.h"
#include "tests/support/loop_world.h"

namespace maand::testing {
namespace {

class NotifierTest : public ::testing::Test {
 protected:
  NotifierTest() { start(); }
  // As after a restart of the daemon.
  void start(Urgency least = Urgency::kWarning) {
    notifier.reset();
    outbox.reset();
    outbox = std::make_unique<Outbox>(Outbox::Deps{inbox, store, courier, clock, observer},
                                      Outbox::Channels{webhook_channel("https://x/", "key", "")}, nullptr);
    notifier = std::make_unique<Notifier>(Notifier::Deps{inbox, store, clock, *outbox},
                                          NotifierSettings{"b-1", "prod", "", least, {kWebhookChannel}});
    outbox->begin();
    notifier->begin();
  }
  void end_pass(bool acted = false, bool leaving = false) {
    PassResult result;
    result.acted = acted;
    notifier->pass_ended(memory, applied, result, leaving);
  }
  void judged(PassState state, const std::vector<JobStatus>& jobs = {}) {
    PassStatus status;
    status.commit = CommitId("c1");
    status.state = state;
    status.jobs = jobs;
    memory.status = status;
    memory.source.state = "Ready";
  }
  void set_health(const char* job, Health health) {
    AppliedAllocation allocation;
    allocation.key = {JobName(job), WorkerHost("w1")};
    allocation.running = true;
    allocation.health = health;
    applied.allocations[allocation.key] = allocation;
  }
  // `severity` of what was sent since the last look.
  std::vector<std::string> news() {
    outbox->drain(Instant::max());
    std::vector<std::string> out;
    const std::vector<Parcel> all = courier.sent();
    for (; seen_ < all.size(); ++seen_)
      out.push_back(severity_of(*bulletin_from(std::get<OutboundRequest>(all[seen_]).body)));
    return out;
  }

  FakeStore store;
  FakeCourier courier;
  SystemClock clock;
  RecordingObserver observer;
  Inbox inbox;
  Memory memory;
  AppliedState applied;
  std::unique_ptr<Outbox> outbox;
  std::unique_ptr<Notifier> notifier;

 private:
  std::size_t seen_ = 0;
};

using Words = std::vector<std::string>;
const JobStatus kHeld{JobName("api"), true, Reason::kGateFailed, "w1 is not healthy"};

TEST_F(NotifierTest, ARolloutThatFailsIsOneMessageAndTheNextThatDoesNotIsItsEnd) {
  judged(PassState::kHeld, {kHeld});
  set_health("api", Health::kUnhealthy);  // both are due to the same rollout
  end_pass(true);
  EXPECT_EQ(news(), (Words{"error"}));
  end_pass();
  EXPECT_EQ(news(), Words{}) << "a pass that finds it as it was";
  judged(PassState::kApplied);
  set_health("api", Health::kHealthy);
  end_pass(true);
  EXPECT_EQ(news(), (Words{"recovered"}));
  end_pass(true);
  EXPECT_EQ(news(), Words{}) << "a good rollout is below `warning`";
}

TEST_F(NotifierTest, WhoAsksForInfoIsToldOfEveryRollout) {
  start(Urgency::kInfo);
  judged(PassState::kApplied);
  end_pass();
  EXPECT_EQ(news(), Words{});
  end_pass(true);
  EXPECT_EQ(news(), (Words{"info"}));
}

TEST_F(NotifierTest, ARestartTellsNothingTwice) {
  judged(PassState::kHeld, {kHeld});
  end_pass(true);
  EXPECT_EQ(news(), (Words{"error"}));
  start();
  memory = Memory{};  // nothing is known yet, and the remote does not answer
  end_pass();
  judged(PassState::kHeld, {kHeld});
  end_pass();
  EXPECT_EQ(news(), Words{});
  judged(PassState::kApplied);
  end_pass();
  EXPECT_EQ(news(), (Words{"recovered"}));
}

TEST_F(NotifierTest, ADaemonThatDiedBeforeItHandedALetterOutDoesSoAtItsNextStart) {
  judged(PassState::kHeld, {kHeld});
  Bulletin bulletin;
  bulletin.id = "id1";
  bulletin.at = clock.wall();
  bulletin.bucket_name = "prod";
  store.put_setting("notices_told", "{}\n" + to_json(bulletin));
  start();
  EXPECT_EQ(news().size(), 1u);
  start();
  EXPECT_EQ(news(), Words{});
}

TEST_F(NotifierTest, HealthIsToldAtOnceAndBesideARolloutOnlyOfOtherJobs) {
  judged(PassState::kApplied);
  end_pass();
  set_health("db", Health::kUnhealthy);
  notifier->moved(memory, applied);
  EXPECT_EQ(news(), (Words{"error"}));
  memory.phase.enter(Phase::kRollOut);
  JobReport rolling;
  rolling.job = JobName("api");
  memory.jobs = {rolling};
  set_health("api", Health::kUnhealthy);
  notifier->moved(memory, applied);
  EXPECT_EQ(news(), Words{});
  memory.phase.enter(Phase::kIdle);
  notifier->moved(memory, applied);  // the report of the pass, which has not ended
  EXPECT_EQ(news(), Words{});
  end_pass(true);
  EXPECT_EQ(news().size(), 1u);
}

TEST_F(NotifierTest, APassThatIsCutShortIsLeftToTheNextDaemon) {
  judged(PassState::kApplying);
  end_pass(true, true);
  EXPECT_EQ(news(), Words{});
}

TEST_F(NotifierTest, AStoreThatCannotBeWrittenIsTold) {
  judged(PassState::kApplied);
  end_pass();
  store.fail_all(FakeStore::Fail::kBeforeWrite);
  memory.store_problem = "disk full";
  end_pass();
  end_pass();
  EXPECT_EQ(news(), (Words{"error"}));
  store.heal();
  memory.store_problem.clear();
  end_pass();
  EXPECT_EQ(news(), (Words{"recovered"}));
}

}  // namespace
}  // namespace maand::testing
