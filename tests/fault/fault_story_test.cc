// Real daemon, real git, real sshd, and faults at random moments: every target of an
// operation runs once, batches keep their size, a hold lasts, and it converges (R3.4, R7.1).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <exception>

#include "tests/fault/fault_story.h"

namespace maand::testing {
namespace {

constexpr int kRoundsOfAStory = 8;  // then a new world, with another kind of remote

long from_environment(const char* name, long usual) {
  const char* text = std::getenv(name);
  return text ? std::atol(text) : usual;
}

void tell_stories(FaultKind kind, int usual_rounds, long usual_seed) {
  const auto first = static_cast<std::uint64_t>(from_environment("MAAND_FAULT_SEED", usual_seed));
  const long total = std::max(1L, from_environment("MAAND_FAULT_ROUNDS", usual_rounds));
  std::size_t targets = 0;
  int kills = 0, cuts = 0;
  std::uint64_t seed = first;
  for (long done = 0; done < total; ++seed) {
    FaultStory story(seed, kind);
    for (int round = 1; round <= kRoundsOfAStory && done < total; ++round, ++done) {
      const std::string where = "seed " + std::to_string(seed) + ", round " + std::to_string(round) +
                                "; MAAND_FAULT_SEED=" + std::to_string(seed) +
                                " MAAND_FAULT_ROUNDS=" + std::to_string(round) + " repeats it\n";
      try {
        ASSERT_TRUE(story.round().empty()) << where << story.told();
      } catch (const std::exception& problem) {
        FAIL() << where << problem.what() << "\n" << story.told();
      }
    }
    targets += story.targets();
    kills += story.kills();
    cuts += story.cuts();
    std::printf("seed %llu: %ld of %ld rounds\n", static_cast<unsigned long long>(seed), done, total);
    std::fflush(stdout);
  }
  std::printf("%ld rounds, %d kills, %d cuts, %zu targets\n", total, kills, cuts, targets);
  EXPECT_GT(targets, 0u);
}

TEST(FaultStories, ADaemonKilledAtAnyMomentRepeatsNoTargetAndForgetsNone_R7_1) {
  tell_stories(FaultKind::kKill, kRoundsOfAStory, 1);  // its remote is https
}

TEST(FaultStories, ConnectionsCutAtAnyByteRepeatNoTargetAndForgetNone_R3_4) {
  tell_stories(FaultKind::kCut, kRoundsOfAStory, 2);  // its remote is ssh
}

}  // namespace
}  // namespace maand::testing
