// R5.8: whose health is asked for between rollouts.
#include "reconciler/core/watch_list.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/support/desire.h"

namespace maand {
namespace {

// One job `api` 1.0.0 with a check, running confirmed on w1.
struct World {
  World() {
    Worker worker;
    worker.host = WorkerHost("w1");
    worker.address = "10.0.0.1";
    worker.labels = {"worker"};
    workspace.workers = {worker};
    job.name = JobName("api");
    job.version = "1.0.0";
    job.selectors = {"worker"};
    job.tree = TreeId("tree");
    job.files = make_file_set({{.path = "Makefile", .content = sha256("a")}});
    job.health.checks = {{HealthCheck::Type::kTcp, 80, "web"}};
    allocation.key = {job.name, worker.host};
    allocation.running = true;
    allocation.version = "1.0.0";
    allocation.files = job.files;
    allocation.tree = job.tree;
    allocation.last = LastResult::kConfirmed;
    allocation.last_target = Target::kStart;
    allocation.health = Health::kHealthy;
  }

  // `w1:80` asked at that port; `w1:as before`; `w1:unprobed`; "" = not watched.
  std::string told() {
    workspace.jobs[job.name] = job;
    AppliedState applied;
    applied.allocations[allocation.key] = allocation;
    applied.jobs[job.name].job = job.name;
    const DesiredState desired = desire(CommitId("commit"), workspace, applied);
    const WatchList list = make_watch_list(desired, make_plan(desired, applied, {}), applied, {});
    std::string out;
    for (const WatchedAllocation& one : list.watched) {
      EXPECT_EQ(one.endpoint.address, "10.0.0.1");
      EXPECT_EQ(one.health, allocation.health);
      out += one.key.worker.str() + ":" +
             (one.spec ? std::to_string(one.spec->checks.at(0).port) : std::string("as before"));
    }
    for (const AllocationKey& key : list.unprobed) out += key.worker.str() + ":unprobed";
    return out;
  }

  Workspace workspace;
  Job job;
  AppliedAllocation allocation;
};

TEST(WatchList, R5_8_AnAllocationIsAskedWhatTheContentItRunsWantsToBeAsked) {
  const struct {
    const char* name;
    std::function<void(World&)> change;
    const char* told;
  } kCases[] = {
      {"as desired", [](World&) {}, "w1:80"},
      {"only what is not shipped changed",
       [](World& w) {
         w.job.tree = TreeId("another");
         w.job.health.checks[0].port = 81;
       },
       "w1:81"},
      {"it waits for an upgrade",
       [](World& w) {
         w.job.tree = TreeId("another");
         w.job.version = "2.0.0";
         w.job.health.checks[0].port = 81;
       },
       "w1:as before"},
      {"its last target failed", [](World& w) { w.allocation.last = LastResult::kFailed; }, "w1:as before"},
      {"an operation is open", [](World& w) { w.allocation.open = Operation{}; }, "w1:as before"},
      {"it does not run", [](World& w) { w.allocation.running = false; }, ""},
      {"it leaves",
       [](World& w) {
         w.job.selectors = {"nowhere"};
         w.workspace.workers[0].host = WorkerHost("w2");
       },
       ""},
      {"it has no check any more", [](World& w) { w.job.health.checks.clear(); }, "w1:unprobed"},
      {"it never had one",
       [](World& w) {
         w.job.health.checks.clear();
         w.allocation.health = Health::kUnprobed;
       },
       ""},
  };
  for (const auto& [name, change, told] : kCases) {
    World world;
    change(world);
    EXPECT_EQ(world.told(), told) << name;
  }
}

}  // namespace
}  // namespace maand
