#include "reconciler/core/errand.h"

#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kMostScriptBytes = 1u << 20;

std::string because(const ErrandOutcome& outcome) {
  const std::string condition = to_string(outcome.condition);
  const std::string detail = printable(outcome.detail, 500);
  if (condition.empty()) return detail.empty() ? "" : ": " + detail;
  return " (" + condition + ")" + (detail.empty() ? "" : ": " + detail);
}

}  // namespace

const char* to_string(ErrandOutcome::Kind kind) {
  switch (kind) {
    case ErrandOutcome::Kind::kEnded:
      return "ended";
    case ErrandOutcome::Kind::kTimedOut:
      return "timed_out";
    case ErrandOutcome::Kind::kNotBegun:
      return "not_begun";
    case ErrandOutcome::Kind::kInterrupted:
      return "interrupted";
    case ErrandOutcome::Kind::kLost:
      return "lost";
  }
  return "";
}

std::string sentence(const ErrandOutcome& outcome) {
  switch (outcome.kind) {
    case ErrandOutcome::Kind::kEnded:
      if (outcome.exit_status > 128 && outcome.exit_status < 128 + 65)
        return "was ended by signal " + std::to_string(outcome.exit_status - 128);
      return "exited with " + std::to_string(outcome.exit_status);
    case ErrandOutcome::Kind::kTimedOut:
      return "took too long and was ended";
    case ErrandOutcome::Kind::kNotBegun:
      return (outcome.condition == WorkerCondition::kUnreachable ? "was not reached" : "could not begin") +
             because(outcome);
    case ErrandOutcome::Kind::kInterrupted:
      return "was interrupted";
    case ErrandOutcome::Kind::kLost:
      return "was lost on the way" + because(outcome);
  }
  return "";
}

std::string script_problem(std::string_view script) {
  if (trim(script).empty()) return "is empty";
  if (script.find('\0') != std::string_view::npos) return "holds a NUL byte, so no shell can read it";
  if (script.size() > kMostScriptBytes)
    return "has " + std::to_string(script.size()) + " bytes; the most is " + std::to_string(kMostScriptBytes);
  return "";
}

}  // namespace maand
