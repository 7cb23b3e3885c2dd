// make_desired without its surroundings: nothing stored, no secret, fixed names.
#pragma once

#include <map>

#include "reconciler/core/desired.h"

namespace maand {

inline const VariableSources& no_sources() {
  static const VariableSources kNone{BucketId("bucket"), nullptr, nullptr, ""};
  return kNone;
}

inline DesiredState desire(const CommitId& commit, const Workspace& workspace,
                           const AppliedState& applied = {}, const std::map<JobName, KeptJob>& kept = {},
                           const VariableSources& sources = no_sources(), const Pins& pins = {}) {
  return make_desired({.commit = commit,
                       .workspace = workspace,
                       .applied = applied,
                       .kept = kept,
                       .sources = sources,
                       .pins = pins});
}

}  // namespace maand
