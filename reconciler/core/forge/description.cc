#include "reconciler/core/forge/description.h"

#include <algorithm>

#include "reconciler/core/text.h"

namespace maand {
namespace {

// `job api is held: GateFailed`, and how many others there are.
std::string jobs_in_words(const PassStatus& status, bool held) {
  const auto fits = [&](const JobStatus& job) { return job.held == held; };
  const auto first = std::find_if(status.jobs.begin(), status.jobs.end(), fits);
  if (first == status.jobs.end()) return "";
  const auto others = std::count_if(status.jobs.begin(), status.jobs.end(), fits) - 1;
  std::string out = "job " + first->job.str() + (held ? " is held, " : " waits, ") + to_string(first->reason);
  if (others > 0) out += " (and " + std::to_string(others) + " more)";
  return out;
}

std::string errors_in_words(const PassStatus& status) {
  const auto is_error = [](const Diagnostic& one) { return one.severity == Severity::kError; };
  const auto first = std::find_if(status.diagnostics.begin(), status.diagnostics.end(), is_error);
  if (first == status.diagnostics.end()) return "";
  const auto others = std::count_if(status.diagnostics.begin(), status.diagnostics.end(), is_error) - 1;
  std::string out = first->path + (first->field.empty() ? "" : ": " + first->field) + ": " + first->message;
  if (others > 0) out = "(" + std::to_string(others + 1) + " errors) " + out;
  return out;
}

}  // namespace

std::string describe_state(const PassRecord& record, const PassStatus* now, const CommitId& head) {
  const PassState state = pass_state_from(record.state);
  std::string why;
  if (state == PassState::kSuperseded && !head.empty() && head != record.commit)
    why = "by " + head.str().substr(0, 12);
  if (now && state == PassState::kHeld) why = jobs_in_words(*now, true);
  if (now && state == PassState::kDegraded) why = jobs_in_words(*now, false);
  if (now && why.empty() && (state == PassState::kRefused || state == PassState::kHeld))
    why = errors_in_words(*now);
  std::string out = record.state;
  if (!why.empty()) out += (state == PassState::kSuperseded ? " " : ": ") + why;
  const std::string& counts = record.summary;
  if (!counts.empty() && state != PassState::kRefused) out += (why.empty() ? ": " : "; ") + counts;
  return out;
}

}  // namespace maand
