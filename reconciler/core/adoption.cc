#include "reconciler/core/adoption.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace maand {
namespace {

// Every file that the last successful deploy sent is there as it sent it, and nothing else of it.
bool lies_as_promoted(const OriginalAllocation& allocation, const FoundWorker& worker) {
  std::map<std::string_view, std::string_view> there;
  for (const FoundFile& file : files_of(worker, allocation.key.job)) there[file.path] = file.md5;
  for (const auto& [path, md5] : allocation.promoted_files) {
    const auto one = there.find(path);
    if (is_sent(path) && (one == there.end() || one->second != md5)) return false;
  }
  for (const auto& [path, md5] : allocation.staged_files) {
    if (is_sent(path) && allocation.promoted_files.count(path) == 0 && there.count(path) > 0) return false;
  }
  return !allocation.promoted_files.empty();
}

ShippedFile shipped(const FoundFile& file) {
  ShippedFile out;
  out.path = file.path;
  out.mode = (file.permissions & 0100) != 0 ? FileMode::kExecutable : FileMode::kRegular;
  const int usual = out.mode == FileMode::kExecutable ? 0755 : 0644;
  if (const int permissions = file.permissions & 0777; permissions != usual)
    out.attributes.permissions = permissions;
  out.content = file.content;
  out.size_bytes = file.size_bytes;
  return out;
}

FileSetPtr list_as_found(const OriginalBucket& original, const OriginalAllocation& allocation,
                         const FoundWorker& worker) {
  const std::set<std::string> sent = sent_paths(original, allocation);
  std::vector<ShippedFile> files;
  for (const FoundFile& file : files_of(worker, allocation.key.job)) {
    if (sent.count(file.path) > 0) files.push_back(shipped(file));
  }
  return make_file_set(std::move(files));
}

void set_standing(AppliedAllocation& out, OriginalStanding standing) {
  out.running = standing == OriginalStanding::kRuns || standing == OriginalStanding::kTorn;
  switch (standing) {
    case OriginalStanding::kNone:
      return;
    case OriginalStanding::kRuns:
      out.last = LastResult::kConfirmed;
      out.last_target = Target::kStart;
      return;
    case OriginalStanding::kTorn:
      out.last = LastResult::kInterrupted;
      out.last_target = Target::kRestart;
      return;
    case OriginalStanding::kBegun:
      out.last = LastResult::kInterrupted;
      out.last_target = Target::kStart;
      return;
    case OriginalStanding::kStopped:
      out.last = LastResult::kConfirmed;
      out.last_target = Target::kStop;
      return;
  }
}

std::vector<int> numbers_of(const PortTable& ports, const JobName& job) {
  std::vector<int> out;
  if (const auto numbers = ports.find(job); numbers != ports.end()) {
    for (const auto& [name, number] : numbers->second) out.push_back(number);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace

const char* to_string(OriginalStanding standing) {
  switch (standing) {
    case OriginalStanding::kNone:
      return "none";
    case OriginalStanding::kRuns:
      return "runs";
    case OriginalStanding::kTorn:
      return "unfinished";
    case OriginalStanding::kBegun:
      return "unfinished start";
    case OriginalStanding::kStopped:
      return "stopped";
  }
  return "";
}

bool standing_is_told(const OriginalAllocation& allocation, const FoundWorker* worker) {
  return worker && worker->listed.count(allocation.key.job) > 0;
}

OriginalStanding standing_of(const OriginalAllocation& a, const FoundWorker* worker) {
  // Nothing was ever staged; or its worker was emptied since.
  if (!a.known || (worker && !worker->deployed)) return OriginalStanding::kNone;
  if (a.promoted) {
    // Every deploy stops what is disabled before it writes jobs.json (workspace.md 9.7). Where that
    // cannot be read the database is believed: `stop` would run on what was stopped long ago.
    const bool listed_enabled = standing_is_told(a, worker) && !worker->listed.at(a.key.job);
    if (a.disabled && !listed_enabled) return OriginalStanding::kStopped;
    if (a.disabled || a.removed || !a.pending) return OriginalStanding::kRuns;
    return worker && lies_as_promoted(a, *worker) ? OriginalStanding::kRuns : OriginalStanding::kTorn;
  }
  // A build takes back that it went through when it is enabled again (3.3), and keeps its version.
  if (a.current_version != "0.0.0") return OriginalStanding::kStopped;
  return a.disabled ? OriginalStanding::kNone : OriginalStanding::kBegun;
}

AppliedState state_as_found(const OriginalBucket& original, const FoundWorkers& found,
                            const std::map<WorkerHost, Endpoint>& endpoints) {
  AppliedState state;
  state.ports = original.ports;
  for (const OriginalAllocation& one : original.allocations) {
    const FoundWorker* worker = reading_of(found, one.key.worker);
    const OriginalStanding standing = standing_of(one, worker);
    if (standing == OriginalStanding::kNone) continue;
    AppliedAllocation& out = state.allocations[one.key];
    out.key = one.key;
    if (const auto endpoint = endpoints.find(one.key.worker); endpoint != endpoints.end())
      out.endpoint = endpoint->second;
    out.version = one.current_version;
    set_standing(out, standing);
    if (standing != OriginalStanding::kStopped) out.holds = numbers_of(original.ports, one.key.job);
    if (worker) out.files = list_as_found(original, one, *worker);
    // Whatever marker lies there, or none: the original makes none (R3.5).
    WorkerRecord& record = state.workers[one.key.worker];
    record.host = one.key.worker;
    record.adopt_marker = true;
  }
  return state;
}

}  // namespace maand
