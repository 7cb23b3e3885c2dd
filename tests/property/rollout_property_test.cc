// Promises of the rollout machine over random worlds.
//
// Every seed is a story of its own; a failing one is named, and
// `MAAND_SEED=<n>` runs it alone. `MAAND_SEEDS=<n>` runs more of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "reconciler/core/sanitizer.h"
#include "tests/property/rollout_world.h"

namespace maand {
namespace {

// One thread and no memory of its own: a sanitizer sees in the first hundreds what there is to see, and is
// ten times as slow.
#if defined(MAAND_TSAN) || defined(MAAND_ASAN)
constexpr std::uint64_t kUsualSeeds = 600;
#else
constexpr std::uint64_t kUsualSeeds = 3000;
#endif

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text && *text ? std::strtoull(text, nullptr, 10) : otherwise;
}

// Calls `story(seed)` for every seed; it returns what went wrong.
template <class Story>
void for_all_seeds(const Story& story) {
  const std::uint64_t only = number_from("MAAND_SEED", 0);
  const std::uint64_t count = number_from("MAAND_SEEDS", kUsualSeeds);
  int operations = 0;
  for (std::uint64_t seed = only ? only : 1; seed <= (only ? only : count); ++seed) {
    for (const std::string& broken : story(seed, operations)) {
      ADD_FAILURE() << "seed " << seed << ": " << broken;
    }
    if (::testing::Test::HasFailure()) return;  // one story is enough to read
  }
  EXPECT_GT(operations, 0) << "nothing happened, so nothing was checked";
}

std::vector<std::string> one_pass(std::uint64_t seed, Mood mood, int& operations) {
  RolloutWorld world(seed, mood);
  const auto broken = world.pass();
  operations += world.operations();
  return broken;
}

TEST(RolloutProperty, LimitsHoldAndItEndsWhenNothingGoesWrong) {
  for_all_seeds([](std::uint64_t seed, int& operations) { return one_pass(seed, {}, operations); });
}

TEST(RolloutProperty, LimitsHoldAndItEndsWhenTargetsFailAndAllocationsAreIll) {
  for_all_seeds([](std::uint64_t seed, int& operations) {
    return one_pass(seed,
                    {.fail = 8, .interrupt = 6, .lose = 4, .dead_worker = 10, .fall_ill = 15, .recover = 20},
                    operations);
  });
}

TEST(RolloutProperty, LimitsHoldAndItEndsWhenEverythingHappensAtOnce) {
  for_all_seeds([](std::uint64_t seed, int& operations) {
    return one_pass(seed,
                    {.fail = 6,
                     .interrupt = 6,
                     .lose = 6,
                     .condition = 6,
                     .dead_worker = 15,
                     .fall_ill = 15,
                     .stop_job = 3,
                     .news = 10},
                    operations);
  });
}

TEST(RolloutProperty, NoTargetRunsWhileAnotherAllocationHasItsPort) {
  for_all_seeds(
      [](std::uint64_t seed, int& operations) { return one_pass(seed, {.ports_move = 100}, operations); });
}

TEST(RolloutProperty, NorWhenEverythingHappensAtOnce) {
  for_all_seeds([](std::uint64_t seed, int& operations) {
    return one_pass(seed,
                    {.fail = 8,
                     .interrupt = 6,
                     .lose = 6,
                     .condition = 6,
                     .dead_worker = 10,
                     .fall_ill = 10,
                     .recover = 20,
                     .stop_job = 3,
                     .news = 10,
                     .ports_move = 100},
                    operations);
  });
}

TEST(RolloutProperty, NothingGoesOnBeforeWhatMayBeTakenBackIsConfirmed) {
  for_all_seeds([](std::uint64_t seed, int& operations) {
    return one_pass(seed,
                    {.fail = 8,
                     .interrupt = 4,
                     .lose = 4,
                     .dead_worker = 5,
                     .fall_ill = 10,
                     .recover = 20,
                     .stop_job = 2,
                     .ports_move = 50,
                     .confirm = 70},
                    operations);
  });
}

// A held job keeps a port that another one takes: that one, and whoever demands it,
// has to wait for a person.
bool waits_for_a_held_job(const Plan& plan) {
  for (const auto& [name, job] : plan.jobs) {
    for (const PortWait& wait : job.waits) {
      const auto holder = plan.jobs.find(wait.holder.job);
      if (wait.how == PortWait::How::kKeeps && holder != plan.jobs.end() && holder->second.held) return true;
    }
  }
  return false;
}

std::string told(const Plan& plan) {
  std::string out;
  for (const auto& [name, job] : plan.jobs) {
    if (job.held) out += name.str() + " is held " + to_string(job.held_reason) + "; ";
    for (const auto* list : {&job.drains, &job.removals, &job.starts, &job.upgrades, &job.handovers}) {
      for (const PlannedAction& action : *list) out += sentence(action) + "; ";
    }
  }
  return out;
}

// A failed allocation that waits for a port may use up what R2.5 allows its job, whose
// other allocations have the ports that the holder's own move waits for. Nobody can go
// first without breaking a promise; an operator may say that one does (seed 24800).
TEST(RolloutProperty, PortsThatMoveAreWhereTheyBelongOnceNothingGoesWrongOrAtTheLatestWhenReleased) {
  int released = 0, stories = 0;
  for_all_seeds([&](std::uint64_t seed, int& operations) -> std::vector<std::string> {
    RolloutWorld world(
        seed, {.fail = 10, .lose = 10, .condition = 5, .dead_worker = 10, .stop_job = 5, .ports_move = 100});
    world.pass();
    world.calm();
    const auto converge = [&]() -> std::vector<std::string> {
      for (int pass = 0; pass < 6 && world.plan().has_actions(); ++pass) {
        const auto broken = world.pass();
        if (!broken.empty()) return broken;
      }
      return {};
    };
    if (const auto broken = converge(); !broken.empty()) return broken;
    ++stories;
    if (const Plan left = world.plan(); left.has_actions() && !waits_for_a_held_job(left)) {
      ++released;
      world.release();
      if (const auto broken = converge(); !broken.empty()) return broken;
    }
    operations += world.operations();
    const Plan left = world.plan();
    if (left.has_actions() && !waits_for_a_held_job(left)) return {"it does not converge: " + told(left)};
    return {};
  });
  if (stories >= 1000) {
    EXPECT_LE(released * 1000, stories) << "it is to be rare, and a released story proves less";
  }
}

// R2.9, R5.2: canaries and bakes keep others from beginning; a batch is never larger, also
// on the way back; nobody is left on what failed, and nobody calls it success.
TEST(RolloutProperty, R5_2_GoingBackKeepsTheLimitsAndLeavesNobodyOnWhatFailed) {
  int went_back = 0;
  for_all_seeds([&](std::uint64_t seed, int& operations) {
    RolloutWorld world(seed, {.fail = 8,
                              .interrupt = 3,
                              .dead_worker = 5,
                              .fall_ill = 10,
                              .recover = 20,
                              .stop_job = 1,
                              .roll_back = 70});
    const auto broken = world.pass();
    operations += world.operations();
    went_back += world.went_back();
    return broken;
  });
  EXPECT_TRUE(went_back > 0 || std::getenv("MAAND_SEED")) << "nobody went back, so nothing was checked";
}

TEST(RolloutProperty, R5_2_GoingBackIsFinishedInALaterPassWhateverKeptItFromThat) {
  int later = 0;
  for_all_seeds([&](std::uint64_t seed, int& operations) -> std::vector<std::string> {
    RolloutWorld world(seed, {.fail = 10, .lose = 10, .condition = 10, .dead_worker = 10, .roll_back = 100});
    if (const auto broken = world.pass(); !broken.empty()) return broken;
    later += world.is_going_back() ? 1 : 0;
    world.calm();
    for (int pass = 0; pass < 4 && world.is_going_back(); ++pass) {
      if (const auto broken = world.pass(); !broken.empty()) return broken;
    }
    operations += world.operations();
    if (world.is_going_back()) return {"it does not come to an end"};
    return {};
  });
  EXPECT_TRUE(later > 0 || std::getenv("MAAND_SEED")) << "no later pass was needed";
}

TEST(RolloutProperty, R1_8_AStoppedJobBeginsNothing) {
  for_all_seeds([](std::uint64_t seed, int& operations) {
    return one_pass(seed, {.fail = 4, .interrupt = 4, .fall_ill = 4, .stop_job = 15}, operations);
  });
}

TEST(RolloutProperty, R2_7_WorkerConditionsNeverFailAJob) {
  for_all_seeds([](std::uint64_t seed, int& operations) {
    return one_pass(seed, {.lose = 15, .condition = 15}, operations);
  });
}

TEST(RolloutProperty, PlanningAgainAfterSuccessIsEmpty) {
  for_all_seeds([](std::uint64_t seed, int& operations) -> std::vector<std::string> {
    RolloutWorld world(seed, {});
    const auto broken = world.pass();
    operations += world.operations();
    if (!broken.empty()) return broken;
    if (!world.all_done()) return {"nothing went wrong, and yet not every job is done"};
    if (world.plan().has_actions()) return {"there is still something to do"};
    return {};
  });
}

TEST(RolloutProperty, ItConvergesOnceNothingGoesWrongAnyMore) {
  for_all_seeds([](std::uint64_t seed, int& operations) -> std::vector<std::string> {
    RolloutWorld world(seed, {.fail = 10,
                              .interrupt = 10,
                              .lose = 10,
                              .condition = 10,
                              .dead_worker = 20,
                              .fall_ill = 20,
                              .stop_job = 5});
    world.pass();
    world.calm();
    for (int pass = 0; pass < 3 && world.plan().has_actions(); ++pass) {
      const auto broken = world.pass();
      if (!broken.empty()) return broken;
    }
    operations += world.operations();
    if (world.plan().has_actions()) return {"it does not converge"};
    return {};
  });
}

}  // namespace
}  // namespace maand
