#include "reconciler/app/certifier.h"

#include <set>
#include <utility>

#include "reconciler/app/certificate_metrics.h"
#include "reconciler/core/certificate_files.h"
#include "reconciler/core/secret_box.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr const char* kNextPass = "it is issued with the next pass";
constexpr const char* kLostAuthority =
    "secrets/ca.crt and secrets/ca.key are missing, and certificates were issued with them: put both back "
    "from "
    "a backup, or another CA in their place (docs/certificates.md)";

// `workers` of an order, as they are told.
std::string whose(const CertificateOrder& order) {
  if (order.workers.size() == 1) return order.job.str() + "@" + order.workers.front().str();
  return order.job.str() + " on " + std::to_string(order.workers.size()) + " workers";
}

}  // namespace

Certifier::Certifier(Deps deps, BucketId bucket, CertificateRules rules)
    : deps_(deps), bucket_(std::move(bucket)), rules_(rules) {}

std::string Certifier::authority() { return deps_.issuer.authority(deps_.clock.wall()).certificate; }

CertificatePlan Certifier::plan(const DesiredState& desired, const AppliedState& applied,
                                const VariableSources& sources, const std::string& problem) {
  return plan_certificates(
      {desired, applied, sources, rules_, deps_.clock.wall(),
       [this](const std::string& ns, const std::string& key) { return deps_.values.history(ns, key); },
       problem},
      known_);
}

void Certifier::look_again(const DesiredState& desired, const AppliedState& applied,
                           const VariableSources& sources) {
  // A job that waits is not in `desired` with what it waits for, so what was warned of stays.
  CertificatePlan now = plan(desired, applied, sources, problem_);
  const std::lock_guard lock(mutex_);
  report_.standing = std::move(now.standing);
}

Certifier::Result Certifier::look(const DesiredState& desired, const AppliedState& applied,
                                  VariableSources sources, const std::function<bool()>& stop) {
  Result result;
  const BucketAuthority authority = deps_.issuer.authority(deps_.clock.wall());
  std::string problem = authority.problem;
  CertificatePlan plan = this->plan(desired, applied, sources, problem);
  if (authority.absent && plan.wanted) {
    problem = had_certificates(applied, sources.stored) ? kLostAuthority : create_authority();
    sources.ca_pem = this->authority();
    result.written = problem.empty();
    plan = this->plan(desired, applied, sources, problem);
  }
  if (problem.empty()) problem = carry_out(plan, stop, result);
  if (result.written || problem != authority.problem) {
    sources.stored = deps_.values.snapshot();
    plan = this->plan(desired, applied, sources, problem);
  }
  result.unsure = result.unsure || !problem.empty();
  for (const CertificateOrder& order : plan.orders)
    result.missing = result.missing || order.why == CertificateOrder::Why::kMissing;
  keep(std::move(plan));
  problem_ = problem;
  result.waits = problem.empty() ? kNextPass : problem;
  return result;
}

bool Certifier::supply(const DesiredState& desired, const AppliedState& applied, VariableSources sources,
                       const std::set<JobName>& jobs, const std::function<bool()>& stop) {
  const BucketAuthority authority = deps_.issuer.authority(deps_.clock.wall());
  if (!authority.problem.empty()) return false;
  if (authority.absent) {
    if (had_certificates(applied, sources.stored) || !create_authority().empty()) return false;
    sources.ca_pem = this->authority();
  }
  KnownCertificates known;  // of what is not rolled out; look() has its own
  CertificatePlan plan = plan_certificates(
      {desired, applied, sources, rules_, deps_.clock.wall(),
       [this](const std::string& ns, const std::string& key) { return deps_.values.history(ns, key); }, ""},
      known);
  plan.changes.clear();  // whoever has one keeps it until something rolls out
  std::erase_if(plan.orders, [&](const CertificateOrder& order) {
    return order.why != CertificateOrder::Why::kMissing || jobs.count(order.job) == 0;
  });
  Result result;
  carry_out(plan, stop, result);
  return result.written;
}

// What is new of what is wrong is told once.
void Certifier::keep(CertificatePlan plan) {
  const std::set<std::string> known(report_.warnings.begin(), report_.warnings.end());
  for (const std::string& warning : plan.warnings) {
    if (known.count(warning) == 0) tell(warning);
  }
  const std::lock_guard lock(mutex_);
  report_ = {};
  if (plan.wanted || !plan.standing.empty()) report_.authority = std::move(plan.authority);
  if (report_.authority) report_.authority_due = authority_due(*report_.authority, rules_);
  report_.standing = std::move(plan.standing);
  report_.warnings = std::move(plan.warnings);
  report_.next_due = plan.next_due;
}

std::string Certifier::prometheus() const {
  const std::lock_guard lock(mutex_);
  return certificate_metrics(report_, deps_.clock.wall());
}

std::string Certifier::carry_out(CertificatePlan& plan, const std::function<bool()>& stop, Result& result) {
  try {
    for (const CertificateOrder& order : plan.orders) {
      if (stop()) {
        result.unsure = true;
        return {};
      }
      issue(order, result);
    }
    if (plan.changes.empty()) return {};
    write(plan.changes);
    for (ValueChange& change : plan.changes) wipe(change.value);
    result.written = true;
  } catch (const CertificateError& error) {
    return error.what();
  }
  return {};
}

// Returns why it could not be made, or "".
std::string Certifier::create_authority() {
  try {
    deps_.lane.await([this] { deps_.issuer.create(bucket_, deps_.clock.wall()); });
  } catch (const CertificateError& error) {
    return error.what();
  }
  tell("the bucket's CA was made: secrets/ca.crt and secrets/ca.key; keep them in every backup");
  return {};
}

void Certifier::issue(const CertificateOrder& order, Result& result) {
  const CertificateWish wish{order.spec, order.addresses, order.names, deps_.clock.wall(), rules_.lifetime};
  IssuedPair pair = deps_.lane.await([this, &wish] { return deps_.issuer.issue(wish); });
  std::vector<ValueChange> changes;
  for (const std::string& ns : order.namespaces) {
    for (ValueChange& change : keep_pair(ns, order.spec.name, pair.certificate, pair.key))
      changes.push_back(std::move(change));
  }
  wipe(pair.key);
  write(changes);
  for (ValueChange& change : changes) wipe(change.value);
  result.written = true;
  result.renewed = result.renewed || order.why != CertificateOrder::Why::kMissing;
  tell("certificate " + order.spec.name + " of " + whose(order) + " was issued: " + order.detail);
}

void Certifier::write(const std::vector<ValueChange>& changes) {
  const ValueWrite written = deps_.values.write(changes, deps_.clock.wall());
  if (written.refusal != ValueRefusal::kNone)
    throw CertificateError("a certificate could not be kept: " + written.problem);
}

void Certifier::tell(const std::string& text) {
  deps_.observer.on(Event{.kind = EventKind::kNotice, .text = text});
}

}  // namespace maand
