#include "reconciler/http/failed_attempts.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

TEST(FailedAttempts, One_source_is_told_once_and_slowed_down_for_its_minute) {
  FailedAttempts attempts;
  const FailedAttempts::Time start{};
  for (int i = 0; i < FailedAttempts::kPerWindow; ++i) {
    const FailedAttempts::Verdict verdict = attempts.add("10.0.0.1", start);
    EXPECT_EQ(verdict.tell, i == 0) << i;
    EXPECT_FALSE(verdict.too_many) << i;
  }
  EXPECT_TRUE(attempts.add("10.0.0.1", start).too_many);
  EXPECT_FALSE(attempts.add("10.0.0.2", start).too_many) << "another source pays for it";
  EXPECT_TRUE(attempts.add("10.0.0.1", start + FailedAttempts::kWindow - std::chrono::seconds(1)).too_many);
  const FailedAttempts::Verdict later = attempts.add("10.0.0.1", start + FailedAttempts::kWindow);
  EXPECT_FALSE(later.too_many);
  EXPECT_TRUE(later.tell);
}

TEST(FailedAttempts, More_sources_than_are_remembered_share_a_place_so_that_the_log_stays_short) {
  FailedAttempts attempts;
  int told = 0;
  for (int i = 0; i < 100'000; ++i) told += attempts.add(std::to_string(i), {}).tell ? 1 : 0;
  EXPECT_EQ(told, static_cast<int>(FailedAttempts::kSources) + 1);
  EXPECT_TRUE(attempts.add("one more", {}).too_many);
  EXPECT_FALSE(attempts.add("one more", FailedAttempts::Time(FailedAttempts::kWindow)).too_many);
}

}  // namespace
}  // namespace maand
