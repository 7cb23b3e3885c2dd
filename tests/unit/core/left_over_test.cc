#include "reconciler/core/left_over.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const WorkerHost kHost("w1");
const WallTime kNow(seconds(10'000'000));
constexpr hours kMonth{24 * 30};

LeftOver left(const std::string& job, hours ago = hours(24 * 40)) {
  return {{JobName(job), kHost}, 5, kNow - ago};
}

TEST(LeftOver, IsWhatAWorkerOffersInFull) {
  std::string problem;
  const auto told = parse_left_over(
      "noise\nleft api 120 1000\nleft x/y 1 1\nleft b 1\nleft c  7\nleft web x 0\ndone\n", kHost, problem);
  ASSERT_TRUE(told);
  ASSERT_EQ(told->size(), 2u) << "names that are none, and what has no age, are passed over";
  EXPECT_EQ((*told)[0].key.str(), "api@w1");
  EXPECT_EQ((*told)[0].kib, 120);
  EXPECT_EQ((*told)[0].removed_at, WallTime(seconds(1000)));
  EXPECT_EQ((*told)[1].key.job.str(), "c");
  EXPECT_TRUE(parse_left_over("done\n", kHost, problem)->empty());
  EXPECT_FALSE(parse_left_over("left api 120 1000\n", kHost, problem));
  EXPECT_EQ(problem, "it did not tell everything");
  EXPECT_FALSE(parse_left_over("other b2 w1\n", kHost, problem));
  EXPECT_EQ(problem, "its marker says bucket b2, worker w1, so nothing there is touched");
}

TEST(LeftOver, StaysWhileAnybodyMayWantIt) {
  AppliedState applied;
  DesiredState desired;
  Worker worker;
  worker.host = kHost;
  desired.workers = {worker};
  const auto job = [&](const std::string& name) -> DesiredJob& {
    DesiredJob& out = desired.jobs[JobName(name)];
    out.name = JobName(name);
    auto content = std::make_shared<Job>();
    content->name = out.name;
    out.job = content;
    return out;
  };
  const auto record = [&](const std::string& name) -> AppliedAllocation& {
    const AllocationKey key{JobName(name), kHost};
    AppliedAllocation& out = applied.allocations[key];
    out.key = key;
    return out;
  };
  record("known");
  record("moving").moved_from = JobName("before");
  job("placed").workers = {0};
  job("elsewhere");
  job("held").held = true;
  job("broken").job = nullptr;
  auto renamed = std::make_shared<Job>();
  renamed->renamed_from = JobName("old");
  job("new").job = renamed;

  const struct {
    LeftOver one;
    const char* why;
  } rows[] = {
      {left("gone"), ""},
      {left("gone", hours(24 * 30)), ""},
      {left("gone", hours(24 * 30 - 1)), "it left less than 30 days ago"},
      {left("elsewhere"), ""},
      {left("known"), "it is on record"},
      {left("before"), "job moving goes on with it"},
      {left("placed"), "the job is to run there"},
      {left("held"), "the job is held"},
      {left("broken"), "the job does not load"},
      {left("old"), "job new was renamed from it"},
  };
  for (const auto& row : rows) EXPECT_EQ(why_kept(row.one, applied, desired, kMonth, kNow), row.why);
  desired.unknown_jobs = {JobName("odd")};
  EXPECT_EQ(why_kept(left("gone"), applied, desired, kMonth, kNow),
            "job odd does not load, and may be this one renamed");
}

TEST(LeftOver, WhatBecameOfItIsTold) {
  const TakenAway told =
      parse_taken_away("gone api\nkept web something is mounted below /x\nkept ../x why\ndone\n");
  ASSERT_EQ(told.gone.size(), 1u);
  EXPECT_EQ(told.gone[0].str(), "api");
  ASSERT_EQ(told.kept.size(), 1u);
  EXPECT_EQ(told.kept[0].second, "something is mounted below /x");
  EXPECT_TRUE(told.whole);
  EXPECT_FALSE(parse_taken_away("gone api\n").whole);
}

}  // namespace
}  // namespace maand
