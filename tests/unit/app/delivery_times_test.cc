// Push → seen → verified → applied → healthy.
#include "reconciler/app/delivery_times.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace maand {
namespace {

using namespace std::chrono_literals;

const CommitId kOld("c0");
const CommitId kNew("c1");
const WallTime kPush{1'000'000s};

class DeliveryTimesTest : public ::testing::Test {
 protected:
  // `1 api seen`, seconds first.
  DeliveryTimes times_{[this](const JobName& job, DeliveryStage stage, std::chrono::nanoseconds span) {
    told_.push_back(std::to_string(std::chrono::duration_cast<std::chrono::seconds>(span).count()) + " " +
                    job.str() + " " + to_string(stage));
  }};
  std::vector<std::string> told_;

  static CommitInfo info(const CommitId& commit) { return {commit, "", "", kPush}; }

  static JobReport report(const std::string& job, JobReport::State state, Health health = Health::kHealthy,
                          Action action = Action::kRestart) {
    JobReport report;
    report.job = JobName(job);
    report.commit = kNew;
    report.state = state;
    AllocationReport allocation;
    allocation.action.action = action;
    allocation.state = AllocationReport::State::kDone;
    allocation.health = health;
    report.allocations = {allocation};
    return report;
  }

  void look_before() { times_.seen(kOld, kPush - 1h); }
  void arrive() {
    times_.seen(kNew, kPush + 2s);
    times_.accepted(info(kNew), kPush + 3s);
  }
};

TEST_F(DeliveryTimesTest, EveryStageOfAJobIsToldOnceItsRolloutIsDone) {
  look_before();
  arrive();
  times_.confirmed(JobName("api"), kNew, kPush + 5s);
  times_.confirmed(JobName("api"), kNew, kPush + 9s);
  times_.moved({report("api", JobReport::State::kRunning)}, kPush + 10s);
  EXPECT_TRUE(told_.empty()) << "its gate is still to come";
  times_.moved({report("api", JobReport::State::kDone)}, kPush + 12s);
  EXPECT_EQ(told_,
            (std::vector<std::string>{"2 api seen", "3 api verified", "9 api applied", "12 api healthy"}));
}

TEST_F(DeliveryTimesTest, AJobCountsOnceForEachCommit) {
  look_before();
  arrive();
  times_.confirmed(JobName("api"), kNew, kPush + 5s);
  times_.moved({report("api", JobReport::State::kDone)}, kPush + 6s);
  times_.accepted(info(kNew), kPush + 60s);
  times_.confirmed(JobName("api"), kNew, kPush + 90s);
  times_.moved({report("api", JobReport::State::kDone)}, kPush + 99s);
  EXPECT_EQ(told_.size(), 4u) << "rolled out again for a value: no push was behind that";
}

TEST_F(DeliveryTimesTest, WhatTheFirstLookAfterAStartFindsIsNotCounted) {
  arrive();
  times_.confirmed(JobName("api"), kNew, kPush + 5s);
  times_.moved({report("api", JobReport::State::kDone)}, kPush + 6s);
  EXPECT_TRUE(told_.empty());
}

TEST_F(DeliveryTimesTest, AnAnnouncementIsThePush) {
  look_before();
  times_.announced(kNew, kPush + 1s);
  times_.seen(kNew, kPush + 2s);
  times_.accepted(info(kNew), kPush + 3s);
  times_.confirmed(JobName("api"), kNew, kPush + 5s);
  times_.moved({report("api", JobReport::State::kDone)}, kPush + 6s);
  EXPECT_EQ(told_.front(), "1 api seen");
  EXPECT_EQ(told_.back(), "5 api healthy");
}

TEST_F(DeliveryTimesTest, AnAnnouncementThatCameAfterThePollSaysNothing) {
  look_before();
  times_.seen(kNew, kPush + 2s);
  times_.announced(kNew, kPush + 2500ms);
  times_.accepted(info(kNew), kPush + 3s);
  times_.confirmed(JobName("api"), kNew, kPush + 5s);
  times_.moved({report("api", JobReport::State::kDone)}, kPush + 6s);
  EXPECT_EQ(told_.front(), "2 api seen");
}

TEST_F(DeliveryTimesTest, WithoutChecksNothingIsHealthy) {
  look_before();
  arrive();
  times_.confirmed(JobName("api"), kNew, kPush + 5s);
  times_.moved({report("api", JobReport::State::kDone, Health::kUnprobed)}, kPush + 6s);
  EXPECT_EQ(told_.back(), "5 api applied");
}

TEST_F(DeliveryTimesTest, AJobThatOnlyLeftOrFailedWasNotDelivered) {
  look_before();
  arrive();
  times_.confirmed(JobName("gone"), kNew, kPush + 5s);
  times_.confirmed(JobName("ill"), kNew, kPush + 5s);
  times_.moved({report("gone", JobReport::State::kDone, Health::kUnprobed, Action::kStop),
                report("ill", JobReport::State::kFailed), report("never", JobReport::State::kDone)},
               kPush + 6s);
  EXPECT_TRUE(told_.empty());
}

TEST_F(DeliveryTimesTest, AClockThatRunsAheadCountsAsNothing) {
  look_before();
  times_.seen(kNew, kPush - 5s);
  times_.accepted(info(kNew), kPush - 4s);
  times_.confirmed(JobName("api"), kNew, kPush + 1s);
  times_.moved({report("api", JobReport::State::kDone)}, kPush + 2s);
  EXPECT_EQ(told_.front(), "0 api seen");
  EXPECT_EQ(told_.back(), "2 api healthy");
}

TEST_F(DeliveryTimesTest, OldCommitsAreForgotten) {
  look_before();
  arrive();
  for (int i = 0; i < 64; ++i) times_.seen(CommitId("x" + std::to_string(i)), kPush);
  times_.confirmed(JobName("api"), kNew, kPush + 5s);
  times_.moved({report("api", JobReport::State::kDone)}, kPush + 6s);
  EXPECT_TRUE(told_.empty());
}

}  // namespace
}  // namespace maand
