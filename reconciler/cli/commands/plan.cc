#include "reconciler/cli/commands/plan.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "reconciler/cli/judged_head.h"
#include "reconciler/core/text.h"
#include "reconciler/core/views.h"

namespace maand {
namespace {

const char* color_of(Action action) {
  switch (action) {
    case Action::kStart:
      return "\033[32m";
    case Action::kStop:
    case Action::kRemove:
    case Action::kForget:
      return "\033[31m";
    default:
      return "\033[33m";
  }
}

const char* mark_of(Action action) {
  switch (action) {
    case Action::kStart:
      return "+";
    case Action::kStop:
    case Action::kRemove:
    case Action::kForget:
      return "-";
    default:
      return "~";
  }
}

void print_action(const Context& context, const PlannedAction& action) {
  std::printf("  %s%s %s  %s%s\n", context.color ? color_of(action.action) : "", mark_of(action.action),
              sentence(action).c_str(), to_string(action.reason), context.color ? "\033[0m" : "");
}

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

void print_plan(const Context& context, const JudgedHead& head, const Plan& plan, bool verbose) {
  std::printf("Plan for %s\n", head.label.c_str());
  std::map<std::string, int> counts;
  for (const auto& [name, job] : plan.jobs) {
    if (job.held) {
      std::printf("  = %s: held, because %s%s%s  %s\n", name.str().c_str(), explain(job.held_reason),
                  job.held_detail.empty() ? "" : ": ", job.held_detail.c_str(), to_string(job.held_reason));
    }
    for (const auto* list : {&job.drains, &job.removals, &job.handovers, &job.starts, &job.upgrades}) {
      for (const PlannedAction& action : *list) {
        print_action(context, action);
        ++counts[to_string(action.action)];
      }
    }
  }
  for (const PlannedAction& action : plan.waiting) {
    std::printf("  = %s  %s\n", sentence(action).c_str(), to_string(action.reason));
  }
  print_problems(head, verbose);
  std::string line;
  for (const auto& [word, count] : counts) line += std::to_string(count) + " to " + word + ", ";
  std::printf("%s%zu unchanged\n", line.c_str(), plan.unchanged);
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
    std::printf("%s\n", json_of(plan).c_str());
  } else {
    print_plan(context, head, plan, options.verbose);
  }
  if (plan.has_actions()) return kExitChangesPending;
  const bool held =
      std::any_of(plan.jobs.begin(), plan.jobs.end(), [](const auto& job) { return job.second.held; });
  return held ? kExitHeld : kExitDone;
}

}  // namespace maand
