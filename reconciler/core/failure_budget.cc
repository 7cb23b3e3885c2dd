#include "reconciler/core/failure_budget.h"

#include <algorithm>

namespace maand {
namespace {

bool exceeds(const Allowance& allowance, int count, int of) {
  if (allowance.count && count > *allowance.count) return true;
  return allowance.share && static_cast<double>(count) > *allowance.share * static_cast<double>(of);
}

std::string shown(const Allowance& allowance) {
  if (allowance.count) return std::to_string(*allowance.count);
  return std::to_string(static_cast<int>(allowance.share.value_or(1.0) * 100.0 + 0.5)) + " %";
}

}  // namespace

int failed_under(const AppliedState& applied, const CommitId& head) {
  int failed = 0;
  for (const auto& [key, allocation] : applied.allocations) {
    if (allocation.last == LastResult::kFailed && allocation.attempted_head == head) ++failed;
  }
  for (const auto& [name, job] : applied.jobs) {
    const bool back = job.rollback == Rollback::kBegun || job.rollback == Rollback::kDone;
    if (back && job.held_commit == head) failed += job.failures;
  }
  return failed;
}

bool FailureBudget::too_many_failures() const {
  return exceeds(limits_.failures, limits_.failed_before + failures_, limits_.failed_before + allocations_);
}

bool FailureBudget::too_many_aside() const { return exceeds(limits_.workers_aside, aside_, workers_); }

std::string FailureBudget::failures_sentence() const {
  const int failed = limits_.failed_before + failures_;
  return std::to_string(failed) + " of " +
         std::to_string(std::max(failed, limits_.failed_before + allocations_)) +
         " allocations failed, policy.max_failures allows " + shown(limits_.failures) +
         "; `maand release COMMIT` lets the rest go on";
}

std::string FailureBudget::aside_sentence() const {
  return std::to_string(aside_) + " of " + std::to_string(workers_) +
         " workers are set aside, policy.max_workers_aside allows " + shown(limits_.workers_aside);
}

}  // namespace maand
