// SIGKILL the daemon at each write of its journal: every operation's target still runs
// exactly once, and the rollout converges (R3.4, R7.1). Random moments: fault_story.h.
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/support/bucket_world.h"

namespace maand::testing {
namespace {

std::string version_of(int round) { return "1." + std::to_string(round) + ".0"; }

// Exactly one run of the rollout from `from` to `to` on each worker, and nothing else.
void expect_one_run_each(BucketWorld& world, const std::string& from, const std::string& to,
                         std::size_t total) {
  for (const int worker : {0, 1}) {
    const std::vector<std::string> events = world.events(worker, "api");
    ASSERT_EQ(events.size(), total) << "worker " << worker << " after " << to;
    EXPECT_EQ(events.back().rfind("restart " + from + " " + to + " ", 0), 0u) << events.back();
  }
}

class DaemonKill : public ::testing::Test {
 protected:
  DaemonKill() {
    GitChanges changes = BucketWorld::job("api", version_of(0));
    changes["workers.json"] = world_.workers_json(2);
    world_.commit(changes);
    const ProgramResult first = world_.maand({"reconcile"});
    if (first.status != 0) throw std::runtime_error(first.out + first.err);
  }

  BucketWorld world_;
};

TEST_F(DaemonKill, AtEveryWriteOfTheJournalBeforeAndAfterItIsDurable) {
  int round = 0;
  for (const std::string when : {"before", "after"}) {
    bool died = true;
    for (int step = 1; died; ++step) {
      ++round;
      const std::string commit = world_.commit(BucketWorld::job("api", version_of(round)));
      const ProgramResult struck =
          call_program({.argv = {MAAND_FAULTY_DAEMON, world_.bucket().string(), std::to_string(step), when}});
      died = struck.status == 128 + SIGKILL;
      ASSERT_TRUE(died || struck.status == 0) << struck.err;
      const ProgramResult healed = world_.maand({"reconcile"});
      ASSERT_EQ(healed.status, 0) << "step " << step << " " << when << "\n" << healed.out << healed.err;
      world_.wait_for_note(commit, "applied");
      ASSERT_NO_FATAL_FAILURE(expect_one_run_each(world_, version_of(round - 1), version_of(round),
                                                  static_cast<std::size_t>(round) + 1));
      if (!died) {
        EXPECT_GT(step, 5) << "a rollout has more writes than that; nothing was struck";
      }
    }
  }
}

}  // namespace
}  // namespace maand::testing
