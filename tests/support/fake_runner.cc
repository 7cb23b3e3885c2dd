#include "tests/support/fake_runner.h"

#include <utility>

namespace maand::testing {
namespace {

Outcome unreachable() {
  return {
      .kind = OutcomeKind::kCondition, .condition = WorkerCondition::kUnreachable, .detail = "it is dead"};
}

std::string told(const Operation& operation) {
  return std::string(to_string(operation.action)) + " " + operation.allocation.str() + " " +
         operation.current_version + "→" + operation.new_version;
}

}  // namespace

void FakeRunner::answer(std::function<void()> call) {
  if (holding_) {
    held_.push_back(std::move(call));
  } else {
    call();
  }
}

void FakeRunner::release_held() {
  for (const auto& call : std::exchange(held_, {})) call();
}

void FakeRunner::submit(const Operation& operation, OutcomeSink sink) {
  ++contacts;
  answer([this, operation, sink = std::move(sink)] {
    if (stopped_) return sink({.kind = OutcomeKind::kUnknown});
    if (dead.count(operation.allocation.worker) > 0) return sink(unreachable());
    const auto known = receipts_.find(operation.id);
    if (known != receipts_.end()) return sink(known->second);
    Worker& worker = workers[operation.allocation.worker];
    if (const auto refused = worker.admit(operation)) return sink(*refused);
    runs.push_back(told(operation));
    Outcome outcome = on_run(operation);
    outcome.instance = worker.instance;
    if (operation.confirm.count() > 0 && outcome.kind == OutcomeKind::kSucceeded) {
      outcome.confirmation = Confirmation::kPending;
      outcome.back_stopped = operation.keep.empty();  // counts once it is taken back
    }
    receipts_[operation.id] = outcome;
    worker.remember(operation, outcome);
    if (lose_answer.erase(operation.allocation) > 0) return sink({.kind = OutcomeKind::kUnknown});
    sink(outcome);
  });
}

void FakeRunner::ask(const Operation& operation, OutcomeSink sink) {
  ++contacts;
  answer([this, operation, sink = std::move(sink)] {
    if (stopped_) return sink({.kind = OutcomeKind::kUnknown});
    if (dead.count(operation.allocation.worker) > 0) return sink(unreachable());
    const auto [receipt, sealed] = receipts_.insert({operation.id, {.kind = OutcomeKind::kNever}});
    if (reverts.count(operation.allocation) > 0) revert(operation);
    sink(receipt->second);
  });
}

void FakeRunner::revert(const Operation& operation) {
  Outcome& receipt = receipts_[operation.id];
  if (receipt.confirmation != Confirmation::kPending) return;
  receipt.kind = OutcomeKind::kFailed;
  receipt.confirmation = Confirmation::kReverted;
  receipt.back = OutcomeKind::kSucceeded;
  receipt.detail = "no new connection confirmed it";
  runs.push_back("back " + operation.allocation.str());
}

void FakeRunner::confirm(const Operation& operation, OutcomeSink sink) {
  ++contacts;
  confirmations.push_back(operation.allocation);
  answer([this, operation, sink = std::move(sink)] {
    const WorkerHost& host = operation.allocation.worker;
    if (stopped_) return sink({.kind = OutcomeKind::kUnknown});
    const auto receipt = receipts_.find(operation.id);
    if (reverts.count(operation.allocation) > 0) revert(operation);
    if (dead.count(host) > 0 || cut.count(host) > 0) {
      return sink({.kind = OutcomeKind::kUnknown,
                   .condition = WorkerCondition::kUnreachable,
                   .detail = "it takes no new connection"});
    }
    if (const auto worker = workers.find(host); worker != workers.end()) {
      if (auto refused = worker->second.refusal(operation)) {
        refused->kind = OutcomeKind::kUnknown;
        return sink(*refused);
      }
    }
    if (receipt == receipts_.end()) return sink({.kind = OutcomeKind::kInterrupted});
    if (receipt->second.confirmation == Confirmation::kPending)
      receipt->second.confirmation = Confirmation::kConfirmed;
    sink(receipt->second);
  });
}

void FakeRunner::contact(const Endpoint& endpoint, ContactSink sink) {
  ++contacts;
  answer([this, host = endpoint.host, sink = std::move(sink)] {
    const bool lost = stopped_ || dead.count(host) > 0;
    sink(lost ? Contact{WorkerCondition::kUnreachable, "it is dead"} : Contact{});
  });
}

void FakeRunner::recall(const Endpoint& endpoint, const WorkerHost& was, RecallSink sink) {
  ++contacts;
  answer([this, host = endpoint.host, was, sink = std::move(sink)] {
    Recalled out;
    if (stopped_ || dead.count(host) > 0) {
      out.condition = WorkerCondition::kUnreachable;
      out.detail = "it is dead";
      return sink(out);
    }
    if (const auto known = kept.find(host); known != kept.end()) out.ports = known->second;
    if (const auto worker = workers.find(host); worker != workers.end()) worker->second.tell(host, was, out);
    sink(out);
  });
}

void FakeRunner::probe(const Endpoint& endpoint, const HealthSpec& spec, HealthSink sink) {
  probes.push_back(endpoint.host);
  answer([this, host = endpoint.host, none = spec.checks.empty(), sink = std::move(sink)] {
    if (stopped_ || none) return sink(Health::kUnprobed, "");
    bool healthy = dead.count(host) == 0;
    for (const AllocationKey& key : unhealthy) healthy = healthy && key.worker != host;
    sink(healthy ? Health::kHealthy : Health::kUnhealthy, healthy ? "" : "it does not answer");
  });
}

void FakeRunner::look(const LookCall& call, LookSink sink) {
  looks.push_back(call);
  answer([this, call, sink = std::move(sink)] {
    Seen out;
    if (stopped_ || dead.count(call.endpoint.host) > 0) {
      out.condition = WorkerCondition::kUnreachable;
      out.detail = "it is dead";
      return sink(out);
    }
    if (look_condition.condition != WorkerCondition::kNone) {
      out.condition = look_condition.condition;
      out.detail = look_condition.detail;
      return sink(out);
    }
    for (const JobLook& asked : call.jobs) {
      const auto known = seen.find({asked.job, call.endpoint.host});
      JobSeen& job = out.jobs.emplace_back(known == seen.end() ? JobSeen{} : known->second);
      job.job = asked.job;
      if (job.list.empty()) job.list = asked.files->list_id.hex();
    }
    sink(out);
  });
}

void FakeRunner::stop() { stopped_ = true; }

}  // namespace maand::testing
