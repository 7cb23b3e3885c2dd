// The workers of the simulation. They outlive the daemon: a target that was begun
// goes on when nobody listens any more, and its receipt stays.
//
// Behaves as executor/remote_runner and its script promise (R3.4): an id runs at
// most once, an unknown one that is asked for is sealed, one operation at a time on
// an allocation; what was confirmed is kept and put back (R5.2); and whom a worker lets
// write is testing::WorkerMemory's.
#pragma once

#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "reconciler/core/ports.h"
#include "tests/simulation/process.h"
#include "tests/support/worker_memory.h"

namespace maand::simulation {

// What an allocation is on its worker.
struct Place {
  FileSetPtr files;      // that lie there
  std::string version;   // of those files
  bool running = false;  // something was started and not stopped
  Digest loaded;         // files that the running thing was last started, restarted or reloaded with
  std::string loaded_version;
  bool last_good = false;    // the last target ended well
  FileSetPtr kept;           // confirmed before, to be put back (R5.2)
  OperationId busy;          // whose target runs now
  std::uint64_t newest = 0;  // number of the newest operation that began here
};

// How targets and connections behave, in percent per operation.
struct Weather {
  int fail = 0;  // a target
  int cut = 0;   // the connection while its target runs
  int lose = 0;  // the connection before anything begins
};

class Fleet {
 public:
  // What the referee sees: before a target or a removal begins, and when one has ended.
  std::function<void(const Operation&, const Place&)> on_begin = [](auto&&...) {};
  std::function<void(const Operation&, const Place&, const Outcome&)> on_end = [](auto&&...) {};

  // A probe said so.
  std::function<void(const AllocationKey&, const Place&)> on_unhealthy = [](auto&&...) {};
  std::function<void(const Operation&)> on_not_kept = [](auto&&) {};  // what is to be put back is not there

  Fleet(Timeline& timeline, std::uint64_t seed) : timeline_(timeline), random_(seed) {}

  Weather weather;
  std::set<std::string> bad_versions;   // `job version`: its start and restart fail
  std::set<std::string> sick_versions;  // its probes fail

  void set_up(const WorkerHost& host, bool up) { workers_[host].up = up; }
  void reboot(const WorkerHost& host);   // what runs is interrupted
  void replace(const WorkerHost& host);  // by an empty machine
  bool was_replaced(const WorkerHost& host) { return workers_[host].replaced; }
  bool is_blank(const WorkerHost& host) { return workers_[host].memory.instance.empty(); }

  const std::map<AllocationKey, Place>& places() const { return places_; }

  // For one process; answers go nowhere once it is gone.
  void submit(const Operation& operation, Runner::OutcomeSink sink, const Life& life);
  void ask(const Operation& operation, Runner::OutcomeSink sink, const Life& life);
  void contact(const WorkerHost& host, Runner::ContactSink sink, const Life& life);
  void probe(const AllocationKey& key, Runner::HealthSink sink, const Life& life);
  void recall(const WorkerHost& host, const WorkerHost& was, Runner::RecallSink sink, const Life& life);

 private:
  struct Machine {
    bool up = true;
    int boot = 1;
    bool replaced = false;
    testing::WorkerMemory memory;
  };
  struct Receipt {
    WorkerHost worker;
    bool running = false;
    Outcome outcome;
    std::vector<std::pair<Life, Runner::OutcomeSink>> waiting;
  };

  int pick(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }
  bool chance(int percent) { return pick(1, 100) <= percent; }
  Duration latency() { return Duration(pick(1, 60)); }
  void answer(const Life& life, const Runner::OutcomeSink& sink, const Outcome& outcome);
  void arrive(const Operation& operation, const Runner::OutcomeSink& sink, const Life& life);
  void run(const Operation& operation, const Runner::OutcomeSink& sink, const Life& life);
  void take_along(const Operation& operation);
  bool land(const Operation& operation, Place& place);
  void finish(const Operation& operation, int boot);
  void end(const Operation& operation, Outcome outcome);

  Timeline& timeline_;
  std::mt19937_64 random_;
  std::map<WorkerHost, Machine> workers_;
  std::map<AllocationKey, Place> places_;
  std::map<OperationId, Receipt> receipts_;
  std::map<OperationId, Operation> running_;
};

// The Runner of one process over the fleet.
class SimRunner : public Runner {
 public:
  // `on_submit` is told each operation that is sent.
  SimRunner(Fleet& fleet, Life life, std::function<void(const Operation&)> on_submit)
      : fleet_(fleet), life_(std::move(life)), on_submit_(std::move(on_submit)) {}

  void submit(const Operation& operation, OutcomeSink sink) override;
  void ask(const Operation& operation, OutcomeSink sink) override;
  // Nothing in the simulation has to be confirmed so far.
  void confirm(const Operation& operation, OutcomeSink sink) override { ask(operation, std::move(sink)); }
  void contact(const Endpoint& endpoint, ContactSink sink) override;
  void recall(const Endpoint& endpoint, const WorkerHost& was, RecallSink sink) override;
  // The job is named in the command of the spec's only check.
  void probe(const Endpoint& endpoint, const HealthSpec& spec, HealthSink sink) override;
  // Nobody changes anything by hand here.
  void look(const LookCall& call, LookSink sink) override;
  void release_connections() override {}
  void stop() override {}

 private:
  Fleet& fleet_;
  Life life_;
  std::function<void(const Operation&)> on_submit_;
};

}  // namespace maand::simulation
