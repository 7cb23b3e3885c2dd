#include "reconciler/cli/commands/plan.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

#include "gitsource/text_diff.h"
#include "reconciler/cli/file_changes.h"
#include "reconciler/cli/judged_head.h"
#include "reconciler/cli/listing.h"
#include "reconciler/cli/listing_text.h"
#include "reconciler/cli/plan_text.h"
#include "reconciler/core/text.h"
#include "reconciler/core/views.h"

namespace maand {
namespace {

void print_refusal(const JudgedHead& head) {
  std::printf("%s would be refused:\n", head.label.c_str());
  for (const Diagnostic& problem : head.workspace.commit.all()) {
    std::printf("  %s\n", to_string(problem).c_str());
  }
}

void print_problems(const JudgedHead& head, bool warnings) {
  for (const auto& [name, broken] : head.workspace.broken) {
    for (const Diagnostic& problem : broken.diagnostics.all()) {
      if (warnings || problem.severity == Severity::kError)
        std::printf("  ! %s\n", to_string(problem).c_str());
    }
  }
  for (const BetweenJobs& problem : head.workspace.between) {
    std::printf("  ! %s\n", to_string(problem.diagnostic).c_str());
  }
  for (const Diagnostic& problem : head.desired->problems.all()) {
    std::printf("  ! %s\n", to_string(problem).c_str());
  }
  if (!warnings) return;
  for (const Diagnostic& warning : head.workspace.warnings.all()) {
    std::printf("  ? %s\n", to_string(warning).c_str());
  }
}

constexpr auto kDiff = [](std::string_view before, std::string_view after) {
  return diff_texts(before, after);
};

// What the jobs of the plan take of ports and workers.
struct Needs {
  Listing ports, workers;
};

Needs needs_of(const JudgedHead& head, const Plan& plan) {
  ListingFilter filter;
  std::set<std::string> workers;
  for (const auto& [name, job] : plan.jobs) {
    const auto desired = head.desired->jobs.find(name);
    if (desired == head.desired->jobs.end() || !desired->second.job) continue;
    filter.jobs.push_back(name.str());
    for (const std::uint32_t one : desired->second.workers)
      workers.insert(head.desired->workers[one].host.str());
  }
  filter.workers.assign(workers.begin(), workers.end());
  Needs out;
  if (!filter.jobs.empty()) out.ports = list_job_ports(head, filter);
  if (!filter.workers.empty()) out.workers = list_workers(head, filter);
  return out;
}

void print_needs(const Context& context, const JudgedHead& head, const Plan& plan) {
  const Needs needs = needs_of(head, plan);
  if (!needs.ports.rows.empty()) std::printf("\nPorts\n%s", table_of(needs.ports, context).c_str());
  if (!needs.workers.rows.empty())
    std::printf("\nReservations against capacity\n%s", table_of(needs.workers, context).c_str());
}

void print_plan(const Context& context, const JudgedHead& head, const Plan& plan, bool verbose) {
  std::printf("Plan for %s\n", head.label.c_str());
  FileChanges changes(head, kDiff);
  ChangedFiles files;
  if (verbose) files = [&](const PlannedAction& action) { return changes.of(action); };
  const PlanText text = plan_text(plan, files, context.color);
  std::printf("%s", text.body.c_str());
  print_problems(head, verbose);
  if (verbose) print_needs(context, head, plan);
  std::printf("\n%s", text.summary.c_str());
}

void print_json(const JudgedHead& head, const Plan& plan) {
  FileChanges changes(head, kDiff);
  const Needs needs = needs_of(head, plan);
  const auto files = [&](const PlannedAction& action) { return changes.of(action); };
  std::printf("%s\n", json_of(plan, files,
                              {{"ports", json_of(needs.ports)},
                               {"workers", json_of(needs.workers)},
                               {"counts", plan_counts_json(plan)}})
                          .c_str());
}

// A mistyped name must not look like "nothing would change".
void require_known_jobs(const JudgedHead& head, const std::vector<std::string>& asked) {
  std::vector<std::string_view> known;
  for (const auto& [name, job] : head.desired->jobs) known.push_back(name.str());
  for (const auto& [key, allocation] : head.applied.allocations) known.push_back(key.job.str());
  for (const std::string& name : asked) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const auto near = nearest(name, known);
    throw CommandError(kExitUsage, "no job " + quote(name) + " is known in " + head.label +
                                       (near ? "; did you mean `" + *near + "`?" : ""));
  }
}

}  // namespace

int run_plan(const Context& context, const PlanOptions& options) {
  const Bucket bucket = open_bucket(context);
  const JudgedHead head = judge_head(bucket, {options.commit, options.workspace});
  if (!head.desired) {
    if (context.json) {
      std::printf("{\"refused\":true,\"commit\":\"%s\"}\n", head.commit.str().c_str());
    } else {
      print_refusal(head);
    }
    return kExitHeld;
  }
  Plan plan = make_plan(*head.desired, head.applied, head.settings);
  if (!options.jobs.empty()) {
    require_known_jobs(head, options.jobs);
    std::erase_if(plan.jobs, [&](const auto& job) {
      return std::find(options.jobs.begin(), options.jobs.end(), job.first.str()) == options.jobs.end();
    });
  }
  if (context.json) {
    print_json(head, plan);
  } else {
    print_plan(context, head, plan, options.verbose);
  }
  if (!head.held.empty()) return kExitHeld;
  if (plan.has_actions()) return kExitChangesPending;
  const bool held =
      std::any_of(plan.jobs.begin(), plan.jobs.end(), [](const auto& job) { return job.second.held; });
  return held ? kExitHeld : kExitDone;
}

}  // namespace maand
