#include "reconciler/app/journal.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

#include "reconciler/core/allocation_record.h"

namespace maand {
namespace {

// Rises for ever, also across a lost store: a worker refuses an operation that
// is older than the newest it has seen, so a fresh store must not start at 1.
std::uint64_t next_seq(std::uint64_t last, WallTime wall) {
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(wall.time_since_epoch());
  return std::max(last + 1, static_cast<std::uint64_t>(now.count()));
}

}  // namespace

Journal::Journal(Store& store, const Clock& clock, Ids ids)
    : store_(store), clock_(clock), ids_(std::move(ids)), state_(store.load()) {}

OperationId Journal::random_id() {
  static thread_local std::random_device random;
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (int word = 0; word < 4; ++word) {
    const unsigned value = random();
    for (int nibble = 0; nibble < 8; ++nibble) text.push_back(kDigits[(value >> (4 * nibble)) & 15U]);
  }
  return OperationId{text};
}

void Journal::reload() { state_ = store_.load(); }

const std::string& Journal::store_id() {
  constexpr const char* kKey = "store_id";
  if (!store_id_.empty()) return store_id_;
  std::string id = store_.setting(kKey).value_or("");
  if (id.empty()) {
    id = ids_().str();
    store_.put_setting(kKey, id);
  }
  return store_id_ = id;
}

void Journal::present(Operation& operation) const {
  operation.epoch = state_.epoch;
  const auto worker = state_.workers.find(operation.allocation.worker);
  if (worker == state_.workers.end()) return;
  operation.credentials.instance = worker->second.instance;
  operation.credentials.adopt_marker = worker->second.adopt_marker;
  operation.credentials.was = worker->second.was;
}

std::vector<Operation> Journal::begin(std::vector<Intent> intents) {
  std::vector<Operation> operations;
  std::vector<AppliedAllocation> torn;
  std::uint64_t seq = state_.last_seq;
  for (Intent& intent : intents) {
    Operation& operation = intent.operation;
    AppliedAllocation record;
    record.ran_seq = state_.ran_seq(operation.allocation);
    if (const AppliedAllocation* known = state_.find(operation.allocation)) record = *known;
    operation.id = ids_();
    operation.seq = seq = next_seq(seq, clock_.wall());
    present(operation);
    operation.moved_from = record.moved_from;
    // What it had under the name it had is not kept, so its worker has no way back.
    if (!record.moved_from.empty()) operation.confirm = Seconds{0};
    // What has drifted is sent anew as a whole: the difference of two lists would leave it.
    const bool drifted = drift_kind(record.drift) != DriftKind::kNone && !restores(operation.action);
    operation.base = drifted ? nullptr : record.files;
    if (operation.action == Action::kRemove) operation.files = empty_file_set();
    if (!operation.files) operation.files = record.files ? record.files : empty_file_set();
    record_begin(record, operation, intent.tree, intent.head, intent.way_back);
    if (intent.stopped_by) {
      maand::stop_for_operator(record, *intent.stopped_by);
      ++stops_revision_;
    }
    if (intent.way_back && record.before && record.before->files)
      operation.keep = record.before->files->list_id;
    torn.push_back(std::move(record));
    operations.push_back(operation);
  }
  store_id();
  store_.begin(torn, seq);
  for (std::size_t i = 0; i < torn.size(); ++i) {
    Credentials& shown = operations[i].credentials;
    shown.known_seq = torn[i].ran_seq;
    shown.record = allocation_record(torn[i], store_id_);
  }
  state_.last_seq = seq;
  for (AppliedAllocation& record : torn) state_.allocations[record.key] = std::move(record);
  return operations;
}

void Journal::settle(const AllocationKey& key, const Outcome& outcome, const CommitId& commit) {
  const auto it = state_.allocations.find(key);
  if (it == state_.allocations.end() || !it->second.open || outcome.kind == OutcomeKind::kUnknown) return;
  if (outcome.confirmation == Confirmation::kPending) return saw_marker(key.worker, outcome);
  AppliedAllocation record = it->second;
  const bool moves = !record.open->moved_from.empty();
  // A first operation that never began leaves nothing to remember.
  const bool untouched = !record.files && record.last == LastResult::kNone && !record.running;
  const bool nothing_began = outcome.kind == OutcomeKind::kNever || outcome.kind == OutcomeKind::kCondition;
  const OperationId id = record.open->id;
  // R5.7: a stop that surely never began leaves what runs, and the word that came with it has stopped
  // nothing. Where one failed before, nothing may bring up what is half down.
  const bool half_down = record.last_target == Target::kStop && record.last != LastResult::kConfirmed;
  const bool lifts = record.stopped_by && record.open->action == Action::kStop && nothing_began && !half_down;
  const bool remains = record_outcome(record, outcome, commit) && !(untouched && nothing_began);
  // Staged files confirm nothing.
  if (outcome.kind == OutcomeKind::kSucceeded && record.last_operation == id)
    record.confirmed_at = clock_.wall();
  if (lifts) record.stopped_by.reset();
  if (lifts) ++stops_revision_;
  saw_marker(key.worker, outcome);
  std::vector<AppliedAllocation> records;
  Forgotten gone;
  // Where it moved away from, that it ran there counts for whatever comes under the old name.
  if (const AllocationKey old{it->second.open->moved_from, key.worker}; moves) {
    if (const AppliedAllocation* other = state_.find(old)) {
      records.push_back(*other);
      records.back().ran_seq = std::max(other->ran_seq, record.ran_seq);
    } else {
      gone[old] = record.ran_seq;
    }
  }
  if (remains) {
    records.push_back(std::move(record));
  } else {
    gone[key] = record.ran_seq;
  }
  replace(records, gone);
}

// R3.5: from then on it has to be there. A word that let it be another one is used up.
void Journal::saw_marker(const WorkerHost& host, const Outcome& outcome) {
  if (outcome.instance.empty()) return;
  WorkerRecord worker;
  if (const auto known = state_.workers.find(host); known != state_.workers.end()) worker = known->second;
  if (worker.instance == outcome.instance && !worker.adopt_marker && worker.was.empty()) return;
  worker.host = host;
  worker.instance = outcome.instance;
  worker.adopt_marker = false;
  worker.was = {};
  put_worker(worker);
}

void Journal::put(const AppliedAllocation& allocation) { replace({allocation}, {}); }

void Journal::set_health(const AllocationKey& key, Health health) {
  const AppliedAllocation* known = state_.find(key);
  if (!known || known->health == health) return;
  AppliedAllocation record = *known;
  record.health = health;
  put(record);
}

void Journal::fail_gate(const AllocationKey& key) {
  const AppliedAllocation* known = state_.find(key);
  if (!known || known->open || known->last != LastResult::kConfirmed) return;
  AppliedAllocation record = *known;
  record.last = LastResult::kFailed;
  record.attempts += 1;
  put(record);
}

void Journal::stop_for_operator(const std::vector<AllocationKey>& keys, const StoppedBy& word) {
  std::vector<AppliedAllocation> records;
  for (const AllocationKey& key : keys) {
    const AppliedAllocation* known = state_.find(key);
    if (!known || known->stopped_by == word) continue;
    records.push_back(*known);
    maand::stop_for_operator(records.back(), word);
  }
  if (!records.empty()) ++stops_revision_;
  replace(records, {});
}

std::size_t Journal::lift_stops(const std::vector<AllocationKey>& keys) {
  std::vector<AppliedAllocation> records;
  for (const AllocationKey& key : keys) {
    const AppliedAllocation* known = state_.find(key);
    if (!known || !known->stopped_by) continue;
    records.push_back(*known);
    records.back().stopped_by.reset();
  }
  if (!records.empty()) ++stops_revision_;
  replace(records, {});
  return records.size();
}

std::size_t Journal::expire_stops(WallTime now) {
  std::vector<AllocationKey> over;
  for (const auto& [key, allocation] : state_.allocations) {
    // An open operation that hooks were the stop of is told by the word that came with it (record_outcome).
    if (allocation.stopped_by && !allocation.open && allocation.stopped_by->over(now)) over.push_back(key);
  }
  return over.empty() ? 0 : lift_stops(over);
}

void Journal::set_drifts(const std::map<AllocationKey, std::optional<Drift>>& drifts) {
  std::vector<AppliedAllocation> records;
  for (const auto& [key, drift] : drifts) {
    const AppliedAllocation* known = state_.find(key);
    if (!known || known->drift == drift) continue;
    records.push_back(*known);
    records.back().drift = drift;
  }
  replace(records, {});
}

void Journal::set_baselines(const std::vector<std::pair<AllocationKey, Digest>>& baselines) {
  std::vector<AppliedAllocation> records;
  for (const auto& [key, digest] : baselines) {
    const AppliedAllocation* known = state_.find(key);
    if (!known) continue;
    records.push_back(*known);
    records.back().baseline = digest;
  }
  replace(records, {});
}

void Journal::forget(const AllocationKey& key) {
  const AppliedAllocation* known = state_.find(key);
  if (known) replace({}, {{key, known->open ? known->open->seq : 0}});  // which may have run
}

void Journal::replace(const std::vector<AppliedAllocation>& records, Forgotten gone,
                      std::uint64_t claimed_seq) {
  if (records.empty() && gone.empty() && claimed_seq <= state_.claimed_seq) return;
  for (auto& [key, ran_seq] : gone) ran_seq = std::max(ran_seq, state_.ran_seq(key));
  store_.settle(records, gone, claimed_seq);
  state_.claimed_seq = std::max(state_.claimed_seq, claimed_seq);
  for (const auto& [key, ran_seq] : gone) {
    state_.allocations.erase(key);
    state_.forgotten[key] = ran_seq;
  }
  for (const AppliedAllocation& record : records) state_.allocations[record.key] = record;
}

void Journal::put_worker(const WorkerRecord& record) {
  const auto known = state_.workers.find(record.host);
  if (known != state_.workers.end() && known->second == record) return;
  store_.put_worker(record);
  state_.workers[record.host] = record;
}

void Journal::erase_worker(const WorkerHost& worker) {
  if (state_.workers.count(worker) == 0) return;
  store_.erase_worker(worker);
  state_.workers.erase(worker);
  std::erase_if(state_.forgotten, [&](const auto& one) { return one.first.worker == worker; });
}

void Journal::raise_epoch(std::uint64_t epoch, std::uint64_t last_seq) {
  if (epoch <= state_.epoch && last_seq <= state_.last_seq) return;
  store_.put_epoch(epoch, last_seq);
  state_.epoch = std::max(state_.epoch, epoch);
  state_.last_seq = std::max(state_.last_seq, last_seq);
}

void Journal::prove(const JobName& job, const TreeId& tree) {
  std::vector<AppliedAllocation> records;
  for (auto it = state_.allocations.lower_bound({job, WorkerHost{}});
       it != state_.allocations.end() && it->first.job == job; ++it) {
    const AppliedAllocation& known = it->second;
    if (!known.before || known.open) continue;
    if (!tree.empty() && (known.tree != tree || known.last != LastResult::kConfirmed)) continue;
    records.push_back(known);
    AppliedAllocation& through = records.back();
    if (tree.empty() && !through.before->running) through.rolled_back_from = through.tree;
    maand::prove(through);
  }
  replace(records, {});
}

void Journal::prove(const AllocationKey& key) {
  const AppliedAllocation* known = state_.find(key);
  if (!known || !known->before || known->open) return;
  AppliedAllocation record = *known;
  maand::prove(record);
  put(record);
}

void Journal::put_job(const JobRecord& record) {
  store_.put_job(record);
  state_.jobs[record.job] = record;
}

void Journal::erase_job(const JobName& job) {
  store_.erase_job(job);
  state_.jobs.erase(job);
}

void Journal::put_heads(const CommitId& head, const CommitId& applied) {
  if (state_.head == head && state_.applied == applied) return;
  store_.put_heads(head, applied);
  state_.head = head;
  state_.applied = applied;
}

void Journal::put_ports(const PortTable& ports) {
  if (state_.ports == ports) return;
  store_.put_ports(ports);
  state_.ports = ports;
}

bool Journal::lift_holds(const JobName& job) {
  bool lifted = false;
  const auto record = state_.jobs.find(job);
  const bool held = record != state_.jobs.end() &&
                    (!record->second.held_reason.empty() || !record->second.failed_keys.empty());
  // R5.2: going back that was begun is finished first.
  if (held && record->second.rollback != Rollback::kBegun) {
    JobRecord free = record->second;
    free.held_reason.clear();
    free.held_detail.clear();
    free.held_tree = {};
    free.held_commit = {};
    free.failed_keys.clear();
    free.rollback = Rollback::kNone;
    free.failures = 0;
    put_job(free);
    lifted = true;
  }
  for (auto it = state_.allocations.lower_bound({job, WorkerHost{}});
       it != state_.allocations.end() && it->first.job == job; ++it) {
    const AppliedAllocation& known = it->second;
    const bool failed = known.last == LastResult::kFailed && !known.attempted_head.empty();
    const bool healed = known.drift && !known.drift->heal && known.drift->healed_at != WallTime{};
    const bool taken_back = !known.rolled_back_from.empty() && !known.open;
    if (!known.stop_failed && known.interruptions == 0 && !failed && !healed && !taken_back) continue;
    AppliedAllocation free = known;
    if (healed) forget_healing(free.drift);  // R5.9: the next look may heal it again
    if (taken_back) free.rolled_back_from = {};
    free.attempted_head = {};
    free.interruptions = 0;
    free.interrupted_boot.clear();
    free.reboot_loop = false;
    put(free);
    lifted = true;
  }
  return lifted;
}

}  // namespace maand
