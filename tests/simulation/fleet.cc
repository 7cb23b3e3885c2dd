#include "tests/simulation/fleet.h"

#include <utility>

namespace maand::simulation {
namespace {

Outcome unreachable() {
  return {.kind = OutcomeKind::kCondition,
          .condition = WorkerCondition::kUnreachable,
          .detail = "it does not answer"};
}

std::string content(const Operation& operation) {
  return operation.allocation.job.str() + " " + operation.new_version;
}

}  // namespace

void Fleet::answer(const Life& life, const Runner::OutcomeSink& sink, const Outcome& outcome) {
  timeline_.after(latency(), [life, sink, outcome] {
    if (*life) sink(outcome);
  });
}

void Fleet::submit(const Operation& operation, Runner::OutcomeSink sink, const Life& life) {
  // What is on the wire arrives, whatever becomes of who sent it.
  timeline_.after(latency(),
                  [this, operation, sink = std::move(sink), life] { arrive(operation, sink, life); });
}

void Fleet::arrive(const Operation& operation, const Runner::OutcomeSink& sink, const Life& life) {
  if (!workers_[operation.allocation.worker].up) return answer(life, sink, unreachable());
  if (chance(weather.lose)) return answer(life, sink, {.kind = OutcomeKind::kUnknown});
  if (const auto known = receipts_.find(operation.id); known != receipts_.end()) {
    if (known->second.running) {
      known->second.waiting.emplace_back(life, sink);
    } else {
      answer(life, sink, known->second.outcome);
    }
    return;
  }
  if (const auto refused = workers_[operation.allocation.worker].memory.admit(operation))
    return answer(life, sink, *refused);
  if (!places_[operation.allocation].busy.empty()) {
    return answer(life, sink,
                  {.kind = OutcomeKind::kCondition, .condition = WorkerCondition::kBusy, .detail = "busy"});
  }
  run(operation, sink, life);
}

void Fleet::run(const Operation& operation, const Runner::OutcomeSink& sink, const Life& life) {
  take_along(operation);
  Place& place = places_[operation.allocation];
  on_begin(operation, place);
  place.newest = operation.seq;
  Receipt& receipt = receipts_[operation.id];
  receipt.worker = operation.allocation.worker;
  receipt.running = true;
  receipt.waiting.emplace_back(life, sink);
  place.busy = operation.id;
  running_[operation.id] = operation;
  if (ships_files(operation.action) && !land(operation, place)) on_not_kept(operation);
  Machine& machine = workers_[operation.allocation.worker];
  machine.memory.remember(operation, std::nullopt);
  const bool has_target = target_of(operation.action) != Target::kNone;
  const int boot = machine.boot;
  if (has_target && chance(weather.cut)) {
    for (auto& [who, waiter] : std::exchange(receipt.waiting, {}))
      answer(who, waiter, {.kind = OutcomeKind::kUnknown});
  }
  timeline_.after(Duration(has_target ? pick(50, 4'000) : 5),
                  [this, operation, boot] { finish(operation, boot); });
}

// A job that was renamed is stopped where it lies, and its directory moves.
void Fleet::take_along(const Operation& operation) {
  if (operation.moved_from.empty()) return;
  const bool moves = ships_files(operation.action) || operation.action == Action::kRemove;
  const auto old = places_.find({operation.moved_from, operation.allocation.worker});
  if (old == places_.end() || !old->second.files) return;
  if (operation.action == Action::kStop) old->second.running = false;
  Place& place = places_[operation.allocation];
  if (!moves || place.files) return;
  const std::uint64_t newest = place.newest;
  place = old->second;
  place.newest = newest;
  place.running = false;
  place.kept = nullptr;
  places_.erase(old);
}

// R5.2: of what lies there, what was confirmed is kept; and what is put back was kept, or
// never left.
bool Fleet::land(const Operation& operation, Place& place) {
  const auto is = [](const FileSetPtr& files, const Digest& list) { return files && files->list_id == list; };
  if (!operation.keep.empty() && is(place.files, operation.keep)) place.kept = place.files;
  const Digest& list = operation.files->list_id;
  const bool there = !restores(operation.action) || is(place.files, list) || is(place.kept, list);
  place.files = operation.files;
  return there;
}

void Fleet::finish(const Operation& operation, int boot) {
  if (workers_[operation.allocation.worker].boot != boot) return;  // it was interrupted
  Outcome outcome{.kind = OutcomeKind::kSucceeded, .boot_id = "boot " + std::to_string(boot)};
  Place& place = places_[operation.allocation];
  const Target target = target_of(operation.action);
  if (target != Target::kNone && target != Target::kStop &&
      (bad_versions.count(content(operation)) > 0 || chance(weather.fail))) {
    outcome.kind = OutcomeKind::kFailed;
    outcome.exit_status = 2;
  }
  if (target != Target::kNone) place.last_good = outcome.kind == OutcomeKind::kSucceeded;
  if (outcome.kind == OutcomeKind::kSucceeded) {
    if (target == Target::kStop) {
      place.running = false;
    } else if (target != Target::kNone) {
      place.running = true;
      place.loaded = place.files->digest;
      place.loaded_version = operation.new_version;
    }
    if (operation.action == Action::kRemove) {
      place.files = nullptr;
      place.version.clear();
    } else if (ships_files(operation.action) && operation.action != Action::kStage) {
      place.version = operation.new_version;
    }
  }
  end(operation, outcome);
}

void Fleet::end(const Operation& operation, Outcome outcome) {
  Place& place = places_[operation.allocation];
  place.busy = {};
  running_.erase(operation.id);
  on_end(operation, place, outcome);
  Machine& machine = workers_[operation.allocation.worker];
  outcome.instance = machine.memory.instance;
  machine.memory.remember(operation, outcome);
  Receipt& receipt = receipts_[operation.id];
  receipt.running = false;
  receipt.outcome = outcome;
  for (auto& [life, sink] : std::exchange(receipt.waiting, {})) answer(life, sink, outcome);
}

void Fleet::reboot(const WorkerHost& host) {
  Machine& machine = workers_[host];
  ++machine.boot;
  const auto before = running_;
  for (const auto& [id, operation] : before) {
    if (operation.allocation.worker != host) continue;
    places_[operation.allocation].last_good = false;
    end(operation, {.kind = OutcomeKind::kInterrupted,
                    .boot_id = "boot " + std::to_string(machine.boot),
                    .detail = "reboot"});
  }
}

void Fleet::replace(const WorkerHost& host) {
  Machine& machine = workers_[host];
  ++machine.boot;  // what ran there never ends
  machine.replaced = true;
  machine.memory = {};
  std::erase_if(running_, [&](const auto& one) { return one.second.allocation.worker == host; });
  std::erase_if(places_, [&](const auto& one) { return one.first.worker == host; });
  for (auto it = receipts_.begin(); it != receipts_.end();) {
    if (it->second.worker != host) {
      ++it;
      continue;
    }
    for (auto& [life, sink] : it->second.waiting) answer(life, sink, {.kind = OutcomeKind::kUnknown});
    it = receipts_.erase(it);
  }
}

void Fleet::ask(const Operation& operation, Runner::OutcomeSink sink, const Life& life) {
  timeline_.after(latency(), [this, operation, sink = std::move(sink), life] {
    const Machine& machine = workers_[operation.allocation.worker];
    if (!machine.up) return answer(life, sink, unreachable());
    if (const auto refused = machine.memory.refusal(operation)) return answer(life, sink, *refused);
    const auto [receipt, sealed] = receipts_.insert({operation.id,
                                                     {.worker = operation.allocation.worker,
                                                      .running = false,
                                                      .outcome = {.kind = OutcomeKind::kNever},
                                                      .waiting = {}}});
    if (receipt->second.running) {
      receipt->second.waiting.emplace_back(life, sink);
    } else {
      answer(life, sink, receipt->second.outcome);
    }
  });
}

void Fleet::contact(const WorkerHost& host, Runner::ContactSink sink, const Life& life) {
  timeline_.after(latency(), [this, host, sink = std::move(sink), life] {
    if (!*life) return;
    sink(workers_[host].up ? Contact{} : Contact{WorkerCondition::kUnreachable, "it does not answer"});
  });
}

void Fleet::probe(const AllocationKey& key, Runner::HealthSink sink, const Life& life) {
  timeline_.after(latency(), [this, key, sink = std::move(sink), life] {
    if (!*life) return;
    const Place& place = places_[key];
    const bool healthy = workers_[key.worker].up && place.running &&
                         sick_versions.count(key.job.str() + " " + place.loaded_version) == 0;
    if (!healthy) on_unhealthy(key, place);
    sink(healthy ? Health::kHealthy : Health::kUnhealthy, healthy ? "" : "it does not answer");
  });
}

void Fleet::recall(const WorkerHost& host, const WorkerHost& was, Runner::RecallSink sink, const Life& life) {
  timeline_.after(latency(), [this, host, was, sink = std::move(sink), life] {
    if (!*life) return;
    Recalled recalled;
    const Machine& machine = workers_[host];
    if (machine.up) {
      machine.memory.tell(host, was, recalled);
    } else {
      recalled.condition = WorkerCondition::kUnreachable;
    }
    sink(recalled);
  });
}

void SimRunner::submit(const Operation& operation, OutcomeSink sink) {
  on_submit_(operation);
  fleet_.submit(operation, std::move(sink), life_);
}
void SimRunner::ask(const Operation& operation, OutcomeSink sink) {
  fleet_.ask(operation, std::move(sink), life_);
}
void SimRunner::contact(const Endpoint& endpoint, ContactSink sink) {
  fleet_.contact(endpoint.host, std::move(sink), life_);
}
void SimRunner::recall(const Endpoint& endpoint, const WorkerHost& was, RecallSink sink) {
  fleet_.recall(endpoint.host, was, std::move(sink), life_);
}
void SimRunner::look(const LookCall& /*call*/, LookSink sink) {
  sink({.condition = WorkerCondition::kUnreachable, .detail = "nobody looks", .jobs = {}});
}
void SimRunner::probe(const Endpoint& endpoint, const HealthSpec& spec, HealthSink sink) {
  if (spec.checks.empty()) return sink(Health::kUnprobed, "");
  fleet_.probe({JobName(spec.checks[0].command), endpoint.host}, std::move(sink), life_);
}

}  // namespace maand::simulation
