// The whole reconcile loop over simulated git, workers, clock and store: whatever
// goes wrong, no promise is broken (R3.4, R7.1).
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "reconciler/core/sanitizer.h"
#include "tests/simulation/story.h"

namespace maand::simulation {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

// One thread, so that there is little for a sanitizer to see, and it is ten times as slow.
#if defined(MAAND_TSAN) || defined(MAAND_ASAN)
constexpr std::uint64_t kShare = 10;
#else
constexpr std::uint64_t kShare = 1;
#endif

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

void tell_stories(const Trouble& trouble, std::uint64_t usual_seeds) {
  const std::uint64_t one = from_environment("MAAND_SEED", 0);
  const std::uint64_t first = one ? one : from_environment("MAAND_FIRST_SEED", 1);
  const std::uint64_t last = one ? one : first + from_environment("MAAND_SEEDS", usual_seeds / kShare) - 1;
  std::uint64_t targets = 0, lives = 0, commits = 0, hooks = 0;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    Story story(seed, trouble);
    const std::vector<std::string> broken = story.tell();
    targets += static_cast<std::uint64_t>(story.targets());
    lives += static_cast<std::uint64_t>(story.lives());
    commits += static_cast<std::uint64_t>(story.commits());
    hooks += static_cast<std::uint64_t>(story.hooks());
    if (one) std::printf("%s", joined(story.trace()).c_str());
    ASSERT_TRUE(broken.empty()) << "seed " << seed << " (MAAND_SEED=" << seed << " tells what happened):\n"
                                << joined(broken);
  }
  EXPECT_GT(targets, 0u);
  EXPECT_EQ(hooks > 0, trouble.hooks);
  ::testing::Test::RecordProperty("targets", std::to_string(targets));
  std::printf("%llu stories, %llu commits, %llu lives, %llu targets, %llu hooks\n",
              static_cast<unsigned long long>(last - first + 1), static_cast<unsigned long long>(commits),
              static_cast<unsigned long long>(lives), static_cast<unsigned long long>(targets),
              static_cast<unsigned long long>(hooks));
}

TEST(Simulation, CommitsAloneAreAppliedAsTheyCome) { tell_stories({}, 300); }

TEST(Simulation, ADaemonThatIsKilledAtAnyMomentNeitherRepeatsNorForgetsATarget_R7_1) {
  tell_stories({.kills = 6, .write_kills = 6}, 300);
}

TEST(Simulation, WorkersThatFailAndGoAwayDelayOnlyThemselves_R2_7) {
  tell_stories({.cuts = 6, .reboots = 4, .bad_versions = 10, .weather = {.fail = 5, .cut = 10, .lose = 5}},
               300);
}

TEST(Simulation, ContentThatFailsIsTakenBackToWhatWasConfirmed_R5_2) {
  tell_stories({.kills = 3, .write_kills = 3, .operators = 3, .bad_versions = 30}, 300);
}

TEST(Simulation, WorkersAndStoresThatAreReplacedAreTakenOverAndNothingRunsTwice_R7_3) {
  tell_stories({.kills = 2, .write_kills = 2, .cuts = 2, .replaced = 2, .lost_stores = 2, .old_stores = 2},
               300);
}

TEST(Simulation, AWorkerThatIsResetByMistakeRunsNothingTwice_R3_5) {
  tell_stories({.resets = 4}, 200);
  tell_stories({.kills = 3,
                .write_kills = 3,
                .cuts = 3,
                .replaced = 1,
                .operators = 3,
                .resets = 3,
                .bad_versions = 15,
                .weather = {.fail = 5, .cut = 5, .lose = 5}},
               300);
}

Trouble everything() {
  return {.kills = 4,
          .write_kills = 4,
          .cuts = 4,
          .reboots = 3,
          .remote = 3,
          .store = 3,
          .jumps = 3,
          .replaced = 1,
          .lost_stores = 1,
          .old_stores = 1,
          .operators = 6,
          .bad_versions = 15,
          .weather = {.fail = 5, .cut = 5, .lose = 3}};
}

TEST(Simulation, EverythingAtOnce) { tell_stories(everything(), 1'000); }

TEST(Simulation, HooksRunBeforeWhatTheyPrepareAndNoneThatIsOwedIsForgotten) {
  tell_stories({.hooks = true}, 100);
  tell_stories({.kills = 4, .write_kills = 4, .cuts = 3, .operators = 4, .hooks = true, .hook_fails = 10},
               200);
}

TEST(Simulation, EverythingAtOnceWithHooks) {
  Trouble trouble = everything();
  trouble.hooks = true;
  trouble.hook_fails = 5;
  tell_stories(trouble, 300);
}

TEST(Simulation, ASeedTellsTheSameStoryAgain) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const Trouble trouble{
        .kills = 3, .write_kills = 3, .cuts = 3, .store = 2, .operators = 3, .weather = {5, 5, 5}};
    Story first(seed, trouble);
    Story second(seed, trouble);
    first.tell();
    second.tell();
    EXPECT_EQ(first.trace(), second.trace());
  }
}

}  // namespace
}  // namespace maand::simulation
