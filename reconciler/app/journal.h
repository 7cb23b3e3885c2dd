// The applied state in memory and its store, always in step: intent before a
// worker is touched, fact after (R3.4, R7.1).
//
// Reconcile thread only. Every method that changes something throws StoreError
// when it could not be made durable, and then memory is as it was before.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/core/applied.h"
#include "reconciler/core/ports.h"

namespace maand {

class Journal {
 public:
  // Makes ids no other operation of any daemon ever has.
  using Ids = std::function<OperationId()>;

  // Loads the state. Store and clock must outlive the journal.
  Journal(Store& store, const Clock& clock, Ids ids = random_id);
  static OperationId random_id();  // of 128 random bits

  const AppliedState& state() const { return state_; }

  // What one operation is to be begun with.
  struct Intent {
    Operation operation;  // id, seq, epoch, base and credentials are filled in here
    TreeId tree;
    CommitId head;
    bool way_back = false;  // what is confirmed there is remembered, and kept by the worker (R5.2)
    // R5.7: the word that a stop comes with, kept with the record here and on the worker.
    std::optional<StoppedBy> stopped_by = {};
  };
  // Gives each intent its id and stores them in one transaction: one fsync
  // however many start together.
  std::vector<Operation> begin(std::vector<Intent> intents);

  // What a worker is to be shown that is spoken to about an operation (R3.5, R3.12).
  void present(Operation& operation) const;

  // Folds in what became of the open operation. kUnknown leaves it open, and so does one that
  // has to be confirmed first.
  void settle(const AllocationKey& key, const Outcome& outcome, const CommitId& commit);
  void set_health(const AllocationKey& key, Health health);
  // Its target ended well and its gate did not: whoever tries again acts on it again (R2.6).
  void fail_gate(const AllocationKey& key);
  // R5.7: it stays stopped until the word is lifted or over. One that runs is to be stopped by an
  // operation whose Intent bears the word.
  void stop_for_operator(const std::vector<AllocationKey>& keys, const StoppedBy& word);
  // Lifts the word; the next plan starts it again. Returns how many there were.
  std::size_t lift_stops(const std::vector<AllocationKey>& keys);
  // Those that are over by `now`.
  std::size_t expire_stops(WallTime now);
  // Rises whenever a word comes or goes.
  std::uint64_t stops_revision() const { return stops_revision_; }
  // R5.9: what a look made of their records, in one transaction. Only what differs is written.
  void set_drifts(const std::map<AllocationKey, std::optional<Drift>>& drifts);
  void set_baselines(const std::vector<std::pair<AllocationKey, Digest>>& baselines);
  void forget(const AllocationKey& key);
  // One transaction: records come, go, or change their names. claimed_seq: AppliedState's.
  void replace(const std::vector<AppliedAllocation>& records, Forgotten gone, std::uint64_t claimed_seq = 0);

  void put_worker(const WorkerRecord& record);
  void erase_worker(const WorkerHost& worker);
  // Neither falls (R3.12).
  void raise_epoch(std::uint64_t epoch, std::uint64_t last_seq);
  // Tells operations of this store from those of one that was lost. Made when it is first asked for.
  const std::string& store_id();
  // The rollout of `tree` is through for those that are confirmed with it; with an empty
  // tree, going back is through: nothing of the job has a way back any more (R5.2).
  void prove(const JobName& job, const TreeId& tree);
  void prove(const AllocationKey& key);

  void put_job(const JobRecord& record);
  void erase_job(const JobName& job);
  void put_heads(const CommitId& head, const CommitId& applied);
  // Numbers are durable before anything is started with them.
  void put_ports(const PortTable& ports);

  // `maand retry JOB` (R2.6, R3.10, R5.3): lifts its hold and lets failed stops be tried again.
  // Returns whether anything was held.
  bool lift_holds(const JobName& job);

  // After StoreError: read everything anew, so that memory is what is durable.
  void reload();

 private:
  void put(const AppliedAllocation& allocation);
  void saw_marker(const WorkerHost& host, const Outcome& outcome);

  Store& store_;
  const Clock& clock_;
  const Ids ids_;
  AppliedState state_;
  std::string store_id_;
  std::uint64_t stops_revision_ = 0;
};

}  // namespace maand
