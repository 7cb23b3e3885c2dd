#include "reconciler/core/reconstruction.h"

#include <algorithm>
#include <utility>

#include "reconciler/core/allocation_record.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

// Of a maand that sent no record: target, versions and how it ended. Files and content are
// not known, so that its next rollout sends all of them.
AppliedAllocation without_record(const AllocationKey& key, const RecalledJob& job) {
  AppliedAllocation out;
  out.key = key;
  Operation operation;
  operation.id = job.operation;
  operation.seq = job.seq;
  operation.epoch = job.epoch;
  operation.allocation = key;
  operation.action = job.action;
  operation.files = nullptr;
  operation.current_version = job.current_version;
  operation.new_version = job.new_version;
  out.version = job.current_version;
  // A restart or a reload is of something that runs.
  out.running =
      job.action == Action::kRestart || job.action == Action::kReload || job.action == Action::kStop;
  if (out.running) {
    out.last = LastResult::kConfirmed;
    out.last_target = Target::kStart;
  }
  out.open = std::move(operation);
  return out;
}

bool is_foreign(const RecalledJob& job, const std::optional<AllocationRecord>& record, const OwnStore& own) {
  if (job.epoch != own.epoch) return job.epoch > own.epoch;
  return (record && record->store != own.id) || job.seq > own.last_seq;
}

}  // namespace

Reconstruction reconstruct(const Endpoint& worker, const Recalled& told, const OwnStore& own) {
  Reconstruction out;
  out.foreign = told.epoch > own.epoch;
  for (const RecalledJob& job : told.jobs) {
    const AllocationKey key{job.job, worker.host};
    std::optional<AllocationRecord> record;
    if (!job.record.empty()) record = allocation_record_from(job.record);
    const bool fits = record && record->torn.open->id == job.operation;
    if (!fits) {
      record.reset();
      out.remarks.push_back("of " + key.str() +
                            " only its version is known: its worker keeps no record that can be read");
    }
    AppliedAllocation allocation = fits ? record->torn : without_record(key, job);
    allocation.key = key;
    allocation.endpoint = worker;
    Operation& open = *allocation.open;
    open.allocation = key;
    open.endpoint = worker;
    open.seq = job.seq;
    open.epoch = job.epoch;
    if (!open.files) open.files = empty_file_set();
    out.newest_seq = std::max(out.newest_seq, job.seq);
    bool remains = true;
    if (job.outcome) {
      const bool confirmed = job.outcome->kind == OutcomeKind::kSucceeded;
      remains = record_outcome(allocation, *job.outcome, allocation.attempted_head);
      // Whether its rollout is through nobody knows; going back behind what was confirmed would be worse.
      // What waits to be confirmed may still be taken back (R2.9 confirm_seconds).
      if (confirmed && !allocation.open) allocation.before.reset();
      // A receipt has no time; numbers of operations are milliseconds since 1970 when they can be.
      if (confirmed && allocation.last_operation == job.operation)
        allocation.confirmed_at = WallTime(std::chrono::milliseconds(job.seq));
      if (!fits) allocation.files = nullptr;
      const bool untouched = !allocation.open && !allocation.files && allocation.last == LastResult::kNone &&
                             !allocation.running;
      remains = remains && (confirmed || !untouched);
    }
    // What is gone is nobody's.
    out.foreign = out.foreign || (remains && is_foreign(job, record, own));
    if (remains) {
      out.allocations.push_back(std::move(allocation));
    } else {
      out.gone.emplace(key, job.seq);
    }
  }
  for (const auto& [job, seq] : told.moved) {
    out.newest_seq = std::max(out.newest_seq, seq);
    out.gone.emplace(AllocationKey{job, worker.host}, seq);
  }
  return out;
}

bool beyond_known(const AppliedState& state, const WorkerHost& worker, const Recalled& told) {
  if (told.epoch > state.epoch) return true;
  const auto covers = [](const AppliedAllocation& known, std::uint64_t seq) {
    return seq <= known.ran_seq || (known.open && seq <= known.open->seq);  // what is open may have run
  };
  const auto is_known = [&](const JobName& job, std::uint64_t seq) {
    if (seq <= state.ran_seq({job, worker})) return true;
    if (const AppliedAllocation* known = state.find({job, worker}); known && covers(*known, seq)) return true;
    // Where a rename is under way its worker may tell of it by the old name.
    return std::any_of(state.allocations.begin(), state.allocations.end(), [&](const auto& one) {
      const auto& [key, known] = one;
      const bool was = known.moved_from == job || (known.open && known.open->moved_from == job);
      return key.worker == worker && was && covers(known, seq);
    });
  };
  return !std::all_of(told.jobs.begin(), told.jobs.end(),
                      [&](const RecalledJob& job) { return is_known(job.job, job.seq); }) ||
         !std::all_of(told.moved.begin(), told.moved.end(),
                      [&](const auto& moved) { return is_known(moved.first, moved.second); });
}

std::vector<JobRecord> reconstruct_jobs(const AppliedState& state, WallTime now) {
  std::map<JobName, JobRecord> jobs;
  std::map<JobName, WallTime> newest;
  for (const auto& [key, a] : state.allocations) {
    if (state.jobs.count(key.job) > 0) continue;
    JobRecord& job = jobs.try_emplace(key.job).first->second;
    job.job = key.job;
    const bool failed = a.last == LastResult::kFailed && a.last_target != Target::kStop;
    if (!a.commit.empty() && !failed && !a.tree.empty() && newest[key.job] <= a.confirmed_at) {
      newest[key.job] = a.confirmed_at;
      job.target_commit = job.good_commit = a.commit;
      job.target_tree = job.good_tree = a.tree;
    }
    if (failed && job.held_reason.empty()) {
      job.held_reason = to_string(a.missing_target ? Reason::kMissingTarget : Reason::kTargetFailed);
      job.held_detail =
          std::string(to_string(a.last_target)) + " of " + key.str() + " failed, as its worker remembers";
      job.held_tree = a.tree;
      job.held_commit = a.attempted_head;
      job.held_since = now;
    }
  }
  std::vector<JobRecord> out;
  for (auto& [name, job] : jobs) {
    // Content that was never confirmed elsewhere has nothing to fall back to.
    if (!job.held_reason.empty() && job.good_tree == job.held_tree) {
      job.target_commit = job.good_commit = {};
      job.target_tree = job.good_tree = {};
    }
    out.push_back(std::move(job));
  }
  return out;
}

}  // namespace maand
