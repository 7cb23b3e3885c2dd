#include "tests/support/worker_memory.h"

namespace maand::testing {
namespace {

Outcome refused(WorkerCondition condition, const char* why) {
  return {.kind = OutcomeKind::kCondition, .condition = condition, .detail = why};
}

}  // namespace

std::optional<Outcome> WorkerMemory::refusal(const Operation& operation) const {
  const Credentials& shown = operation.credentials;
  const bool other = !instance.empty() && !shown.instance.empty() && shown.instance != instance;
  if (operation.expect_marker && !shown.adopt_marker && (instance.empty() || other))
    return refused(WorkerCondition::kWorkerStateMissing, "its marker is gone or another one");
  if (!instance.empty() && !shown.adopt_marker && marked != operation.allocation.worker &&
      marked != shown.was)
    return refused(WorkerCondition::kIdentityMismatch, "its marker is of another worker");
  if (epoch > operation.epoch) return refused(WorkerCondition::kFenced, "a newer epoch has been seen");
  return std::nullopt;
}

std::optional<Outcome> WorkerMemory::admit(const Operation& operation) {
  if (auto why = refusal(operation)) return why;
  epoch = operation.epoch;
  if (instance.empty()) instance = "marker-" + operation.id.str();
  marked = operation.allocation.worker;
  const auto job = jobs.find(operation.allocation.job);
  const auto& known = operation.credentials.known_seq;
  const auto away = moved.find(operation.allocation.job);
  if (known &&
      ((job != jobs.end() && job->second.seq > *known) || (away != moved.end() && away->second > *known)))
    return refused(WorkerCondition::kFenced, "a newer operation is known");
  return std::nullopt;
}

void WorkerMemory::remember(const Operation& operation, const std::optional<Outcome>& outcome) {
  jobs[operation.allocation.job] = {operation.allocation.job,
                                    operation.id,
                                    operation.seq,
                                    operation.epoch,
                                    operation.credentials.record,
                                    operation.action,
                                    operation.current_version,
                                    operation.new_version,
                                    outcome};
  moved.erase(operation.allocation.job);
  const bool moves = ships_files(operation.action) || operation.action == Action::kRemove;
  if (operation.moved_from.empty() || !moves || jobs.erase(operation.moved_from) == 0) return;
  moved[operation.moved_from] = operation.seq;
}

void WorkerMemory::tell(const WorkerHost& host, const WorkerHost& was, Recalled& out) const {
  out.instance = instance;
  out.epoch = epoch;
  if (!instance.empty() && marked != host && marked != was)
    out.condition = WorkerCondition::kIdentityMismatch;
  for (const auto& [name, job] : jobs) out.jobs.push_back(job);
  out.moved = moved;
}

}  // namespace maand::testing
