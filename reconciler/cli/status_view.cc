#include "reconciler/cli/status_view.h"

#include <algorithm>

#include "reconciler/cli/json_in.h"
#include "reconciler/core/diagnostics.h"
#include "reconciler/core/status.h"

namespace maand {
namespace {

// What the newest pass says of an allocation goes beside what is applied there;
// one that was never reached has no applied state and gets a row of its own.
void add_outcome(StatusView& status, const JsonValue& entry) {
  const std::string outcome = text_at(entry, "outcome");
  if (outcome == "succeeded" || outcome == "unchanged") return;
  const std::string job = text_at(entry, "job");
  const std::string worker = text_at(entry, "worker");
  const std::string detail = text_at(entry, "detail");
  const std::string why = text_at(entry, "action") + " " + outcome + (detail.empty() ? "" : ": " + detail);
  const auto row = std::find_if(status.allocations.begin(), status.allocations.end(),
                                [&](const auto& one) { return one.job == job && one.worker == worker; });
  if (row != status.allocations.end()) {
    row->why = why;
  } else {
    status.allocations.push_back(
        {job, worker, text_at(entry, "current_version"), outcome, text_at(entry, "health"), why});
  }
}

// What is known of it beside the newest pass: who stopped it, or how it drifted.
std::string stands_at(const JsonValue& allocation) {
  if (const JsonValue* by = member_of(allocation, "stopped_by")) {
    const std::string until = text_at(*by, "until");
    return "stopped by " + text_at(*by, "actor") + (until.empty() ? "" : " until " + until) + ": " +
           text_at(*by, "reason");
  }
  if (const JsonValue* drift = member_of(allocation, "drift"))
    return "drifted since " + text_at(*drift, "since") + ": " + text_at(*drift, "detail");
  return "";
}

std::vector<StatusView::Standing> orders_at(const JsonValue& json, std::string_view key) {
  std::vector<StatusView::Standing> out;
  for (const JsonValue& one : list_at(json, key)) {
    out.push_back({text_at(one, "job"), text_at(one, "actor"), text_at(one, "reason"), text_at(one, "until"),
                   text_at(one, "commit")});
  }
  return out;
}

std::vector<std::string> texts_at(const JsonValue& json, std::string_view key) {
  std::vector<std::string> out;
  for (const JsonValue& one : list_at(json, key)) {
    if (one.kind == JsonValue::Kind::kString) out.push_back(one.text);
  }
  return out;
}

void read_pass(StatusView& status, const JsonValue& pass) {
  for (const JsonValue& entry : list_at(pass, "allocations")) add_outcome(status, entry);
  for (const JsonValue& job : list_at(pass, "jobs")) {
    status.jobs.push_back(
        {text_at(job, "job"), text_at(job, "state"), text_at(job, "reason"), text_at(job, "detail")});
  }
  for (const JsonValue& one : list_at(pass, "diagnostics")) {
    if (text_at(one, "severity") != "error") continue;
    status.problems.push_back(
        to_string(Diagnostic{Severity::kError, text_at(one, "path"), text_at(one, "field"),
                             text_at(one, "message"), text_at(one, "advice")}));
  }
}

}  // namespace

StatusView parse_status(std::string_view text) {
  StatusView status;
  const auto json = read_json(text);
  if (!json) return status;
  status.daemon = flag_at(*json, "daemon");
  status.bucket_id = text_at(*json, "bucket_id");
  status.name = text_at(*json, "name");
  status.state = text_at(*json, "state");
  status.phase = text_at(*json, "phase");
  status.head = text_at(*json, "head");
  status.applied = text_at(*json, "applied_commit");
  status.store_problem = text_at(*json, "store_problem");
  status.notes_problem = text_at(*json, "notes_problem");
  status.certificate_warnings = texts_at(*json, "certificate_warnings");
  if (const JsonValue* authority = member_of(*json, "authority")) {
    status.authority = text_at(*authority, "state");
    status.authority_detail = text_at(*authority, "detail");
  }
  status.pending = flag_at(*json, "pending");
  if (const JsonValue* source = member_of(*json, "source")) {
    status.source = text_at(*source, "state");
    status.source_detail = text_at(*source, "detail");
  }
  for (const JsonValue& one : list_at(*json, "allocations")) {
    status.allocations.push_back({text_at(one, "job"), text_at(one, "worker"), text_at(one, "version"),
                                  text_at(one, "state"), text_at(one, "health"), stands_at(one)});
  }
  for (const JsonValue& one : list_at(*json, "rollout")) {
    status.rollout.push_back({text_at(one, "job"), text_at(one, "state"), text_at(one, "reason"),
                              text_at(one, "detail"), number_at(one, "batch"), number_at(one, "batches"),
                              number_at(one, "done"), number_at(one, "total"), texts_at(one, "running"),
                              texts_at(one, "failed"), texts_at(one, "set_aside")});
  }
  for (const JsonValue& one : list_at(*json, "workers_set_aside")) {
    status.set_aside.push_back({text_at(one, "worker"), text_at(one, "condition"), text_at(one, "detail")});
  }
  for (const JsonValue& one : list_at(*json, "channels")) {
    status.channels.push_back(
        {text_at(one, "name"), text_at(one, "problem"), text_at(one, "since"), number_at(one, "waiting")});
  }
  status.suspended = orders_at(*json, "suspended");
  status.pinned = orders_at(*json, "pinned");
  if (const JsonValue* pass = member_of(*json, "pass")) read_pass(status, *pass);
  std::stable_sort(status.allocations.begin(), status.allocations.end(), [](const auto& a, const auto& b) {
    return a.job != b.job ? a.job < b.job : a.worker < b.worker;
  });
  return status;
}

ExitStatus exit_of(const StatusView& status) {
  if (!status.store_problem.empty()) return kExitFailed;
  switch (pass_state_from(status.state)) {
    case PassState::kApplied:
      return kExitDone;
    case PassState::kDegraded:
    case PassState::kRolledBack:
      return kExitFailed;
    case PassState::kHeld:
    case PassState::kRefused:
      return kExitHeld;
    case PassState::kPending:
    case PassState::kApplying:
    case PassState::kSuperseded:
      return kExitChangesPending;
  }
  return kExitFailed;
}

}  // namespace maand
