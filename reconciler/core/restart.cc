#include "reconciler/core/restart.h"

#include <algorithm>

#include "reconciler/core/certificate_files.h"
#include "reconciler/core/glob.h"
#include "reconciler/core/hold_key.h"
#include "reconciler/core/hook_commands.h"

namespace maand {
namespace {

// The CA that lies there has been exchanged. One that only came to be is no reason to roll out (R1.10).
bool authority_differs(const Wanted& wanted, const AppliedAllocation& applied) {
  const auto in = [](const FileSet& list) {
    const auto& files = list.files;
    const auto at =
        std::lower_bound(files.begin(), files.end(), kAuthorityPath,
                         [](const ShippedFile& one, std::string_view path) { return one.path < path; });
    return at == files.end() || at->path != kAuthorityPath ? nullptr : &*at;
  };
  const ShippedFile* const there = in(*applied.files);
  const ShippedFile* const here = in(*wanted.content.compared);
  return there && here && there->blob.empty() && there->content != here->content;
}

bool only_certificates(const std::vector<std::string>& paths) {
  return std::all_of(paths.begin(), paths.end(),
                     [](const std::string& path) { return path.starts_with("certs/"); });
}

// A start that failed half way may have left processes that only its Makefile
// can end, so it is stopped like one that was confirmed.
bool has_to_stop(const Situation& s) { return s.running || s.may_run; }

Decision leave(const Situation& s) {
  if (has_to_stop(s)) return {Action::kStop, Reason::kLeft, true};
  if (s.synced) return {Action::kRemove, Reason::kLeft};
  return {Action::kForget, Reason::kLeft};
}

Decision upgrade(const Situation& s) {
  const Reason changed = s.version_differs               ? Reason::kVersionChanged
                         : s.certificates_changed        ? Reason::kCertificateRenewed
                         : s.value_changed               ? Reason::kValueChanged
                         : s.files_differ && !s.uncaused ? Reason::kFilesChanged
                                                         : Reason::kDrifted;
  // Neither files nor a reload would bring it up.
  if (s.heal && s.not_running) return {Action::kRestart, changed};
  switch (s.policy) {
    case RestartPolicy::kNever:
      return {Action::kSync, changed};
    case RestartPolicy::kReload:
      if (!s.glob_matched) return {Action::kReload, changed};
      return {Action::kRestart, changed == Reason::kDrifted ? changed : Reason::kGlobMatched};
    case RestartPolicy::kAlways:
      return {Action::kRestart, changed};
  }
  return {Action::kRestart, changed};
}

}  // namespace

namespace {

Decision by_targets(const Situation& s) {
  if (s.unsettled) return {Action::kNone, Reason::kUnsettled};
  if (!s.wanted) return leave(s);
  if (s.stopped_by_operator) return {Action::kNone, Reason::kStoppedByOperator};
  if (s.disabled) {
    return {has_to_stop(s) ? Action::kStop : Action::kNone, Reason::kDisabled};
  }
  if (s.renamed) return {s.running || s.may_run ? Action::kRestart : Action::kStart, Reason::kRenamed};
  if (s.last == LastResult::kFailed || s.last == LastResult::kInterrupted) {
    const Reason reason =
        s.last == LastResult::kFailed ? Reason::kPreviousFailed : Reason::kPreviousInterrupted;
    const bool was_start = s.last_target == Target::kStart || !s.running;
    return {was_start ? Action::kStart : Action::kRestart, reason};
  }
  if (!s.running) {
    return {Action::kStart, s.last_target == Target::kStop ? Reason::kReEnabled : Reason::kNew};
  }
  if (s.files_differ && s.uncaused && !s.heal) return {Action::kNone, Reason::kNewBaseline};
  if (s.files_differ || s.version_differs || s.heal) return upgrade(s);
  // Nothing is left to be done there but to see whether it came up.
  if (s.gate_owed) return {Action::kSync, Reason::kSettled};
  return {Action::kNone, Reason::kUnchanged};
}

}  // namespace

Decision decide(const Situation& s) {
  Decision out = by_targets(s);
  if (!s.control) return out;
  const bool idle = out.reason == Reason::kUnchanged || out.reason == Reason::kNewBaseline ||
                    out.reason == Reason::kSettled;
  if (s.control_owed && idle) return {Action::kControl, Reason::kPreviousInterrupted};
  if (ships_files(out.action) && out.reason != Reason::kSettled) out.action = Action::kControl;
  return out;
}

bool files_differ(const AllocationContent& content, const AppliedAllocation& applied) {
  if (!applied.files) return true;
  if (applied.files == content.compared || applied.files->digest == content.compared->digest) return false;
  return applied.baseline.empty() || applied.baseline != content.compared->digest;
}

bool version_differs(const Job& job, const AppliedAllocation& applied) {
  return applied.version != job.version;
}

std::vector<std::string> differing_paths(const Wanted& wanted, const AppliedAllocation& applied) {
  return changed_paths(applied.files.get(), wanted.content.compared.get());
}

namespace {

std::vector<std::string> matching(const Job& job, const std::vector<std::string>& paths) {
  if (job.restart_globs.empty()) return {};
  std::vector<std::string> rendered;
  for (const JobTemplate& one : job.templates) rendered.push_back(one.path);
  return matching_paths(job.restart_globs, paths, rendered);
}

// Which paths have drifted is not known to the last one where there are many.
bool drift_matches(const Job& job, const Drift& drift) {
  return !job.restart_globs.empty() && (drift.more || !matching(job, drift.paths).empty());
}

}  // namespace

std::vector<std::string> restart_matches(const Wanted& wanted, const AppliedAllocation& applied) {
  return matching(wanted.job, differing_paths(wanted, applied));
}

Situation situation_of(const Wanted* wanted, const AppliedAllocation* applied, bool disabled) {
  Situation s;
  s.wanted = wanted != nullptr;
  s.disabled = disabled;
  if (wanted) {
    s.policy = wanted->job.restart_policy;
    s.control = has_hooks(wanted->job.commands, HookEvent::kJobControl);
  }
  if (!applied) {
    s.files_differ = true;
    return s;
  }
  s.stopped_by_operator = applied->stopped_by.has_value();
  s.unsettled = applied->open.has_value();
  s.synced = applied->files != nullptr || applied->last == LastResult::kInterrupted;
  s.running = applied->running;
  s.renamed = !applied->moved_from.empty();
  s.last = applied->last;
  s.last_target = applied->last_target;
  s.may_run = !s.running && s.last_target != Target::kStop && !applied->missing_target &&
              (s.last == LastResult::kFailed || s.last == LastResult::kInterrupted);
  if (!wanted) return s;
  s.gate_owed = !wanted->job.health.checks.empty() && s.running && s.last == LastResult::kConfirmed &&
                s.last_target != Target::kStop && applied->health == Health::kUnprobed &&
                applied->tree == wanted->job.tree;
  s.files_differ = files_differ(wanted->content, *applied);
  s.version_differs = version_differs(wanted->job, *applied);
  if (s.files_differ && applied->files && same_directory(applied->tree, wanted->job.tree)) {
    const bool authority = wanted->job.certs.empty() && authority_differs(*wanted, *applied);
    s.value_changed = wanted->content.with.values != applied->rendered_with.values || authority;
    s.uncaused = !s.value_changed && !s.version_differs;
    s.certificates_changed = s.value_changed && (authority || !wanted->job.certs.empty()) &&
                             only_certificates(differing_paths(*wanted, *applied));
  }
  s.heal = applied->drift && applied->drift->heal;
  s.not_running = drift_kind(applied->drift) == DriftKind::kNotRunning;
  if (wanted->job.restart_policy == RestartPolicy::kReload) {
    s.glob_matched = (s.files_differ && !restart_matches(*wanted, *applied).empty()) ||
                     (s.heal && drift_matches(wanted->job, *applied->drift));
  }
  return s;
}

}  // namespace maand
