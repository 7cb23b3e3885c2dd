#include "reconciler/cli/commands/health_check.h"

#include <algorithm>
#include <iostream>

#include "executor/remote_runner.h"
#include "executor/ssh_transport.h"
#include "reconciler/cli/health_round.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/cli/judged_head.h"
#include "reconciler/cli/settings.h"
#include "reconciler/cli/terminal.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kMostLineBytes = 4000;

// Probes ship nothing and run no target.
class NoBlobs : public Blobs {
 public:
  std::shared_ptr<const std::string> read(const BlobId&) override {
    throw SourceError(SourceProblem::kOther, "a probe reads no file");
  }
};
class NoOutput : public OutputSink {
 public:
  void output(const AllocationKey&, const OperationId&, std::string_view) override {}
};

// What the daemon converges to: the newest commit, or the last one that was
// applied when the newest is refused.
JudgedHead accepted_head(const Bucket& bucket) {
  JudgedHead head = judge_head(bucket, {});
  if (!head.desired && !head.applied.applied.empty()) {
    std::cerr << "warning: " << head.label << " is refused; checking what the last applied commit says\n";
    head = judge_head(bucket, {head.applied.applied.str(), ""});
  }
  if (!head.desired) {
    std::string problems = head.label + " is refused, and no commit was applied yet:";
    for (const Diagnostic& one : head.workspace.commit.all()) problems += "\n  " + to_string(one);
    throw CommandError(kExitHeld, problems);
  }
  return head;
}

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
  const JudgedHead head = accepted_head(bucket);
  std::vector<CheckedJob> jobs = jobs_to_check(*head.desired, head.applied, head.settings, options.jobs);
  {
    SshTransport transport(ssh_options(bucket));
    NoBlobs blobs;
    NoOutput output;
    RemoteRunner runner(runner_options(bucket), transport, blobs, output);
    check_jobs(runner, jobs, options.wait);
  }
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
