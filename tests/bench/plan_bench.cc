// Planning 100,000 allocations (200 workers × 500 jobs): target at most 100 ms.
//
// The baseline is the least any planner must do: look at every applied
// allocation once. `vs_baseline` is how many of those walks a plan costs.
#include <benchmark/benchmark.h>

#include <chrono>
#include <string>

#include "reconciler/core/plan.h"
#include "tests/support/desire.h"

namespace maand {
namespace {

constexpr int kWorkers = 200;
constexpr int kJobs = 500;

struct Fleet {
  Workspace workspace;
  AppliedState applied;
};

Job make_job(int index, const std::string& version) {
  Job job;
  job.name = JobName("job-" + std::to_string(1000 + index));
  job.version = version;
  job.selectors = {"worker"};
  job.tree = TreeId("tree-" + job.name.str() + version);
  job.files = make_file_set({{.path = "Makefile", .content = sha256(job.name.str())}});
  return job;
}

// Everything is applied at 1.0.0; every `changed_every`-th job moves to 1.1.0 (0 = none).
Fleet make_fleet(int changed_every) {
  Fleet fleet;
  for (int w = 0; w < kWorkers; ++w) {
    Worker worker;
    worker.host = WorkerHost("10.0." + std::to_string(w / 250) + "." + std::to_string(w % 250));
    worker.labels = {"worker"};
    worker.position = w;
    fleet.workspace.workers.push_back(worker);
  }
  for (int j = 0; j < kJobs; ++j) {
    const Job before = make_job(j, "1.0.0");
    const bool changes = changed_every > 0 && j % changed_every == 0;
    fleet.workspace.jobs[before.name] = changes ? make_job(j, "1.1.0") : before;
    for (const Worker& worker : fleet.workspace.workers) {
      AppliedAllocation allocation;
      allocation.key = {before.name, worker.host};
      allocation.running = true;
      allocation.version = before.version;
      allocation.files = before.files;
      allocation.tree = before.tree;
      allocation.last = LastResult::kConfirmed;
      allocation.last_target = Target::kStart;
      fleet.applied.allocations.emplace(allocation.key, allocation);
    }
  }
  return fleet;
}

double walk_seconds(const AppliedState& applied) {
  const auto begin = std::chrono::steady_clock::now();
  std::size_t running = 0;
  for (const auto& [key, allocation] : applied.allocations) running += allocation.running ? 1 : 0;
  benchmark::DoNotOptimize(running);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void plan(benchmark::State& state) {
  const Fleet fleet = make_fleet(static_cast<int>(state.range(0)));
  double planned = 0;
  double walked = 0;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    const DesiredState desired = desire(CommitId("head"), fleet.workspace, fleet.applied);
    const Plan result = make_plan(desired, fleet.applied, {});
    benchmark::DoNotOptimize(&result);
    planned += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    state.PauseTiming();
    walked += walk_seconds(fleet.applied);
    state.ResumeTiming();
  }
  state.counters["allocations"] = kWorkers * kJobs;
  state.counters["vs_baseline"] = planned / walked;
}

BENCHMARK(plan)->ArgName("changed_every")->Arg(0)->Arg(100)->Arg(10)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace maand
