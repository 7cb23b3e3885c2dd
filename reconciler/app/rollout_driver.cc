#include "reconciler/app/rollout_driver.h"

#include <algorithm>
#include <utility>

#include "reconciler/core/reconstruction.h"

namespace maand {
namespace {

// For as long as this lives, however a rollout ends.
class Listening {
 public:
  Listening(HealthWatcher* watcher, HealthWatcher::Listener listener) : watcher_(watcher) {
    if (watcher_) watcher_->listen(std::move(listener));
  }
  ~Listening() {
    if (watcher_) watcher_->listen(nullptr);
  }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

 private:
  HealthWatcher* const watcher_;
};

}  // namespace

RolloutDriver::RolloutDriver(Deps deps, DocumentsFor documents, CommitId head)
    : deps_(deps),
      documents_(std::move(documents)),
      head_(std::move(head)),
      flight_(std::make_shared<Flight>(Flight{this})) {
  for (const auto& [key, allocation] : deps_.journal.state().allocations) {
    if (allocation.last != LastResult::kNone) confirmed_.insert(key.worker);
  }
}

RolloutDriver::~RolloutDriver() { flight_->driver = nullptr; }

void RolloutDriver::run(Rollout& rollout, const std::function<void()>& between) {
  const Listening listening(deps_.health,
                            [&](const AllocationKey& key, Health health, const std::string& detail) {
                              rollout.on_probe(key, health, detail, deps_.clock.now());
                            });
  while (true) {
    between();
    if (store_failure_) rollout.stop_all(Reason::kStopping);
    begin_steps(rollout);
    if (store_failure_ ? in_flight_ == 0 : rollout.finished()) break;
    const Instant now = deps_.clock.now();
    Instant deadline = now + std::chrono::seconds(1);
    if (const auto wake = rollout.wake_at()) deadline = std::min(deadline, *wake);
    deps_.inbox.serve(deadline);
  }
  if (store_failure_) std::rethrow_exception(store_failure_);
}

void RolloutDriver::begin_steps(Rollout& rollout) {
  // Forgetting needs no worker, so its answer may release more steps at once.
  for (std::vector<Step> steps = rollout.next(deps_.clock.now()); !steps.empty();
       steps = rollout.next(deps_.clock.now())) {
    std::vector<Step> runs;
    for (Step& step : steps) {
      if (step.kind == Step::Kind::kHook) {
        begin_hooks(rollout, step);
        continue;
      }
      if (deps_.health && step.kind != Step::Kind::kContact) deps_.health->pause(step.key);
      if (step.kind == Step::Kind::kRun) {
        runs.push_back(std::move(step));
        continue;
      }
      if (step.kind == Step::Kind::kConfirm) {
        begin_confirmation(rollout, step);
        continue;
      }
      ++in_flight_;
      // When an answer comes, this may be gone: a store that failed ends a pass at once.
      const auto land = [this, &inbox = deps_.inbox, flight = flight_](std::function<void()> report) {
        inbox.post([this, flight, report = std::move(report)] {
          if (!flight->driver) return;
          --in_flight_;
          report();
        });
      };
      if (step.kind == Step::Kind::kContact) {
        deps_.runner.contact(step.endpoint,
                             [this, land, &rollout, worker = step.key.worker](Contact contact) {
                               land([this, &rollout, worker, contact = std::move(contact)] {
                                 tell_set_aside(worker, to_string(contact.condition), contact.detail);
                                 rollout.on_contact(worker, contact, deps_.clock.now());
                               });
                             });
      } else {
        deps_.runner.probe(step.endpoint, step.health,
                           [this, land, &rollout, key = step.key](Health health, std::string detail) {
                             land([this, &rollout, key, health, detail = std::move(detail)] {
                               rollout.on_probe(key, health, detail, deps_.clock.now());
                               try {
                                 if (rollout.came_up(key)) deps_.journal.set_health(key, Health::kHealthy);
                               } catch (const StoreError&) {
                                 store_failure_ = std::current_exception();
                               }
                             });
                           });
      }
    }
    begin_operations(rollout, std::move(runs));
    if (store_failure_) return;
  }
}

void RolloutDriver::begin_hooks(Rollout& rollout, const Step& step) {
  ++in_flight_;
  deps_.hooks(step, [this, &rollout, flight = flight_, job = step.key.job](const HookRoundEnd& end) {
    if (!flight->driver) return;
    --in_flight_;
    rollout.on_hooks(job, end, deps_.clock.now());
  });
}

std::optional<Contact> RolloutDriver::kept_off(const WorkerHost& worker) const {
  if (!fence_.empty()) return Contact{WorkerCondition::kFenced, fence_};
  if (!deps_.unread) return std::nullopt;
  if (const auto unread = deps_.unread->find(worker); unread != deps_.unread->end()) return unread->second;
  if (deps_.journal.state().workers.count(worker) > 0 || confirmed_.count(worker) > 0) return std::nullopt;
  return Contact{WorkerCondition::kUnreachable, "what it keeps of this bucket was not read yet"};
}

void RolloutDriver::keep_off(Rollout& rollout, const Step& step, const Contact& contact) {
  tell_set_aside(step.key.worker, to_string(contact.condition), contact.detail);
  rollout.on_outcome(
      step.key,
      Outcome{.kind = OutcomeKind::kCondition, .condition = contact.condition, .detail = contact.detail},
      deps_.clock.now());
}

void RolloutDriver::introduce(Rollout& rollout, Step step) {
  const Endpoint endpoint = step.endpoint;
  std::vector<Step>& waiting = introduced_[endpoint.host];
  waiting.push_back(std::move(step));
  if (waiting.size() > 1) return;  // it is being asked
  ++in_flight_;
  const auto record = deps_.journal.state().workers.find(endpoint.host);
  deps_.runner.recall(
      endpoint, record == deps_.journal.state().workers.end() ? WorkerHost() : record->second.was,
      [this, &inbox = deps_.inbox, &rollout, flight = flight_, worker = endpoint.host](Recalled told) {
        inbox.post([this, &rollout, flight, worker, told = std::move(told)] {
          if (!flight->driver) return;
          --in_flight_;
          on_introduced(rollout, worker, told);
        });
      });
}

void RolloutDriver::on_introduced(Rollout& rollout, const WorkerHost& worker, const Recalled& told) {
  std::vector<Step> steps = std::move(introduced_.extract(worker).mapped());
  Contact contact{told.condition, told.detail};
  if (told.condition == WorkerCondition::kIdentityMismatch ||
      told.condition == WorkerCondition::kWorkerStateMissing) {
    contact = {};  // an operator may have said that this is the worker: what is begun there shows that
  } else if (told.condition == WorkerCondition::kNone) {
    if (beyond_known(deps_.journal.state(), worker, told)) {
      // Nothing claims by itself what a store that knows other things has forgotten.
      contact = {WorkerCondition::kFenced, "it keeps operations that this store does not know"};
      heed_fence(worker, contact);
    } else {
      deps_.met->insert(worker);
    }
  }
  std::vector<Step> wanted;
  for (Step& step : steps) {
    if (contact.condition != WorkerCondition::kNone) {
      keep_off(rollout, step, contact);
    } else if (rollout.wants(step.key)) {
      wanted.push_back(std::move(step));
    } else {
      rollout.on_outcome(step.key, Outcome{.kind = OutcomeKind::kNever}, deps_.clock.now());
    }
  }
  run_operations(rollout, std::move(wanted));
}

void RolloutDriver::begin_operations(Rollout& rollout, std::vector<Step> steps) {
  std::vector<Step> known;
  for (Step& step : steps) {
    if (step.action.action == Action::kForget) {
      try {
        deps_.journal.forget(step.key);
      } catch (const StoreError&) {
        store_failure_ = std::current_exception();
      }
      rollout.on_outcome(step.key, Outcome{.kind = OutcomeKind::kSucceeded}, deps_.clock.now());
    } else if (deps_.met && deps_.met->count(step.key.worker) == 0 && !kept_off(step.key.worker)) {
      introduce(rollout, std::move(step));
    } else {
      known.push_back(std::move(step));
    }
  }
  run_operations(rollout, std::move(known));
}

void RolloutDriver::run_operations(Rollout& rollout, std::vector<Step> steps) {
  std::vector<Step> travelling;
  std::vector<Journal::Intent> intents;
  for (Step& step : steps) {
    if (const auto contact = kept_off(step.key.worker)) {
      keep_off(rollout, step, *contact);
      continue;
    }
    const WorkerDocuments documents = documents_(step.key.worker);
    Operation operation;
    operation.allocation = step.key;
    operation.action = step.action.action;
    operation.endpoint = step.endpoint;
    operation.files = step.action.files;
    operation.rendered_with = step.action.rendered_with;
    operation.current_version = step.action.current_version;
    operation.new_version = step.action.new_version;
    operation.attempt = step.action.attempt;
    operation.previous = step.action.previous;
    operation.timeout = step.timeout;
    operation.ports = step.ports;
    operation.confirm = step.confirm;
    operation.back_limits = step.back_limits;
    operation.worker_json = documents.worker_json;
    operation.jobs_json = documents.jobs_json;
    operation.credentials.claims = documents.claims;
    operation.expect_marker = confirmed_.count(step.key.worker) > 0;
    intents.push_back({std::move(operation), step.tree, head_, step.way_back});
    travelling.push_back(std::move(step));
  }
  if (intents.empty()) return;

  std::vector<Operation> operations;
  try {
    if (store_failure_) std::rethrow_exception(store_failure_);
    for (std::size_t i = 0; deps_.amend && i < travelling.size(); ++i) deps_.amend(travelling[i], intents[i]);
    operations = deps_.journal.begin(std::move(intents));
  } catch (const StoreError& error) {
    // R7.4: without the journal no worker is touched.
    store_failure_ = std::current_exception();
    const Outcome outcome{.kind = OutcomeKind::kCondition,
                          .condition = WorkerCondition::kNone,
                          .detail = std::string("not begun: ") + error.what()};
    for (const Step& step : travelling) rollout.on_outcome(step.key, outcome, deps_.clock.now());
    return;
  }
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const Step& step = travelling[i];
    const Operation& operation = operations[i];
    operations_[step.key] = operation.id;
    ++in_flight_;
    deps_.observer.on(Event{.kind = EventKind::kOperationBegun,
                            .commit = step.commit,
                            .job = step.key.job,
                            .worker = step.key.worker,
                            .operation = operation.id,
                            .action = to_string(operation.action),
                            .reason = to_string(step.action.reason),
                            .text = sentence(step.action),
                            .attempt = operation.attempt});
    // The sink keeps only what reporting needs: file sets are shared, not copied.
    deps_.runner.submit(operation, [this, &inbox = deps_.inbox, &rollout, flight = flight_, step,
                                    operation](Outcome outcome) {
      inbox.post([this, &rollout, flight, step, operation, outcome = std::move(outcome)] {
        if (!flight->driver) return;
        --in_flight_;
        end_operation(rollout, step, operation, outcome);
      });
    });
  }
}

