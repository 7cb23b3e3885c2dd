// A commit → what it asks for: history verdict, workspace, and the older content
// of jobs that cannot be taken from it.
//
// Works on the git lane and answers on the reconcile thread, so that a newer
// commit can be judged while a rollout goes on (R1.8).
#pragma once

#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "reconciler/app/lane.h"
#include "reconciler/core/desired.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/workspace.h"

namespace maand {

struct Judged {
  CommitInfo info;
  HistoryVerdict history = HistoryVerdict::kFirst;  // against the last applied commit
  Workspace workspace;
  std::map<JobName, KeptJob> kept;
};
using JudgedPtr = std::shared_ptr<const Judged>;

class Judge {
 public:
  // `root`: the workspace's directory in the repository. Source and lane must outlive the judge.
  Judge(Lane& lane, Source& source, std::string root, WorkspaceLimits limits);

  // Reconcile thread. Loads `commit` from the mirror; `done` runs on the
  // reconcile thread with the result, or with what went wrong.
  void start(const CommitId& commit, const AppliedState& applied,
             std::function<void(JudgedPtr, std::exception_ptr)> done);

  // The content of held jobs depends on the applied state: reads it anew for a
  // commit that was judged before. Reconcile thread; blocks like Lane::await.
  JudgedPtr refresh(const JudgedPtr& judged, const AppliedState& applied);

 private:
  class Digests;

  std::map<JobName, KeptJob> load_kept(const std::map<JobName, CommitId>& needed);

  Lane& lane_;
  Source& source_;
  const std::string root_;
  const WorkspaceLimits limits_;
  std::shared_ptr<Digests> digests_;  // used on the lane only
};

}  // namespace maand
