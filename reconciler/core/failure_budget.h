// How much of one commit's rollout may go wrong before no further job begins, over
// all jobs (issue of policies; R2.6 is about one job).
//
// Allocations that fail and workers that are set aside are counted apart: a dead rack
// says nothing about the commit, and a bad commit nothing about the workers.
#pragma once

#include <optional>
#include <string>

#include "reconciler/core/applied.h"

namespace maand {

// A number, or a share of all there are in the pass. Unset: no limit.
struct Allowance {
  std::optional<int> count;
  std::optional<double> share;  // 0..1
  bool limits() const { return count || share; }
  friend bool operator==(const Allowance&, const Allowance&) = default;
};

struct BudgetLimits {
  Allowance failures;       // allocations whose target or gate failed for good
  Allowance workers_aside;  // workers with a condition of R2.7
  int failed_before = 0;    // allocations that failed in earlier passes of the same commit
};

// Allocations that failed in earlier passes of `head`, those that were taken back since
// as well.
int failed_under(const AppliedState& applied, const CommitId& head);

class FailureBudget {
 public:
  explicit FailureBudget(BudgetLimits limits) : limits_(limits) {}

  // What the pass acts on; a job that is planned again is taken out and put in.
  void add_allocations(int count) { allocations_ += count; }
  void add_worker() { ++workers_; }
  void add_failures(int count) { failures_ += count; }
  void add_aside() { ++aside_; }

  bool too_many_failures() const;
  bool too_many_aside() const;
  // `4 of 20 allocations failed, policy.max_failures allows 10 %`
  std::string failures_sentence() const;
  std::string aside_sentence() const;

 private:
  BudgetLimits limits_;
  int allocations_ = 0;
  int failures_ = 0;
  int workers_ = 0;
  int aside_ = 0;
};

}  // namespace maand
