#include "executor/remote_runner.h"

#include <utility>

#include "executor/drift_call.h"
#include "executor/operation_call.h"
#include "executor/probes.h"
#include "executor/recall.h"
#include "executor/session_cache.h"
#include "executor/thread_pool.h"

namespace maand {
namespace {

Recalled unrecalled() {
  Recalled out;
  out.condition = WorkerCondition::kUnreachable;
  out.detail = "the daemon is leaving";
  return out;
}

Seen unseen() {
  Seen out;
  out.condition = WorkerCondition::kUnreachable;
  out.detail = "the daemon is leaving";
  return out;
}

}  // namespace

class RemoteRunner::Parts {
 public:
  Parts(RemoteRunnerOptions options, Transport& transport, Blobs& blobs, OutputSink& output)
      : options_(std::move(options)),
        transport_(transport),
        sessions_(transport, options_.sessions_per_worker),
        deps_{options_, transport, sessions_, blobs, output, stopping_},
        probe_settings_{options_.ca_file},
        pool_(options_.max_threads),
        probe_pool_(options_.max_threads),
        look_pool_(options_.max_looks),
        confirm_pool_(options_.max_threads) {}

  void carry_out(const Operation& operation, bool ask, const OutcomeSink& sink) {
    pool_.run([this, operation, ask, sink] {
      Outcome outcome;
      try {
        if (stopping_ && !ask) {
          outcome.kind = OutcomeKind::kCondition;
          outcome.condition = WorkerCondition::kUnreachable;
          outcome.detail = "the daemon is leaving";
        } else if (!stopping_) {
          OperationCall call(deps_, operation);
          outcome = ask ? call.ask() : call.run();
        }
      } catch (const std::exception& error) {
        // Bytes that cannot be read: whether anything began is the worker's to say.
        outcome.kind = OutcomeKind::kUnknown;
        outcome.detail = error.what();
      }
      sink(outcome);
    });
  }

  void confirm(const Operation& operation, const OutcomeSink& sink) {
    confirm_pool_.run([this, operation, sink] {
      Outcome outcome;
      try {
        if (!stopping_) outcome = OperationCall(deps_, operation).confirm();
      } catch (const std::exception& error) {
        outcome.detail = error.what();
      }
      sink(outcome);
    });
  }

  void contact(const Endpoint& endpoint, const ContactSink& sink) {
    pool_.run([this, endpoint, sink] {
      // A connection that lies idle would prove nothing.
      Session connected = sessions_.acquire(endpoint, true);
      Contact contact{connected.condition, connected.detail};
      if (connected.connection) sessions_.give_back(endpoint, std::move(connected.connection));
      sink(contact);
    });
  }

  void recall(const Endpoint& endpoint, const WorkerHost& was, const RecallSink& sink) {
    pool_.run([this, endpoint, was, sink] {
      sink(stopping_ ? unrecalled() : recall_from(endpoint, was, options_, sessions_));
    });
  }

  void probe(const Endpoint& endpoint, const HealthSpec& spec, const HealthSink& sink) {
    probe_pool_.run([this, endpoint, spec, sink] {
      RoundAnswer answer;  // no verdict
      if (!stopping_) answer = probe_round(endpoint, spec, probe_settings_, sessions_, interrupter_);
      sink(answer.health, answer.detail);
    });
  }

  void look(const LookCall& call, const LookSink& sink) {
    look_pool_.run([this, call, sink] {
      Seen seen;
      try {
        seen = stopping_ ? unseen() : look_at(call, options_, sessions_);
      } catch (const std::exception& error) {  // no memory, no thread
        seen = unseen();
        seen.detail = error.what();
      }
      sink(std::move(seen));
    });
  }

  void release_connections() { sessions_.close_idle(); }

  void stop() {
    stopping_ = true;
    interrupter_->fire();
    sessions_.stop();
    transport_.interrupt();
  }

 private:
  const RemoteRunnerOptions options_;
  Transport& transport_;
  std::atomic<bool> stopping_ = false;
  SessionCache sessions_;
  const OperationCall::Deps deps_;
  const ProbeSettings probe_settings_;
  const std::shared_ptr<Interrupter> interrupter_ = std::make_shared<Interrupter>();  // of probes
  // Last: their threads use everything above. Several, so that probes, looks and targets that
  // take long never wait for one another's threads.
  ThreadPool pool_;
  ThreadPool probe_pool_;
  ThreadPool look_pool_;
  ThreadPool confirm_pool_;  // time runs on the worker: they wait for nobody
};

RemoteRunner::RemoteRunner(RemoteRunnerOptions options, Transport& transport, Blobs& blobs,
                           OutputSink& output)
    : parts_(std::make_unique<Parts>(std::move(options), transport, blobs, output)) {}

RemoteRunner::~RemoteRunner() = default;

void RemoteRunner::submit(const Operation& operation, OutcomeSink sink) {
  parts_->carry_out(operation, false, sink);
}
void RemoteRunner::ask(const Operation& operation, OutcomeSink sink) {
  parts_->carry_out(operation, true, sink);
}
void RemoteRunner::confirm(const Operation& operation, OutcomeSink sink) { parts_->confirm(operation, sink); }
void RemoteRunner::contact(const Endpoint& endpoint, ContactSink sink) { parts_->contact(endpoint, sink); }
void RemoteRunner::recall(const Endpoint& endpoint, const WorkerHost& was, RecallSink sink) {
  parts_->recall(endpoint, was, sink);
}
void RemoteRunner::probe(const Endpoint& endpoint, const HealthSpec& spec, HealthSink sink) {
  parts_->probe(endpoint, spec, sink);
}
void RemoteRunner::look(const LookCall& call, LookSink sink) { parts_->look(call, sink); }
void RemoteRunner::release_connections() { parts_->release_connections(); }
void RemoteRunner::stop() { parts_->stop(); }

}  // namespace maand
