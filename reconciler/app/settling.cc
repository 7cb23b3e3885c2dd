#include "reconciler/app/settling.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace maand {
struct OpenQuestions::State {
  struct Answer {
    AllocationKey key;
    OperationId operation;
    Outcome outcome;
  };
  std::map<AllocationKey, OperationId> asked;  // no answer yet
  std::vector<Answer> arrived;
  std::function<void()> answered;  // told while nobody waits
};

OpenQuestions::OpenQuestions() : state_(std::make_shared<State>()) {}

SettlingResult OpenQuestions::settle(const SettlingDeps& deps,
                                     std::optional<std::chrono::milliseconds> patience,
                                     std::function<void()> answered, const std::function<bool()>& stop) {
  SettlingResult result;
  const auto take_answers = [&] {
    for (const State::Answer& answer : std::exchange(state_->arrived, {})) {
      const AppliedAllocation* known = deps.journal.state().find(answer.key);
      if (!known || !known->open || known->open->id != answer.operation) continue;  // known by now
      settle_answer(deps, answer.key, answer.outcome, result);
    }
  };
  state_->answered = nullptr;
  take_answers();
  for (const auto& [key, allocation] : deps.journal.state().allocations) {
    if (!allocation.open) continue;
    const auto asked = state_->asked.find(key);
    if (asked != state_->asked.end() && asked->second == allocation.open->id) continue;
    Operation operation = *allocation.open;
    deps.journal.present(operation);
    state_->asked[key] = operation.id;
    deps.runner.ask(operation, [state = std::weak_ptr(state_), &inbox = deps.inbox, key = key,
                                id = operation.id](Outcome outcome) {
      inbox.post([state, key, id, outcome = std::move(outcome)] {
        const auto questions = state.lock();
        if (!questions) return;
        const auto known = questions->asked.find(key);
        if (known != questions->asked.end() && known->second == id) questions->asked.erase(known);
        questions->arrived.push_back({key, id, outcome});
        if (questions->answered) questions->answered();
      });
    });
  }
  const Instant until = patience ? deps.clock.now() + *patience : Instant::max();
  while (!state_->asked.empty() && !stop() && deps.clock.now() < until)
    deps.inbox.serve(std::min(until, deps.clock.now() + std::chrono::seconds(1)));
  state_->answered = std::move(answered);

  take_answers();
  for (const auto& [key, id] : state_->asked) result.asked.push_back(key);
  for (const auto& [key, allocation] : deps.journal.state().allocations)
    result.unsettled += allocation.open ? 1 : 0;
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
