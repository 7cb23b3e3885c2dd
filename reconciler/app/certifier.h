// Issues certificates of jobs: what is missing or due, before anything is planned with it
// (workspace.md 12.3). core/certificate_plan decides which.
//
// Reconcile thread; keys are made on the lane. A pair is in the store, its key sealed, before
// anything can be planned with it: a crash in between neither loses nor doubles one.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconciler/app/lane.h"
#include "reconciler/core/certificate_issuer.h"
#include "reconciler/core/certificate_plan.h"
#include "reconciler/core/desired.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/values.h"

namespace maand {

// As of the last look; what is shown of certificates.
struct CertificateReport {
  std::vector<StandingCertificate> standing;
  std::optional<CertificateFacts> authority;
  WallTime authority_due;             // of it, as far as it is there
  std::vector<std::string> warnings;  // sentences
  std::optional<WallTime> next_due;   // when the next one is to be issued
};

class Certifier {
 public:
  struct Deps {
    Lane& lane;
    Values& values;
    CertificateIssuer& issuer;
    Clock& clock;
    Observer& observer;
  };
  Certifier(Deps deps, BucketId bucket, CertificateRules rules);

  // The CA's certificate as it is now; "" where there is none.
  std::string authority();

  struct Result {
    bool written = false;  // values changed
    bool renewed = false;  // one of them replaces another
    bool missing = false;  // an allocation is still without its certificate
    std::string waits;     // and waits for this
    bool unsure = false;   // VariableSources::authority_unsure
    // What was desired before is not what is desired now.
    bool again() const { return written || missing || unsure; }
  };
  // Serves the inbox while keys are made; gives up between two of them when `stop` says so.
  // Throws StoreError.
  Result look(const DesiredState& desired, const AppliedState& applied, VariableSources sources,
              const std::function<bool()>& stop);

  // What lies on the workers by now, after a rollout: issues and writes nothing.
  void look_again(const DesiredState& desired, const AppliedState& applied, const VariableSources& sources);

  // Of these jobs as `desired` has them, what has no certificate at all gets one, so that their hooks find
  // it beside them (workspace.md 10.1) before anything of them can roll out. What cannot be issued is told
  // by look(), once they do. True: values changed. Throws StoreError.
  bool supply(const DesiredState& desired, const AppliedState& applied, VariableSources sources,
              const std::set<JobName>& jobs, const std::function<bool()>& stop);

  const CertificateReport& report() const { return report_; }
  std::string prometheus() const;  // any thread

 private:
  // Returns why it stopped, or "".
  std::string carry_out(CertificatePlan& plan, const std::function<bool()>& stop, Result& result);
  CertificatePlan plan(const DesiredState& desired, const AppliedState& applied,
                       const VariableSources& sources, const std::string& problem);
  void keep(CertificatePlan plan);
  std::string create_authority();
  void issue(const CertificateOrder& order, Result& result);
  void write(const std::vector<ValueChange>& changes);
  void tell(const std::string& text);

  Deps deps_;
  const BucketId bucket_;
  const CertificateRules rules_;
  KnownCertificates known_;
  std::string problem_;       // of the last look
  mutable std::mutex mutex_;  // for report_, which only the reconcile thread writes
  CertificateReport report_;
};

}  // namespace maand
