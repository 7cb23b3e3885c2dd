// How a job fares, for people and for the jobs that demand it.
#include "reconciler/core/job_run.h"

namespace maand {
namespace {

constexpr std::size_t kNamed = 10;  // more names than this help nobody

}  // namespace

const char* to_string(JobReport::State state) {
  switch (state) {
    case JobReport::State::kPending:
      return "pending";
    case JobReport::State::kRunning:
      return "running";
    case JobReport::State::kDone:
      return "done";
    case JobReport::State::kDegraded:
      return "degraded";
    case JobReport::State::kWaiting:
      return "waiting";
    case JobReport::State::kFailed:
      return "failed";
    case JobReport::State::kStopped:
      return "stopped";
    case JobReport::State::kHeld:
      return "held";
    case JobReport::State::kRolledBack:
      return "rolled back";
  }
  return "pending";
}

std::optional<std::size_t> JobRun::find(const WorkerHost& worker) const {
  const auto it = by_worker_.find(worker);
  if (it == by_worker_.end()) return std::nullopt;
  return it->second;
}

std::string JobRun::names_of(AllocationReport::State state) const {
  std::string out;
  std::size_t count = 0;
  for (const AllocationRun& run : runs_) {
    if (!run.planned || run.state != state || ++count > kNamed) continue;
    out += (out.empty() ? "" : ", ") + run.key.str();
    if (!run.detail.empty()) out += " (" + run.detail + ")";
  }
  if (count > kNamed) out += " and " + std::to_string(count - kNamed) + " more";
  return out;
}

JobReport JobRun::report() const {
  JobReport report;
  report.job = plan_.job;
  report.commit = plan_.commit;
  report.tree = plan_.tree;
  report.state = state_;
  report.reason = reason_;
  report.detail = detail_;
  report.rollback = plan_.rollback;
  report.would_go_back = plan_.policy.on_failure == RolloutPolicy::OnFailure::kRollback && !plan_.rollback &&
                         (!plan_.held || plan_.held_reason == Reason::kPinned);
  if (activity_ == Activity::kBake) {
    report.detail = "bakes: it has to stay healthy for " + std::to_string(plan_.policy.bake.count()) + " s";
  }
  if (hooks_) report.detail = std::string("runs its hooks for ") + to_string(hooks_->event);
  report.batch = batch_number_;
  report.batches = batches_;
  // Held, it runs none (R1.7).
  report.owes_hooks = plan_.held || (plan_.hooks.post_deploy && !plan_.hooks.control && !post_deployed_);
  for (const AllocationRun& run : runs_) {
    if (!run.planned) continue;
    report.allocations.push_back(
        {*run.planned, run.state, run.outcome, run.health, run.condition, run.detail});
    // It was to be stopped for a port first, and nobody asked for that.
    if (run.handover && run.doing == Action::kRestart) report.allocations.back().action.action = run.doing;
  }
  return report;
}

Upstream JobRun::as_upstream() const {
  Upstream upstream;
  upstream.over = over();
  upstream.state = state_;
  upstream.reason = reason_;
  upstream.detail = detail_;
  if (!over()) return upstream;
  for (const AllocationRun& run : runs_) {
    if (run.active < 0 || !run.running || fleet_.aside(run.lane)) continue;
    upstream.running.push_back({run.key, run.version});
  }
  return upstream;
}

}  // namespace maand
