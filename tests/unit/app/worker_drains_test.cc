// `maand worker drain|undrain` over the whole loop.
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "reconciler/app/standing.h"
#include "tests/support/loop_world.h"

namespace maand::testing {
namespace {

using Runs = std::vector<std::string>;
using Kind = ControlReply::Kind;

class DrainsWorld : public LoopWorld {
 public:
  DrainsWorld() {
    commit("1");
    pass();
    runner.runs.clear();
  }
  void commit(const std::string& version) { source.commit(workspace(3, {{"api", version}})); }
  ControlReply drain(const std::string& host, const std::string& span = "", bool force = false) {
    return desk.drain_here({host, "new disks", span, force}, "ann");
  }
  Runs runs() { return std::exchange(runner.runs, {}); }
};

TEST(WorkerDrains, NothingRunsThereUntilItIsTakenBack) {
  DrainsWorld world;
  ASSERT_EQ(world.drain("w2").kind, Kind::kDone);
  world.pass();
  EXPECT_EQ(world.runs(), Runs{"stop api@w2 1→1"});
  EXPECT_EQ(world.state(), "applied") << "it is what was asked for";
  const std::string status = world.board.status_json();
  EXPECT_NE(status.find(R"("drained":[{"worker":"w2","actor":"ann","reason":"new disks")"), std::string::npos)
      << status;
  world.commit("2");
  world.pass();
  EXPECT_EQ(world.runs(), (Runs{"restart api@w1 1→2", "restart api@w3 1→2"}));
  EXPECT_EQ(kept_drains(world.store).size(), 1u) << "it outlives the daemon";
  ASSERT_EQ(world.desk.undrain_here("w2", "bob").kind, Kind::kDone);
  world.pass();
  EXPECT_EQ(world.runs(), Runs{"start api@w2 1→2"}) << "with what is wanted by now";
  const auto audits = world.store.audits(10);
  ASSERT_EQ(audits.size(), 2u);
  EXPECT_EQ(audits[1].action + " " + audits[1].subject + " by " + audits[1].actor, "worker drain w2 by ann");
}

TEST(WorkerDrains, InTheMiddleOfARolloutNothingStartsThereAnyMore) {
  DrainsWorld world;
  world.commit("2");
  world.runner.on_run = [&](const Operation& operation) {
    if (operation.allocation.worker == WorkerHost("w1") && world.reconciler.memory().drained.empty()) {
      EXPECT_EQ(world.drain("w3").kind, Kind::kDone);
    }
    return Outcome{.kind = OutcomeKind::kSucceeded};
  };
  world.pass();
  Runs runs = world.runs();
  std::sort(runs.begin(), runs.end());
  EXPECT_EQ(runs, (Runs{"restart api@w1 1→2", "restart api@w2 1→2", "stop api@w3 1→2"}));
}

TEST(WorkerDrains, EndsByItself) {
  DrainsWorld world;
  world.drain("w2", "1ms");
  const WallTime now = world.clock.wall();
  while (world.clock.wall() - now < std::chrono::milliseconds(2)) continue;
  world.pass();
  world.pass();
  EXPECT_TRUE(world.reconciler.memory().drained.empty());
  EXPECT_TRUE(world.journal.state().find({JobName("api"), WorkerHost("w2")})->running);
}

TEST(WorkerDrains, MoreThanMayBeOutIsRefusedUnlessForced_R2_5) {
  DrainsWorld world;
  ASSERT_EQ(world.drain("w2").kind, Kind::kDone);
  world.pass();
  const ControlReply second = world.drain("w3");
  EXPECT_EQ(second.kind, Kind::kRefused);
  EXPECT_NE(second.text.find("api: 2 of 3 would be out, at most 1 may be"), std::string::npos) << second.text;
  EXPECT_EQ(world.drain("w3", "", true).kind, Kind::kDone);
  EXPECT_EQ(world.drain("w9").kind, Kind::kUnknownSubject);
  EXPECT_EQ(world.drain("w1", "soon", true).kind, Kind::kMalformed);
  EXPECT_EQ(world.desk.undrain_here("w1", "ann").kind, Kind::kUnknownSubject);
}

}  // namespace
}  // namespace maand::testing
