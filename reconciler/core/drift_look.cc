#include "reconciler/core/drift_look.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "reconciler/core/glob.h"

namespace maand {
namespace {

constexpr std::size_t kNamed = 3;

const char* words_of(JobSeen::Deviation::Kind kind) {
  using Kind = JobSeen::Deviation::Kind;
  switch (kind) {
    case Kind::kChanged:
      return " changed";
    case Kind::kGone:
      return " is gone";
    case Kind::kNoFile:
      return " is no file any more";
    case Kind::kInTheWay:
      return " has a directory or a symlink in its way, which has to be removed by hand";
    case Kind::kSymlink:
      return " is another symlink, or one at all";
    case Kind::kMode:
      return " has another mode or owner";
  }
  return "";
}

using Deviations = std::map<std::string, JobSeen::Deviation::Kind>;

// Those of shipped files that are not the application's own.
Deviations counted(const JobLook& asked, const JobSeen& seen) {
  const auto is_before = [](const ShippedFile& file, const std::string& path) { return file.path < path; };
  const std::vector<ShippedFile>& shipped = asked.files->files;
  Deviations found;
  for (const JobSeen::Deviation& one : seen.deviations) {
    // A worker names only what it was asked about.
    const auto at = std::lower_bound(shipped.begin(), shipped.end(), one.path, is_before);
    if (at == shipped.end() || at->path != one.path || one.path == "manifest.json") continue;
    found.emplace(one.path, one.kind);
  }
  if (found.empty() || !asked.rules) return found;
  std::vector<std::string> paths;
  for (const auto& [path, kind] : found) paths.push_back(path);
  for (const std::string& path : matching_paths(asked.rules->ignore, paths, asked.rules->rendered))
    found.erase(path);
  return found;
}

std::string detail_of(const Deviations& found, bool more) {
  if (found.empty()) return "its directory is gone, or too much of it to tell";
  std::string out;
  std::size_t named = 0;
  for (const auto& [path, kind] : found) {
    if (named++ == kNamed) break;
    out += (out.empty() ? "" : ", ") + path + words_of(kind);
  }
  if (more) {
    out += " and others";
  } else if (found.size() > kNamed) {
    out += " and " + std::to_string(found.size() - kNamed) + " more";
  }
  return out;
}

DriftFinding of_status(const JobSeen& seen, Seconds limit) {
  using Status = JobSeen::Status;
  switch (seen.status) {
    case Status::kNotAsked:
    case Status::kRuns:
      break;
    case Status::kNotRunning:
      return {.kind = DriftKind::kNotRunning,
              .detail = "`make status` ended with " + std::to_string(seen.exit_status)};
    case Status::kTimedOut:
      return {.kind = DriftKind::kNotRunning,
              .detail = "`make status` did not end within " + std::to_string(limit.count()) + " s"};
    case Status::kMissing:
      return {.kind = DriftKind::kNoStatus,
              .detail = "its Makefile has no target `status`, which drift.status of its manifest asks for"};
  }
  return {};
}

}  // namespace

std::optional<DriftFinding> judge_look(const JobLook& asked, const JobSeen& seen) {
  if (seen.busy) return std::nullopt;
  if (seen.list != asked.files->list_id.hex()) {
    return DriftFinding{.kind = DriftKind::kOtherList,
                        .detail = seen.list.empty() ? "its worker no longer knows what was shipped"
                                                    : "other files than ours were deployed there"};
  }
  const Deviations found = counted(asked, seen);
  if (found.empty() && !seen.more) return of_status(seen, asked.status_limit);
  DriftFinding out{.kind = DriftKind::kFiles, .detail = detail_of(found, seen.more)};
  out.more = seen.more || found.size() > kMostDriftPaths;
  for (const auto& [path, kind] : found) {
    out.by_hand = out.by_hand || kind == JobSeen::Deviation::Kind::kInTheWay;
    if (out.paths.size() < kMostDriftPaths) out.paths.push_back(path);
  }
  // What does not run is the graver of the two: a reload would not start it.
  const DriftFinding status = of_status(seen, asked.status_limit);
  if (status.kind != DriftKind::kNotRunning) return out;
  out.kind = DriftKind::kNotRunning;
  out.detail = status.detail + "; " + out.detail;
  return out;
}

}  // namespace maand
