#include "reconciler/core/render_failures.h"

#include <algorithm>

#include "reconciler/core/missing_values.h"

namespace maand {

bool waits_only(const std::vector<RenderFailure>& found) {
  return std::all_of(found.begin(), found.end(), [](const RenderFailure& one) {
    return one.problem.kind == TemplateProblem::Kind::kMissingValue;
  });
}

Hold hold_of(const RenderFailures& failures) {
  if (failures.broken) return *failures.broken;
  if (!failures.without.empty()) return {Reason::kNoCertificate, failures.without, {}};
  return {Reason::kMissingValue, list_missing(failures.missing), {}};
}

Diagnostic diagnostic_of(const std::string& path, const TemplateProblem& problem) {
  const std::string where =
      "line " + std::to_string(problem.line) + ", column " + std::to_string(problem.column) + ": ";
  return {Severity::kError, path, "", where + problem.message,
          problem.kind == TemplateProblem::Kind::kDenied
              ? "read only namespaces of this allocation, or demand the job that owns the value"
              : "correct the template"};
}

}  // namespace maand
