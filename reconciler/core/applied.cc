#include "reconciler/core/applied.h"

#include <algorithm>
#include <utility>

namespace maand {

namespace {

std::vector<int> together(std::vector<int> numbers, const PortNumbers& more) {
  for (const auto& [name, number] : more) numbers.push_back(number);
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

bool is_same_list(const FileSetPtr& a, const FileSetPtr& b) { return a && b && a->list_id == b->list_id; }

// The same list differs from what is wanted by as little as before (R1.10).
void lay_files(AppliedAllocation& allocation, const Operation& operation) {
  if (!is_same_list(allocation.files, operation.files)) allocation.baseline = {};
  allocation.files = operation.files;
  allocation.rendered_with = operation.rendered_with;
}

bool may_listen_after(Target target) { return target != Target::kNone && target != Target::kStop; }

}  // namespace

std::vector<int> held_ports(const AppliedAllocation& allocation) {
  // Stopped, or never come so far: nobody would stop it, so nobody needs to (restart.h, `may_run`).
  const bool failed = allocation.last == LastResult::kFailed || allocation.last == LastResult::kInterrupted;
  const bool may_run = failed && allocation.last_target != Target::kStop && !allocation.missing_target;
  if (!allocation.open && !allocation.running && !may_run) return {};
  if (!allocation.open || !may_listen_after(target_of(allocation.open->action))) return allocation.holds;
  return together(allocation.holds, allocation.open->ports);
}

const char* to_string(LastResult result) {
  switch (result) {
    case LastResult::kNone:
      return "none";
    case LastResult::kConfirmed:
      return "confirmed";
    case LastResult::kFailed:
      return "failed";
    case LastResult::kInterrupted:
      return "interrupted";
  }
  return "none";
}

LastResult last_result_from(std::string_view word) {
  for (const LastResult result : {LastResult::kConfirmed, LastResult::kFailed, LastResult::kInterrupted}) {
    if (word == to_string(result)) return result;
  }
  return LastResult::kNone;
}

const char* to_string(Rollback rollback) {
  switch (rollback) {
    case Rollback::kNone:
      return "";
    case Rollback::kDue:
      return "due";
    case Rollback::kBegun:
      return "begun";
    case Rollback::kDone:
      return "done";
    case Rollback::kFailed:
      return "failed";
  }
  return "";
}

Rollback rollback_from(std::string_view word) {
  for (const Rollback rollback : {Rollback::kDue, Rollback::kBegun, Rollback::kDone, Rollback::kFailed}) {
    if (word == to_string(rollback)) return rollback;
  }
  return Rollback::kNone;
}

const AppliedAllocation* AppliedState::find(const AllocationKey& key) const {
  const auto it = allocations.find(key);
  return it == allocations.end() ? nullptr : &it->second;
}

std::uint64_t AppliedState::ran_seq(const AllocationKey& key) const {
  if (const AppliedAllocation* known = find(key)) return known->ran_seq;
  const auto it = forgotten.find(key);
  return it == forgotten.end() ? claimed_seq : std::max(it->second, claimed_seq);
}

bool AppliedState::blank() const {
  return allocations.empty() && jobs.empty() && ports.empty() && workers.empty();
}

bool is_as_before(const AppliedAllocation& allocation) {
  if (!allocation.before) return true;
  const ConfirmedBefore& before = *allocation.before;
  if (allocation.open || allocation.running != before.running) return false;
  if (!before.running) {
    // A start that failed half way may have left something (restart.h, `may_run`).
    const bool failed = allocation.last == LastResult::kFailed || allocation.last == LastResult::kInterrupted;
    return !failed || allocation.last_target == Target::kStop || allocation.missing_target;
  }
  return allocation.last == LastResult::kConfirmed && allocation.version == before.version &&
         allocation.files && before.files && allocation.files->list_id == before.files->list_id;
}

void stop_for_operator(AppliedAllocation& allocation, const StoppedBy& word) {
  allocation.stopped_by = word;
  allocation.drift.reset();
}

void put_away_hold(JobRecord& job) {
  if (!job.held_reason.empty() && !job.held_tree.empty()) {
    std::erase_if(job.failed_keys, [&](const FailedKey& key) { return key.tree == job.held_tree; });
    job.failed_keys.push_back({.tree = job.held_tree,
                               .commit = job.held_commit,
                               .reason = job.held_reason,
                               .detail = job.held_detail,
                               .since = job.held_since,
                               .rolled_back = job.rollback == Rollback::kDone});
    if (job.failed_keys.size() > kKeptFailedKeys) job.failed_keys.erase(job.failed_keys.begin());
  }
  job.held_reason.clear();
  job.held_detail.clear();
  job.held_tree = {};
  job.held_commit = {};
  job.held_since = {};
  job.rollback = Rollback::kNone;
  job.failures = 0;
}

void prove(AppliedAllocation& allocation) { allocation.before.reset(); }

namespace {

ConfirmedBefore as_it_is(const AppliedAllocation& allocation) {
  if (!allocation.running || !allocation.files) return {};
  return {.running = true,
          .version = allocation.version,
          .files = allocation.files,
          .rendered_with = allocation.rendered_with,
          .baseline = allocation.baseline,
          .commit = allocation.commit,
          .tree = allocation.tree,
          .holds = allocation.holds};
}

// Its worker took back by itself what nobody confirmed (Operation::confirm): as if it had
// not been, but for what it is not to be tried again with (R5.3).
void record_reverted(AppliedAllocation& allocation, const Operation& operation, const Outcome& outcome) {
  const OutcomeKind back = outcome.back;
  const bool well = back == OutcomeKind::kSucceeded;
  allocation.last_operation = operation.id;
  allocation.health = Health::kUnprobed;
  if (!outcome.back_stopped) {
    // A store that was lost knows the version and not the files (reconstruction.h).
    ConfirmedBefore before{.running = true, .version = allocation.version};
    if (allocation.before && allocation.before->running) before = *allocation.before;
    // Where it did not end well a rollback still has to put it back.
    if (well) allocation.before.reset();
    allocation.rolled_back_from = std::exchange(allocation.tree, before.tree);
    allocation.running = true;
    allocation.version = before.version;
    allocation.files = back == OutcomeKind::kInterrupted ? nullptr : before.files;
    allocation.rendered_with = before.rendered_with;
    allocation.baseline = before.baseline;
    allocation.commit = before.commit;
    allocation.holds = before.holds;
    allocation.attempts = 0;
    // Of the commit nothing is left there that could be told as done.
    allocation.attempted_head = {};
    allocation.last = well                                ? LastResult::kConfirmed
                      : back == OutcomeKind::kInterrupted ? LastResult::kInterrupted
                                                          : LastResult::kFailed;
    allocation.last_target = Target::kRestart;
    allocation.missing_target = false;
    return;
  }
  // Nothing confirmed was known there: it was stopped, and its files stay.
  allocation.files = operation.files;
  allocation.rendered_with = operation.rendered_with;
  allocation.last = LastResult::kFailed;
  allocation.last_target = well ? Target::kStop : target_of(operation.action);
  allocation.attempts += 1;
  if (well) allocation.running = false;
  allocation.holds = well ? std::vector<int>{} : together(std::move(allocation.holds), operation.ports);
}

// What the operation was to bring lies there already.
bool lies_there(const Operation& operation, const AppliedAllocation& allocation) {
  return ships_files(operation.action) && operation.files && allocation.files &&
         operation.files->digest == allocation.files->digest;
}

void put_back(AppliedAllocation& allocation) {
  if (!allocation.before) return;
  allocation.baseline = allocation.before->baseline;
  allocation.commit = allocation.before->commit;
  allocation.rolled_back_from = std::exchange(allocation.tree, allocation.before->tree);
  allocation.before.reset();
}

}  // namespace

void record_begin(AppliedAllocation& allocation, const Operation& operation, const TreeId& tree,
                  const CommitId& head, bool way_back) {
  allocation.key = operation.allocation;
  allocation.endpoint = operation.endpoint;
  const bool goes_back = restores(operation.action);
  // What failed, or was never confirmed, is nothing to go back to; and what a job had under
  // another name its worker does not keep.
  const bool sure = allocation.moved_from.empty() &&
                    (allocation.last == LastResult::kConfirmed || allocation.last == LastResult::kNone);
  if (way_back && !goes_back && !allocation.before && sure) allocation.before = as_it_is(allocation);
  if (ships_files(operation.action) && !goes_back && allocation.rolled_back_from == tree)
    allocation.rolled_back_from = {};
  // Where it was put back already, only its gate is owed: its content is that of before.
  const bool put_back_already = goes_back && !allocation.before;
  if (allocation.tree != tree && !put_back_already) {
    allocation.attempts = 0;
    allocation.interruptions = 0;
    allocation.interrupted_boot.clear();
    allocation.reboot_loop = false;
    allocation.tree = tree;
  }
  allocation.attempted_head = head;
  allocation.open = operation;
}

namespace {

// What had drifted was sent anew as a whole (Journal::begin), or is to run no more. Of one that
// failed nobody knows whether it landed: the next one sends everything again.
void settle_drift(std::optional<Drift>& drift, const Operation& operation, const Outcome& outcome) {
  const bool ships = ships_files(operation.action);
  if (!ships && operation.action != Action::kStop) return;
  const bool back =
      outcome.confirmation == Confirmation::kReverted && outcome.back == OutcomeKind::kSucceeded;
  if (outcome.kind == OutcomeKind::kSucceeded || outcome.kind == OutcomeKind::kInterrupted || back) {
    drift_is_over(drift);
  } else if (outcome.kind == OutcomeKind::kFailed && ships && drift) {
    drift->heal = false;
  }
}

}  // namespace

bool record_outcome(AppliedAllocation& allocation, const Outcome& outcome, const CommitId& commit) {
  if (outcome.kind == OutcomeKind::kUnknown || outcome.confirmation == Confirmation::kPending) return true;
  const Operation operation = *std::exchange(allocation.open, std::nullopt);
  const Target target = target_of(operation.action);
  const bool began = outcome.kind == OutcomeKind::kSucceeded || outcome.kind == OutcomeKind::kFailed ||
                     outcome.kind == OutcomeKind::kInterrupted;
  if (began) allocation.ran_seq = operation.seq;
  settle_drift(allocation.drift, operation, outcome);
  switch (outcome.kind) {
    case OutcomeKind::kUnknown:
    case OutcomeKind::kNever:
    case OutcomeKind::kCondition:
      // Nothing began: what was confirmed stays so.
      if (allocation.before && allocation.before->running && is_as_before(allocation)) {
        allocation.tree = allocation.before->tree;
        allocation.before.reset();
      } else if (!lies_there(operation, allocation) &&
                 (allocation.last == LastResult::kConfirmed || allocation.last == LastResult::kNone)) {
        // What lies there is of an older tree that is not kept. With the newer one on record
        // its files would differ without a cause (R1.10), and never come.
        allocation.tree = {};
      }
      return true;

    case OutcomeKind::kSucceeded:
      if (operation.action == Action::kRemove) return false;
      if (ships_files(operation.action)) {
        lay_files(allocation, operation);
        allocation.moved_from = {};
      }
      if (operation.action == Action::kStage) return true;
      if (!restores(operation.action)) allocation.commit = commit;
      allocation.last_operation = operation.id;
      allocation.stop_failed = false;
      // What hooks were asked to stop carries the word of it from the beginning
      // (Journal::Intent::stopped_by).
      if (operation.action == Action::kStop ||
          (operation.action == Action::kControl && allocation.stopped_by)) {
        allocation.running = false;
        allocation.health = Health::kUnprobed;
        allocation.holds.clear();
      } else {
        if (may_listen_after(target) || operation.action == Action::kControl)
          allocation.holds = together({}, operation.ports);
        if (target != Target::kNone || operation.action == Action::kControl) {
          allocation.running = true;
          // What was known is of what ran before. Until a gate says otherwise it owes one.
          allocation.health = Health::kUnprobed;
        }
        allocation.version = operation.new_version;
      }
      if (restores(operation.action)) put_back(allocation);
      if (target != Target::kNone || operation.action == Action::kControl) {
        allocation.last = LastResult::kConfirmed;
        allocation.last_target = target == Target::kNone && !allocation.running ? Target::kStop : target;
        allocation.attempts = 0;
        allocation.interruptions = 0;
        allocation.interrupted_boot.clear();
        allocation.reboot_loop = false;
        allocation.missing_target = false;
      }
      return true;

    case OutcomeKind::kFailed:
      if (outcome.confirmation == Confirmation::kReverted) {
        record_reverted(allocation, operation, outcome);
        return true;
      }
      // The files landed before the target ran.
      if (ships_files(operation.action)) lay_files(allocation, operation);
      allocation.last = LastResult::kFailed;
      allocation.last_target = target;
      allocation.last_operation = operation.id;
      allocation.attempts += 1;
      allocation.missing_target = outcome.missing_target;
      if (operation.action == Action::kStop) allocation.stop_failed = true;
      if (may_listen_after(target) && !outcome.missing_target) {
        allocation.holds = together(std::move(allocation.holds), operation.ports);
      }
      return true;

    case OutcomeKind::kInterrupted:
      // Files may be half landed: the worker finishes or replaces them at its next contact.
      if (ships_files(operation.action)) allocation.files = nullptr;
      allocation.last_operation = operation.id;
      if (target != Target::kNone) {
        allocation.last = LastResult::kInterrupted;
        allocation.last_target = target;
      }
      if (may_listen_after(target)) {
        allocation.holds = together(std::move(allocation.holds), operation.ports);
      }
      allocation.reboot_loop = allocation.interruptions > 0 && allocation.interrupted_boot != outcome.boot_id;
      allocation.interruptions += 1;
      allocation.interrupted_boot = outcome.boot_id;
      return true;
  }
  return true;
}

}  // namespace maand
