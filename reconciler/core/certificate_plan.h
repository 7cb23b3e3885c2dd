// Which certificates are to be issued now, and when is the next one due (workspace.md 12.3
// and the list of differences)?
//
// Only what is missing, is not what its manifest asks for any more, or is due: one that is
// not is never issued anew because another one is. A certificate says by itself what it was
// issued for, so nothing besides it is kept; one that an original maand issued is good as it
// is until its common name, its form or its CA changes, a worker's address is not in it, or
// it is due. Names too many are no reason: a worker that leaves re-issues nothing.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/core/certificate_facts.h"
#include "reconciler/core/desired.h"
#include "reconciler/core/values.h"

namespace maand {

struct CertificateRules {
  std::chrono::hours lifetime{24 * 60};  // certs_ttl; > 0
  std::chrono::hours buffer{0};          // certs_renewal_buffer; >= 0
};

// How long before its end a certificate is renewed: the larger of `rules.buffer` and a third of
// its lifetime, and at most two thirds.
std::chrono::seconds renewal_buffer(const CertificateFacts& leaf, const CertificateRules& rules);
// When it is due: that much and up to a tenth of its lifetime before its end. `whose` spreads
// certificates that were issued together, each always in the same way.
WallTime renewal_due(const CertificateFacts& leaf, const CertificateRules& rules, std::string_view whose);
// From when on the end of the CA shortens what it signs, or soon will.
WallTime authority_due(const CertificateFacts& authority, const CertificateRules& rules);

struct CertificateOrder {
  enum class Why {
    kMissing,  // its allocations cannot run what their manifest says
    kChanged,  // the one that is there is not what is asked for
    kDue,
  };
  JobName job;
  CertificateSpec spec;
  std::vector<std::string> namespaces;  // of the allocations that get it: one, or all where it is shared
  std::vector<WorkerHost> workers;      // the same
  std::vector<std::string> addresses;   // alternative names: IP addresses
  std::vector<std::string> names;       // and DNS names
  Why why = Why::kMissing;
  std::string detail;  // what is wrong with the one that is there
};

// One that an allocation has, as it lies on the worker.
struct StandingCertificate {
  JobName job;
  WorkerHost worker;
  std::string name;
  std::string common_name;
  WallTime not_after;
  std::chrono::seconds buffer{0};
  bool late = false;  // half of the time to renew it is over
};

struct CertificatePlan {
  std::vector<CertificateOrder> orders;       // by job, name and worker
  std::vector<ValueChange> changes;           // copies of shared ones, and what nobody has any more
  std::vector<StandingCertificate> standing;  // by job, worker and name
  std::optional<CertificateFacts> authority;  // nullopt: there is none that can be read
  std::optional<WallTime> next_due;           // of those that are neither ordered nor late
  std::vector<std::string> warnings;          // sentences: what ends too soon, and why
  bool wanted = false;                        // some job asks for a certificate
};

// What was found out of a stored pair, so that each is taken apart once.
struct KnownCertificate {
  StoredValue certificate;
  StoredValue key;
  Digest authority;
  std::optional<CertificateFacts> facts;  // nullopt: it cannot be read, or its key is another one
  bool pkcs8 = false;
  bool of_authority = false;
};
using KnownCertificates = std::map<std::pair<std::string, std::string>, KnownCertificate>;  // namespace, name

struct CertificateInputs {
  const DesiredState& desired;
  const AppliedState& applied;
  const VariableSources& sources;  // what is stored, how it is opened, and the CA's certificate
  CertificateRules rules;
  WallTime now;
  // Earlier versions of a value, newest first.
  std::function<std::vector<StoredValue>(const std::string& ns, const std::string& key)> history;
  std::string problem;  // why nothing can be issued; empty: it can
};

// Cost: a look at every certificate that is asked for, and at every stored value of an allocation.
CertificatePlan plan_certificates(const CertificateInputs& inputs, KnownCertificates& known);

// An allocation once had a certificate of a CA of this bucket: another CA must not come by itself.
bool had_certificates(const AppliedState& applied, const ValueSnapshotPtr& stored);

}  // namespace maand
