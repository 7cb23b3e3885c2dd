#include "reconciler/cli/commands/health_check.h"

#include <algorithm>
#include <iostream>

#include "reconciler/cli/accepted_head.h"
#include "reconciler/cli/health_hooks.h"
#include "reconciler/cli/health_round.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/cli/terminal.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kMostLineBytes = 4000;

void print_json(const std::vector<CheckedJob>& jobs, bool passed) {
  std::vector<std::string> list;
  for (const CheckedJob& job : jobs) {
    std::vector<std::string> allocations;
    for (const CheckedAllocation& one : job.allocations) {
      allocations.push_back(JsonObject()
                                .text("worker", one.key.worker.str())
                                .text("health", to_string(one.health))
                                .text("detail", one.detail)
                                .str());
    }
    list.push_back(JsonObject()
                       .text("job", job.job.str())
                       .text("result", to_string(job.result))
                       .text("detail", job.detail)
                       .raw("allocations", json_array(allocations))
                       .str());
  }
  std::cout << JsonObject().flag("passed", passed).raw("jobs", json_array(list)).str() << "\n";
}

Ink ink_of(CheckedJob::Result result) {
  switch (result) {
    case CheckedJob::Result::kPassed:
      return Ink::kGood;
    case CheckedJob::Result::kFailed:
      return Ink::kBad;
    case CheckedJob::Result::kSkipped:
      return Ink::kDim;
  }
  return Ink::kDim;
}

void print_text(const std::vector<CheckedJob>& jobs, bool verbose, bool color) {
  for (const CheckedJob& job : jobs) {
    std::cout << "health check " << inked(to_string(job.result), ink_of(job.result), color) << ": job "
              << job.job.str() << (job.detail.empty() ? "" : " (" + job.detail + ")") << "\n";
    for (const CheckedAllocation& one : job.allocations) {
      if (!verbose && one.health == Health::kHealthy) continue;
      const std::string what = one.detail.empty() ? to_string(one.health) : one.detail;
      std::cout << "  " << one.key.str() << ": " << printable(what, kMostLineBytes) << "\n";
    }
  }
}

}  // namespace

int run_health_check(const Context& context, const HealthCheckOptions& options) {
  const Bucket bucket = open_bucket(context);
  const JudgedHead head = accepted_head(bucket, "checking");
  std::vector<CheckedJob> jobs = jobs_to_check(*head.desired, head.applied, head.settings, options.jobs);
  check_jobs(bucket, jobs, options.wait);
  ask_health_hooks(context, bucket, *head.desired, options.wait, jobs);
  const bool passed = std::none_of(jobs.begin(), jobs.end(), [](const CheckedJob& job) {
    return job.result == CheckedJob::Result::kFailed;
  });
  if (context.json) {
    print_json(jobs, passed);
  } else {
    print_text(jobs, options.verbose, context.color);
  }
  return passed ? kExitDone : kExitFailed;
}

}  // namespace maand
