#include "reconciler/core/order_outcome.h"

#include <algorithm>

namespace maand {
namespace {

using AState = AllocationReport::State;

constexpr std::size_t kNamed = 20;  // more names than this help nobody

std::string why_failed(const Outcome& outcome) {
  if (outcome.timed_out) return "ran out of time and was ended";
  if (outcome.missing_target) return "its Makefile has no such target";
  return outcome.detail.empty() ? "exit status " + std::to_string(outcome.exit_status) : outcome.detail;
}

std::string target_word(const OrderPlan& plan, const PlannedAction& action) {
  return action.action == Action::kControl ? plan.job.hooks.target : to_string(target_of(action.action));
}

OrderRow row_of(const OrderPlan& plan, const AllocationReport& one) {
  OrderRow row;
  row.worker = one.action.key.worker;
  row.action = target_word(plan, one.action);
  row.detail = one.detail;
  const bool unknown = one.outcome && one.outcome->kind == OutcomeKind::kUnknown;
  switch (one.state) {
    case AState::kPending:
      row.state = "waiting";
      break;
    case AState::kRunning:
      row.state = "running";
      break;
    case AState::kDone:
      row.state = "done";
      break;
    case AState::kFailed:
      row.state = "failed";
      if (row.detail.empty() && one.outcome) row.detail = why_failed(*one.outcome);
      break;
    case AState::kSetAside:
      row.state = "out of reach";
      if (one.outcome && !one.outcome->detail.empty()) row.detail = one.outcome->detail;
      break;
    case AState::kNotReached:
      row.state = "not reached";
      break;
  }
  // It may have begun: the operation stays on record and is settled by a later pass (R3.4).
  if (unknown && one.state != AState::kRunning && one.state != AState::kDone) row.state = "unknown";
  return row;
}

std::string named(const std::vector<const OrderRow*>& rows) {
  std::string out;
  for (std::size_t i = 0; i < std::min(rows.size(), kNamed); ++i) {
    out += (i ? ", " : "") + rows[i]->worker.str();
    if (!rows[i]->detail.empty()) out += " (" + rows[i]->detail + ")";
  }
  if (rows.size() > kNamed) out += " and " + std::to_string(rows.size() - kNamed) + " more";
  return out;
}

const char* past(JobVerb verb) {
  switch (verb) {
    case JobVerb::kStart:
      return "started";
    case JobVerb::kStop:
      return "stopped";
    case JobVerb::kRestart:
      return "restarted";
  }
  return "";
}

}  // namespace

std::vector<OrderRow> order_rows(const OrderPlan& plan, const JobReport* report) {
  std::vector<OrderRow> rows;
  for (const LeftOut& left : plan.left)
    rows.push_back({left.key.worker, "", left.wrong ? "refused" : "left", left.why});
  if (report) {
    for (const AllocationReport& one : report->allocations) rows.push_back(row_of(plan, one));
  } else {
    for (const auto* actions : {&plan.job.drains, &plan.job.starts, &plan.job.upgrades}) {
      for (const PlannedAction& action : *actions)
        rows.push_back({action.key.worker, target_word(plan, action), "waiting", ""});
    }
  }
  std::sort(rows.begin(), rows.end(),
            [](const OrderRow& a, const OrderRow& b) { return a.worker < b.worker; });
  return rows;
}

OrderEnd order_end(const JobOrder& order, const OrderPlan& plan, const JobReport* report,
                   const std::string& cut) {
  if (!plan.refused.empty()) return {plan.unknown ? 2 : 4, plan.refused};
  const std::vector<OrderRow> rows = order_rows(plan, report);
  std::size_t begun = 0, done = 0;  // of those with a target
  const auto with = [&rows](const char* state) {
    std::vector<const OrderRow*> out;
    for (const OrderRow& row : rows) {
      if (row.state == state) out.push_back(&row);
    }
    return out;
  };
  for (const OrderRow& row : rows) {
    begun += row.action.empty() ? 0 : 1;
    done += row.state == "done" ? 1 : 0;
  }
  OrderEnd end;
  const std::string job = order.job.str();
  const std::size_t idle = with("left").size();
  if (begun > 0) {
    end.sentence = job + ": " + std::to_string(done) + (done == begun ? "" : " of " + std::to_string(begun)) +
                   " " + past(order.verb);
  } else {
    end.sentence = job + ": nothing to " + to_string(order.verb);
  }
  if (idle > 0) {
    end.sentence +=
        "; " + std::to_string(idle) + (order.verb == JobVerb::kStart ? " ran already" : " did not run");
  }
  const auto tell = [&](const char* state, const std::string& words) {
    const auto rows_of = with(state);
    if (rows_of.empty()) return false;
    end.sentence += "; " + words + " " + named(rows_of);
    return true;
  };
  const bool waits = report && report->state == JobReport::State::kWaiting;
  bool failed = tell("failed", "failed on");
  failed = tell("out of reach", "out of reach:") || failed;
  failed = tell("unknown", "it is not known how it ended on") || failed;
  const bool refused = tell("refused", "left as it is:");
  // What a batch that failed, a cut or availability kept from its turn.
  const bool missed = tell("not reached", plan.job.hooks.control ? "not done on" : "nothing was begun on");
  const bool stopped = report && report->state == JobReport::State::kStopped;
  const bool hooks =
      report && report->state == JobReport::State::kFailed && report->reason == Reason::kHookFailed;
  const std::string why = !cut.empty() ? cut : waits || stopped || hooks ? report->detail : "";
  if (missed && !why.empty()) end.sentence += ": " + why;
  if (failed || (missed && (!cut.empty() || !waits))) {
    end.exit = 1;
  } else if (missed || (refused && begun == 0)) {
    end.exit = 4;  // nothing is broken, and nothing could be done
  } else if (refused) {
    end.exit = 1;
  }
  return end;
}

}  // namespace maand
