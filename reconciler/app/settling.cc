#include "reconciler/app/settling.h"

#include <memory>
#include <utility>
#include <vector>

namespace maand {
namespace {

struct Answers {  // outlives this call when it ends early
  std::size_t waiting = 0;
  std::vector<std::pair<AllocationKey, Outcome>> arrived;
};

}  // namespace

SettlingResult settle_open_operations(const SettlingDeps& deps, const std::function<bool()>& stop) {
  SettlingResult result;
  auto answers = std::make_shared<Answers>();
  for (const auto& [key, allocation] : deps.journal.state().allocations) {
    if (!allocation.open) continue;
    ++answers->waiting;
    Operation asked = *allocation.open;
    deps.journal.present(asked);
    deps.runner.ask(asked, [answers, &inbox = deps.inbox, key = key](Outcome outcome) {
      inbox.post([answers, key, outcome = std::move(outcome)] {
        --answers->waiting;
        answers->arrived.emplace_back(key, outcome);
      });
    });
  }
  while (answers->waiting > 0 && !stop()) deps.inbox.serve(deps.clock.now() + std::chrono::seconds(1));
  for (const auto& [key, outcome] : answers->arrived) {
    settle_answer(deps, key, outcome, result);
    const AppliedAllocation* known = deps.journal.state().find(key);
    result.unsettled += known && known->open ? 1 : 0;
  }
  result.unsettled += answers->waiting;
  return result;
}

void settle_answer(const SettlingDeps& deps, const AllocationKey& key, const Outcome& outcome,
                   SettlingResult& result) {
  const AppliedAllocation* known = deps.journal.state().find(key);
  if (!known || !known->open) return;
  // Asking cannot fail an operation: without an answer it stays open.
  if (outcome.kind == OutcomeKind::kCondition || outcome.kind == OutcomeKind::kUnknown) {
    result.set_aside[key.worker] = {outcome.condition, outcome.detail};
    deps.observer.on(Event{.kind = EventKind::kWorkerSetAside,
                           .job = key.job,
                           .worker = key.worker,
                           .operation = known->open->id,
                           .reason = to_string(outcome.condition),
                           .outcome = to_string(outcome.kind),
                           .text = "an earlier operation cannot be settled: " + outcome.detail});
    return;
  }
  if (outcome.confirmation == Confirmation::kPending) {
    result.pending.push_back(key);
    deps.journal.settle(key, outcome, known->attempted_head);
    return;
  }
  const Operation operation = *known->open;
  if (outcome.confirmation == Confirmation::kReverted)
    result.reverted.push_back({operation, known->tree, known->attempted_head, outcome});
  else if (outcome.kind == OutcomeKind::kFailed)
    result.failed.insert(key);
  deps.journal.settle(key, outcome, known->attempted_head);
  deps.observer.on(Event{.kind = EventKind::kOperationEnded,
                         .job = key.job,
                         .worker = key.worker,
                         .operation = operation.id,
                         .action = to_string(operation.action),
                         .reason = "Settled",
                         .outcome = to_string(outcome.kind),
                         .text = "the end of an earlier operation is known now",
                         .duration = outcome.duration});
}

}  // namespace maand
