// 100,000 actions through the rollout machine: what its own bookkeeping costs per
// action when workers answer at once. The shape decides how often batches are
// chosen: one huge job in batches of one is the worst.
#include <benchmark/benchmark.h>

#include <string>
#include <utility>

#include "reconciler/core/rollout.h"

namespace maand {
namespace {

constexpr int kActions = 100000;

JobPlan job_of(int number, int allocations, bool checks) {
  JobPlan plan;
  const auto endpoint = std::make_shared<const Endpoint>();
  plan.job = JobName("job-" + std::to_string(number));
  if (checks) plan.health.checks.push_back({HealthCheck::Type::kTcp, 80});
  for (int i = 0; i < allocations; ++i) {
    PlannedAction action;
    action.key = {plan.job, WorkerHost("10.0.0." + std::to_string(i))};
    action.action = Action::kRestart;
    ActiveAllocation active;
    active.key = action.key;
    active.endpoint = endpoint;
    active.running = true;
    plan.active.push_back(active);
    plan.upgrades.push_back(std::move(action));
  }
  return plan;
}

void roll_out(benchmark::State& state) {
  const int jobs = static_cast<int>(state.range(0));
  const bool checks = state.range(1) != 0;
  double steps = 0;
  for (auto _ : state) {
    state.PauseTiming();
    Rollout rollout({});
    Instant now{};
    for (int j = 0; j < jobs; ++j) rollout.put(job_of(j, kActions / jobs, checks), now);
    state.ResumeTiming();
    while (!rollout.finished()) {
      const auto handed_out = rollout.next(now);
      for (const Step& step : handed_out) {
        if (step.kind == Step::Kind::kContact) rollout.on_contact(step.key.worker, {}, now);
        if (step.kind == Step::Kind::kProbe) rollout.on_probe(step.key, Health::kHealthy, "", now);
        if (step.kind == Step::Kind::kRun) {
          rollout.on_outcome(step.key, Outcome{.kind = OutcomeKind::kSucceeded}, now);
        }
      }
      steps += static_cast<double>(handed_out.size());
      if (handed_out.empty() && rollout.wake_at()) now = *rollout.wake_at();
    }
  }
  state.counters["steps"] = steps / static_cast<double>(state.iterations());
  state.counters["s_per_step"] =
      benchmark::Counter(steps, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(roll_out)
    ->ArgNames({"jobs", "checks"})
    ->Args({1, 0})
    ->Args({1, 1})
    ->Args({1000, 0})
    ->Args({1000, 1})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace maand