void RolloutDriver::end_operation(Rollout& rollout, const Step& step, const Operation& operation,
                                  const Outcome& outcome) {
  acted_ = acted_ || (outcome.kind != OutcomeKind::kCondition && outcome.kind != OutcomeKind::kNever);
  try {
    deps_.journal.settle(step.key, outcome, step.commit);
  } catch (const StoreError&) {
    // The operation stays open in the store; its receipt settles it later.
    store_failure_ = std::current_exception();
  }
  if (outcome.kind == OutcomeKind::kSucceeded) confirmed_.insert(step.key.worker);
  deps_.observer.on(Event{.kind = EventKind::kOperationEnded,
                          .commit = step.commit,
                          .job = step.key.job,
                          .worker = step.key.worker,
                          .operation = operation.id,
                          .action = to_string(operation.action),
                          .reason = to_string(step.action.reason),
                          .outcome = to_string(outcome.kind),
                          .text = outcome.detail,
                          .duration = outcome.duration});
  tell_set_aside(step.key.worker, to_string(outcome.condition), outcome.detail);
  heed_fence(step.key.worker, {outcome.condition, outcome.detail});
  rollout.on_outcome(step.key, outcome, deps_.clock.now());
}

void RolloutDriver::heed_fence(const WorkerHost& worker, const Contact& contact) {
  if (contact.condition != WorkerCondition::kFenced || !fence_.empty() || store_failure_) return;
  fence_ = contact.detail;
  try {
    if (deps_.fenced) deps_.fenced(worker, contact.detail);
  } catch (const StoreError&) {
    store_failure_ = std::current_exception();
  }
}

