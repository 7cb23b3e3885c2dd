// Workers in memory, for tests of the loop: they keep receipts, run "targets"
// that only count, and can be dead, slow or failing.
//
// Behaves like executor/remote_runner as far as the port promises: every call is
// answered exactly once, an id runs at most once, an unknown id is sealed.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconciler/core/ports.h"
#include "tests/support/worker_memory.h"

namespace maand::testing {

class FakeRunner : public Runner {
 public:
  // What a target does; default: succeed. Called once per run that really happens.
  std::function<Outcome(const Operation&)> on_run = [](const Operation&) {
    return Outcome{.kind = OutcomeKind::kSucceeded};
  };
  std::set<WorkerHost> dead;          // kUnreachable
  std::set<AllocationKey> unhealthy;  // probes fail
  std::set<AllocationKey> reverts;    // nobody confirms them in time: taken back by then
  // Whom confirmations were asked for, in order. Over new connections: `cut` ones fail.
  std::vector<AllocationKey> confirmations;
  std::set<WorkerHost> cut;  // reachable over what is open, and over nothing new
  // The next answers of an operation get lost after it ran: kUnknown.
  std::set<AllocationKey> lose_answer;

  // What a look finds; without an entry all is in order. `list` empty: as was asked.
  std::map<AllocationKey, JobSeen> seen;
  Contact look_condition;       // otherwise than kNone: answers every look
  std::vector<LookCall> looks;  // in the order in which they were asked for

  std::map<WorkerHost, PortTable> kept;  // what recall answers of ports
  // Copied to another runner, it is the same worker.
  using Worker = WorkerMemory;
  std::map<WorkerHost, Worker> workers;
  // `start api@w1 0.0.0→1.0.0`, in the order in which targets ran.
  std::vector<std::string> runs;
  std::vector<WorkerHost> probes;  // in the order in which they were asked for
  int releases = 0;                // of connections
  int contacts = 0;                // calls that would have needed a connection

  // With hold() on, answers wait until release_held().
  void hold(bool on) { holding_ = on; }
  std::size_t held() const { return held_.size(); }
  void release_held();

  void submit(const Operation& operation, OutcomeSink sink) override;
  void ask(const Operation& operation, OutcomeSink sink) override;
  void confirm(const Operation& operation, OutcomeSink sink) override;
  void contact(const Endpoint& endpoint, ContactSink sink) override;
  void recall(const Endpoint& endpoint, const WorkerHost& was, RecallSink sink) override;
  void probe(const Endpoint& endpoint, const HealthSpec& spec, HealthSink sink) override;
  void look(const LookCall& call, LookSink sink) override;
  void release_connections() override { ++releases; }
  void stop() override;

 private:
  void answer(std::function<void()> call);
  // Taken back by its worker: what is told of the operation from then on.
  void revert(const Operation& operation);

  std::map<OperationId, Outcome> receipts_;  // per operation, for ever
  bool holding_ = false;
  bool stopped_ = false;
  std::vector<std::function<void()>> held_;
};

}  // namespace maand::testing
