#include "reconciler/app/owed_confirmations.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "reconciler/core/health_gate.h"

namespace maand {
namespace {

struct Owed {
  OwedConfirmation what;
  Instant until{};
  HealthGate gate;
  bool confirming = false;
  bool over = false;
  std::optional<Outcome> outcome;
};

struct Shared {  // outlives the call when it ends early
  std::vector<Owed> all;
};

class Confirming {
 public:
  Confirming(const SettlingDeps& deps, const std::vector<OwedConfirmation>& owed)
      : deps_(deps), shared_(std::make_shared<Shared>()) {
    for (const OwedConfirmation& what : owed) {
      Owed& one = shared_->all.emplace_back();
      one.what = what;
      one.until = deps_.clock.now() + what.within;
      if (what.health.checks.empty()) continue;
      one.gate.open(what.health, deps_.clock.now());
      one.gate.add(0, false);
    }
  }

  void run(const std::function<bool()>& stop) {
    while (!stop()) {
      Instant next = deps_.clock.now() + std::chrono::seconds(1);
      bool open = false;
      for (std::size_t i = 0; i < shared_->all.size(); ++i) {
        Owed& one = shared_->all[i];
        step(i);
        open = open || !one.over;
        if (const auto round = one.gate.wake_at(); round && !one.over && !one.confirming)
          next = std::min(next, *round);
      }
      if (!open) return;
      deps_.inbox.serve(next);
    }
  }

  const std::vector<Owed>& all() const { return shared_->all; }

 private:
  void step(std::size_t i) {
    Owed& one = shared_->all[i];
    const AppliedAllocation* known = deps_.journal.state().find(one.what.key);
    // By then its worker is on its way back; the next pass asks what became of it.
    if (!known || !known->open || deps_.clock.now() >= one.until) one.over = true;
    if (one.over || one.confirming) return;
    const bool gated = !one.what.health.checks.empty();
    if (gated && !one.gate.due(deps_.clock.now()).empty()) {
      deps_.runner.probe(
          known->endpoint, one.what.health,
          [shared = shared_, &inbox = deps_.inbox, i](Health health, const std::string&) {
            inbox.post([shared, i, health] { shared->all[i].gate.on_probe(0, health == Health::kHealthy); });
          });
      return;
    }
    if (gated && one.gate.verdict() == HealthGate::Verdict::kOpen) return;
    if (gated && one.gate.verdict() == HealthGate::Verdict::kFailed) {
      one.over = true;  // its worker takes it back
      return;
    }
    one.confirming = true;
    Operation operation = *known->open;
    operation.confirm = one.what.within;
    deps_.journal.present(operation);
    deps_.runner.confirm(operation, [shared = shared_, &inbox = deps_.inbox, i](Outcome outcome) {
      inbox.post([shared, i, outcome = std::move(outcome)] {
        shared->all[i].outcome = outcome;
        shared->all[i].over = true;
      });
    });
  }

  const SettlingDeps& deps_;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace

std::vector<OwedConfirmation> owed_confirmations(const std::vector<AllocationKey>& pending,
                                                 const AppliedState& applied,
                                                 const std::map<JobName, Job>& jobs) {
  std::vector<OwedConfirmation> out;
  for (const AllocationKey& key : pending) {
    const AppliedAllocation* known = applied.find(key);
    const auto job = jobs.find(key.job);
    if (!known || job == jobs.end() || job->second.tree != known->tree) continue;
    const auto record = applied.jobs.find(key.job);
    // Its rollout has failed: what is not confirmed yet is better where it comes from.
    if (record != applied.jobs.end() && record->second.held_tree == known->tree) continue;
    const RolloutPolicy& rollout = job->second.rollout;
    out.push_back({key, job->second.health, rollout.confirm,
                   rollout.on_failure == RolloutPolicy::OnFailure::kRollback});
  }
  return out;
}

void confirm_owed(const SettlingDeps& deps, const std::vector<OwedConfirmation>& owed,
                  const std::function<bool()>& stop, SettlingResult& result) {
  if (owed.empty()) return;
  Confirming confirming(deps, owed);
  confirming.run(stop);
  for (const Owed& one : confirming.all()) {
    if (!one.outcome) continue;
    settle_answer(deps, one.what.key, *one.outcome, result);
    const AppliedAllocation* known = deps.journal.state().find(one.what.key);
    if (!known || known->open) continue;
    --result.unsettled;
    if (one.outcome->kind != OutcomeKind::kSucceeded) continue;
    if (!one.what.keeps_way_back) deps.journal.prove(one.what.key);
    if (!one.what.health.checks.empty()) deps.journal.set_health(one.what.key, Health::kHealthy);
  }
}

}  // namespace maand
