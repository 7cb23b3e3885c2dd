// A commit → whether it may be applied (R1.4, R1.5), and what it asks for: workspace, and the
// older content of jobs that cannot be taken from it.
//
// Git is read on its lane and everything is answered on the reconcile thread, so
// that a newer commit can be judged while a rollout goes on (R1.8).
#pragma once

#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "reconciler/app/lane.h"
#include "reconciler/core/admission.h"
#include "reconciler/core/desired.h"
#include "reconciler/core/kept_jobs.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/removal_trailer.h"
#include "reconciler/core/secret_opener.h"
#include "reconciler/core/values.h"
#include "reconciler/core/workspace.h"

namespace maand {

struct Judged {
  CommitInfo info;
  HistoryVerdict history = HistoryVerdict::kFirst;  // against the last applied commit
  Admission admission;
  // Both are only there for a commit that is admitted; nothing is read of another one.
  Workspace workspace;
  AllowedRemovals allowed_removals;  // by trailers of last-applied..commit (R5.1)

  bool acceptable() const { return admission.admitted() && !workspace.refused(); }
};
using JudgedPtr = std::shared_ptr<const Judged>;

struct JudgeSettings {
  std::string root;  // the workspace's directory in the repository
  WorkspaceLimits limits;
  BucketId bucket;
  std::string worker_root;
  std::string ca_pem;                // certificate of the bucket's CA; empty = there is none
  Signatures* signatures = nullptr;  // outlives the judge; null: no signature can be checked (R1.5)
  SecretOpener* opener = nullptr;    // outlives the judge; null: no secret of git can be opened
};

class Judge {
 public:
  // Lane, source and values must outlive the judge.
  Judge(Lane& lane, Source& source, Values& values, JudgeSettings settings);

  // Reconcile thread. Loads `commit` from the mirror, with all that desired_now()
  // will need; `done` runs on the reconcile thread with the result, or with what
  // went wrong. `applied` must live until then.
  void start(const CommitId& commit, const AppliedState& applied, const AdmissionRules& rules,
             std::function<void(JudgedPtr, std::exception_ptr)> done);

  // What it asks for, over the values of now. Reconcile thread; blocks like
  // Lane::await where older content has to be read. Throws SourceError, StoreError.
  DesiredState desired(const Judged& judged, const AppliedState& applied, std::int64_t update_seq);
  // The same without waiting: what was not read before stays unknown.
  DesiredState desired_now(const Judged& judged, const AppliedState& applied, std::int64_t update_seq);

  // Reads older content that may be wanted in the middle of a rollout (R5.2). Blocks like
  // desired(). What cannot be had is left out.
  void read_ahead(const WantedJobs& jobs);

  // The CA's certificate as it is by now.
  void trust(std::string ca_pem) { sources_.ca_pem = std::move(ca_pem); }
  // What a job waits for whose certificate is not there; unset: nothing, words stand for it
  // (VariableSources), and nothing of that may be deployed.
  void await_certificates(std::optional<std::string> why, bool unsure = false) {
    sources_.certificates_awaited = std::move(why);
    sources_.authority_unsure = unsure;
  }

  // R5.4: what the next desired state is made with.
  void pin(Pins pins) { pins_ = std::move(pins); }

  // The values that the last of them was made of. Null before the first.
  const ValueSnapshotPtr& values_seen() const { return sources_.stored; }
  // As of now. Throws StoreError.
  ValueSnapshotPtr values_now() { return values_.snapshot(); }
  // What variables are made from, as of the last desired state.
  const VariableSources& sources() const { return sources_; }

 private:
  void finish(std::shared_ptr<Judged> judged, const AppliedState& applied,
              std::function<void(JudgedPtr, std::exception_ptr)> done);
  KeptJobs read_kept(const WantedJobs& wanted);

  Lane& lane_;
  Source& source_;
  Values& values_;
  const JudgeSettings settings_;
  VariableSources sources_;
  Pins pins_;
  KeptJobs kept_;                            // as it was needed last
  std::shared_ptr<ContentDigests> digests_;  // used on the lane only
};

}  // namespace maand
