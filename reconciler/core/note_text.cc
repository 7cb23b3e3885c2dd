// The human part of the note (R4.1).
#include <algorithm>
#include <cstdio>
#include <ctime>

#include "reconciler/core/status.h"

namespace maand {
namespace {

constexpr std::size_t kMaxListed = 200;  // R4.3
constexpr std::size_t kMaxDiagnostics = 50;

std::string seconds_text(std::chrono::milliseconds duration) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(duration.count()) / 1000.0);
  return text;
}

void pad(std::string& line, std::size_t column) {
  line.append(line.size() < column ? column - line.size() : 1, ' ');
}

// `  api@10.0.0.1   1.2.0 → 1.3.0  restart  healthy    VersionChanged`
std::string line_text(const AllocationStatus& allocation, std::size_t key_width) {
  std::string line = "  " + allocation.key.str();
  pad(line, key_width + 4);
  std::string versions = allocation.current_version == allocation.new_version
                             ? allocation.new_version
                             : allocation.current_version + " → " + allocation.new_version;
  line += versions + "  ";
  std::string rest = allocation.action == Action::kNone ? "-" : to_string(allocation.action);
  pad(rest, 9);
  rest += allocation.outcome == "succeeded" ? to_string(allocation.health) : allocation.outcome;
  pad(rest, 21);
  rest += to_string(allocation.reason);
  const bool explained = allocation.outcome != "succeeded" && !allocation.detail.empty();
  return line + rest + (explained ? ": " + allocation.detail : "");
}

// A section must not hold the line that separates text from JSON, and one
// entry is one line whatever a message contains.
std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::replace(text.begin(), text.end(), '\r', ' ');
  return text;
}

}  // namespace

std::string rfc3339(WallTime time) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch());
  const std::time_t seconds = static_cast<std::time_t>(since.count() / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + length, sizeof text - length, ".%03dZ", static_cast<int>(since.count() % 1000));
  return text;
}

std::string note_text(const PassStatus& status) {
  std::string out = "maand " + status.bucket_name + ": " + to_string(status.state);
  if (status.state != PassState::kRefused) out += " · " + summary(status);
  if (status.finished_at > status.started_at) {
    out += " · " + seconds_text(std::chrono::duration_cast<std::chrono::milliseconds>(status.finished_at -
                                                                                      status.started_at));
  }
  std::size_t key_width = 0;
  const std::size_t listed = std::min(status.allocations.size(), kMaxListed);
  for (std::size_t i = 0; i < listed; ++i) {
    key_width = std::max(key_width, status.allocations[i].key.str().size());
  }
  for (std::size_t i = 0; i < listed; ++i)
    out += "\n" + one_line(line_text(status.allocations[i], key_width));
  if (status.allocations.size() > listed) {
    out += "\n  and " + std::to_string(status.allocations.size() - listed) + " more";
  }
  for (const JobStatus& job : status.jobs) {
    out += "\n" +
           one_line(std::string("  ") + (job.held ? "held " : "waiting ") + job.job.str() + "  " +
                    to_string(job.reason) + ": " + (job.detail.empty() ? explain(job.reason) : job.detail));
  }
  const std::size_t told = std::min(status.diagnostics.size(), kMaxDiagnostics);
  for (std::size_t i = 0; i < told; ++i) {
    const Diagnostic& diagnostic = status.diagnostics[i];
    out += "\n" +
           one_line(std::string("  ") + (diagnostic.severity == Severity::kError ? "error " : "warning ") +
                    to_string(diagnostic));
  }
  if (status.diagnostics.size() > told) {
    out +=
        "\n  and " + std::to_string(status.diagnostics.size() - told) + " more; `maand validate` shows all";
  }
  for (const std::string& remark : status.remarks) out += "\n  " + one_line(remark);
  return out;
}

}  // namespace maand