void RolloutDriver::begin_confirmation(Rollout& rollout, const Step& step) {
  const AppliedAllocation* known = deps_.journal.state().find(step.key);
  if (!known || !known->open) {  // its worker knows how it ended, and the store does not
    rollout.on_outcome(step.key, Outcome{.detail = "its operation is not on record"}, deps_.clock.now());
    return;
  }
  Operation operation = *known->open;
  deps_.journal.present(operation);
  ++in_flight_;
  deps_.runner.confirm(
      operation, [this, &inbox = deps_.inbox, &rollout, flight = flight_, step, operation](Outcome outcome) {
        inbox.post([this, &rollout, flight, step, operation, outcome = std::move(outcome)] {
          if (!flight->driver) return;
          --in_flight_;
          end_confirmation(rollout, step, operation, outcome);
        });
      });
}

// Only now it counts (R2.9 confirm_seconds), or is known not to.
void RolloutDriver::end_confirmation(Rollout& rollout, const Step& step, const Operation& operation,
                                     const Outcome& outcome) {
  const bool well = outcome.kind == OutcomeKind::kSucceeded;
  try {
    deps_.journal.settle(step.key, outcome, step.commit);
    if (well && !step.way_back) deps_.journal.prove(step.key);
    if (well && rollout.came_up(step.key)) deps_.journal.set_health(step.key, Health::kHealthy);
  } catch (const StoreError&) {
    store_failure_ = std::current_exception();
  }
  if (!well) {
    deps_.observer.on(Event{.kind = EventKind::kNotice,
                            .commit = step.commit,
                            .job = step.key.job,
                            .worker = step.key.worker,
                            .operation = operation.id,
                            .reason = to_string(Reason::kNotConfirmed),
                            .outcome = to_string(outcome.kind),
                            .text = outcome.detail});
  }
  heed_fence(step.key.worker, {outcome.condition, outcome.detail});
  rollout.on_outcome(step.key, outcome, deps_.clock.now());
}

void RolloutDriver::tell_set_aside(const WorkerHost& worker, const std::string& condition,
                                   const std::string& detail) {
  std::string& told = told_[worker];
  if (told == condition) return;
  told = condition;
  deps_.observer.on(Event{.kind = condition.empty() ? EventKind::kWorkerBack : EventKind::kWorkerSetAside,
                          .worker = worker,
                          .reason = condition,
                          .text = detail});
}

}  // namespace maand
