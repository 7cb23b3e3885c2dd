#include "reconciler/core/status.h"

#include <algorithm>
#include <set>

namespace maand {
namespace {

constexpr PassState kStates[] = {PassState::kPending,    PassState::kApplying,  PassState::kApplied,
                                 PassState::kDegraded,   PassState::kHeld,      PassState::kRefused,
                                 PassState::kSuperseded, PassState::kRolledBack};

const char* counted_as(Action action) {
  switch (action) {
    case Action::kStart:
      return "started";
    case Action::kRestart:
      return "restarted";
    case Action::kReload:
      return "reloaded";
    case Action::kSync:
      return "synced";
    case Action::kStop:
      return "stopped";
    case Action::kRemove:
      return "removed";
    case Action::kStage:
      return "staged";
    case Action::kControl:
      return "controlled";
    case Action::kRollback:
    case Action::kRestore:
      return "rolled back";
    case Action::kForget:
      return "forgotten";
    case Action::kNone:
      return nullptr;
  }
  return nullptr;
}

std::string outcome_word(const AllocationReport& report) {
  using State = AllocationReport::State;
  switch (report.state) {
    case State::kPending:
      return "waiting";
    case State::kRunning:
      return "running";
    case State::kDone:
      return "succeeded";
    case State::kSetAside:
      return "set-aside";
    case State::kNotReached:
      return "not-reached";
    case State::kFailed:
      return report.outcome && report.outcome->kind == OutcomeKind::kInterrupted ? "interrupted" : "failed";
  }
  return "waiting";
}

AllocationStatus line_of(const AllocationReport& report) {
  AllocationStatus line;
  line.key = report.action.key;
  line.action = report.action.action;
  line.reason = report.action.reason;
  line.current_version = report.action.current_version;
  line.new_version = report.action.new_version;
  line.outcome = outcome_word(report);
  line.health = report.health;
  line.detail = report.detail.empty() ? report.action.detail : report.detail;
  if (report.outcome) {
    line.duration = report.outcome->duration;
    if (!report.outcome->current_version.empty()) line.current_version = report.outcome->current_version;
    if (report.outcome->timed_out) line.detail = "ran out of time and was ended";
    if (report.outcome->kind == OutcomeKind::kFailed && !report.outcome->timed_out) {
      line.detail =
          report.outcome->missing_target
              ? std::string("its Makefile has no target `") + to_string(target_of(line.action)) + "`"
              : "exit status " + std::to_string(report.outcome->exit_status);
    }
  }
  return line;
}

struct Verdicts {
  bool degraded = false;
  bool held = false;
  bool going_on = false;
  bool rolled_back = false;
};

// What a job that does not get what it should makes of the whole.
void count_in(Verdicts& verdicts, Reason reason, bool waits) {
  (waits && reason != Reason::kWindowClosed ? verdicts.degraded : verdicts.held) = true;
}

void fold_job(PassStatus& status, const JobReport& report, Verdicts& verdicts) {
  using State = JobReport::State;
  switch (report.state) {
    case State::kPending:
    case State::kRunning:
      verdicts.going_on = true;
      break;
    case State::kDegraded:
      if (report.reason == Reason::kTargetFailed || report.reason == Reason::kGateFailed ||
          report.reason == Reason::kNotConfirmed) {
        // Within rollout.max_failures: those that failed wait for a person, the rest is through.
        verdicts.held = true;
        status.jobs.push_back({report.job, true, report.reason, report.detail});
      } else {
        verdicts.degraded = true;
      }
      break;
    case State::kRolledBack:
      verdicts.rolled_back = true;
      status.jobs.push_back({report.job, true, report.reason, report.detail});
      break;
    case State::kStopped:
      if (report.reason == Reason::kSuspended || report.reason == Reason::kPinned ||
          report.reason == Reason::kWindowClosed || report.reason == Reason::kFenced ||
          report.reason == Reason::kFailureBudget) {
        verdicts.held = true;
        status.jobs.push_back({report.job, !goes_on_by_itself(report.reason), report.reason, report.detail});
      } else {
        verdicts.going_on = true;
      }
      break;
    case State::kWaiting: {
      const bool for_a_person = report.reason == Reason::kFailureBudget;
      count_in(verdicts, report.reason, !for_a_person);
      status.jobs.push_back({report.job, for_a_person, report.reason, report.detail});
      break;
    }
    case State::kFailed:
    case State::kHeld: {
      const bool waits = goes_on_by_itself(report.reason);
      count_in(verdicts, report.reason, waits);
      status.jobs.push_back({report.job, !waits, report.reason, report.detail});
      break;
    }
    case State::kDone:
      break;
  }
  for (const AllocationReport& allocation : report.allocations) {
    AllocationStatus line = line_of(allocation);
    if (allocation.state == AllocationReport::State::kDone) {
      if (const char* word = counted_as(line.action)) ++status.counts[word];
    } else if (allocation.state == AllocationReport::State::kFailed) {
      ++status.counts["failed"];
    } else if (allocation.state == AllocationReport::State::kSetAside) {
      ++status.counts["set aside"];
    }
    status.allocations.push_back(std::move(line));
  }
}

// Whether a plan that is made afterwards counts it as unchanged.
bool still_there(Action action, Reason reason) {
  return action != Action::kRemove && action != Action::kForget &&
         (action != Action::kStop || reason == Reason::kDisabled || reason == Reason::kDrained);
}

// Nobody is counted twice: what is done, and unchanged by the plan that was made since.
std::size_t unchanged_besides(const Plan& plan, const std::vector<JobReport>& reports) {
  std::set<AllocationKey> planned;
  for (const auto& [name, job] : plan.jobs) {
    for (const auto* actions : {&job.drains, &job.removals, &job.starts, &job.upgrades}) {
      for (const PlannedAction& action : *actions) planned.insert(action.key);
    }
  }
  for (const PlannedAction& action : plan.waiting) planned.insert(action.key);
  std::size_t twice = 0;
  for (const JobReport& report : reports) {
    for (const AllocationReport& one : report.allocations) {
      const bool done = one.state == AllocationReport::State::kDone && counted_as(one.action.action);
      if (done && still_there(one.action.action, one.action.reason) && planned.count(one.action.key) == 0)
        ++twice;
    }
  }
  return plan.unchanged - std::min(plan.unchanged, twice);
}

void fold_waiting(PassStatus& status, const PlannedAction& action, Verdicts& verdicts) {
  if (action.reason == Reason::kStoppedByOperator) return;  // as an operator wants it
  if (action.reason == Reason::kUnsettled || action.reason == Reason::kStopFailed) verdicts.degraded = true;
  if (action.reason == Reason::kRebootLoop || action.reason == Reason::kPreviousInterrupted ||
      action.reason == Reason::kTargetFailed) {
    verdicts.held = true;
  }
  AllocationStatus line;
  line.key = action.key;
  line.reason = action.reason;
  line.current_version = action.current_version;
  line.new_version = action.new_version;
  line.outcome = "waiting";
  line.detail = explain(action.reason);
  status.allocations.push_back(std::move(line));
}

}  // namespace

bool goes_on_by_itself(Reason reason) {
  return reason == Reason::kMissingValue || reason == Reason::kUnsettled || reason == Reason::kWindowClosed;
}

const char* to_string(PassState state) {
  switch (state) {
    case PassState::kPending:
      return "pending";
    case PassState::kApplying:
      return "applying";
    case PassState::kApplied:
      return "applied";
    case PassState::kDegraded:
      return "degraded";
    case PassState::kHeld:
      return "held";
    case PassState::kRefused:
      return "refused";
    case PassState::kSuperseded:
      return "superseded";
    case PassState::kRolledBack:
      return "rolled_back";
  }
  return "pending";
}

PassState pass_state_from(std::string_view word) {
  for (const PassState state : kStates) {
    if (word == to_string(state)) return state;
  }
  return PassState::kPending;
}

void fold(PassStatus& status, const Plan& plan, const std::vector<JobReport>& reports, bool finished) {
  Verdicts verdicts;
  status.counts.clear();
  status.allocations.clear();
  status.jobs.clear();
  for (const JobReport& report : reports) fold_job(status, report, verdicts);
  for (const auto& [name, job] : plan.jobs) {
    const bool reported = std::any_of(reports.begin(), reports.end(),
                                      [&name = name](const JobReport& report) { return report.job == name; });
    const bool told = std::any_of(status.jobs.begin(), status.jobs.end(),
                                  [&name = name](const JobStatus& known) { return known.job == name; });
    if (job.held) {  // also one whose new workers were served
      const bool waits = goes_on_by_itself(job.held_reason);
      if (!told) status.jobs.push_back({name, !waits, job.held_reason, job.held_detail});
      count_in(verdicts, job.held_reason, waits);
      verdicts.rolled_back = verdicts.rolled_back || job.held_reason == Reason::kRolledBack;
    }
    verdicts.going_on = verdicts.going_on || (!reported && job.has_actions());
  }
  for (const PlannedAction& action : plan.waiting) fold_waiting(status, action, verdicts);
  std::sort(status.jobs.begin(), status.jobs.end(),
            [](const JobStatus& a, const JobStatus& b) { return a.job < b.job; });
  std::sort(status.allocations.begin(), status.allocations.end(),
            [](const AllocationStatus& a, const AllocationStatus& b) { return a.key < b.key; });
  status.counts["unchanged"] = unchanged_besides(plan, reports);
  if (!finished || verdicts.going_on) {
    status.state = PassState::kApplying;
  } else if (verdicts.rolled_back) {
    status.state = PassState::kRolledBack;
  } else if (verdicts.held) {
    status.state = PassState::kHeld;
  } else {
    status.state = verdicts.degraded ? PassState::kDegraded : PassState::kApplied;
  }
}

void carry_over(PassStatus& status, const std::vector<AllocationStatus>& earlier) {
  for (const AllocationStatus& line : earlier) {
    const auto known = std::find_if(status.allocations.begin(), status.allocations.end(),
                                    [&](const AllocationStatus& one) { return one.key == line.key; });
    if (known != status.allocations.end()) continue;
    status.allocations.push_back(line);
    const char* word = line.outcome == "succeeded" ? counted_as(line.action) : "failed";
    if (word) ++status.counts[word];
    if (still_there(line.action, line.reason) && status.counts["unchanged"] > 0) --status.counts["unchanged"];
  }
  std::sort(status.allocations.begin(), status.allocations.end(),
            [](const AllocationStatus& a, const AllocationStatus& b) { return a.key < b.key; });
}

std::string summary(const PassStatus& status) {
  // In the order in which a reader wants them, not alphabetical.
  static constexpr const char* kOrder[] = {"failed",  "rolled back", "set aside", "restarted", "reloaded",
                                           "started", "controlled",  "synced",    "stopped",   "removed",
                                           "staged",  "forgotten",   "unchanged"};
  std::string out;
  for (const char* word : kOrder) {
    const auto it = status.counts.find(word);
    if (it == status.counts.end() || (it->second == 0 && std::string_view(word) != "unchanged")) continue;
    out += (out.empty() ? "" : ", ") + std::to_string(it->second) + " " + word;
  }
  return out;
}

}  // namespace maand
