#include "reconciler/core/certificate_series.h"

#include <chrono>

namespace maand {
namespace {

CertificateSeries series(const char* scope, std::string job, std::string worker, std::string cert,
                         std::string common_name, WallTime not_after, WallTime due, WallTime now) {
  CertificateSeries out;
  out.not_after = not_after;
  out.expired = not_after <= now;
  out.expiring = !out.expired && due <= now;
  const char* const status = out.expired ? "expired" : out.expiring ? "expiring" : "ok";
  out.labels = {{"scope", scope},
                {"job", std::move(job)},
                {"worker", std::move(worker)},
                {"cert", std::move(cert)},
                {"common_name", std::move(common_name)},
                {"status", status}};
  return out;
}

std::int64_t end_of(const CertificateSeries& one) {
  return std::chrono::duration_cast<std::chrono::seconds>(one.not_after.time_since_epoch()).count();
}
std::int64_t is_expiring(const CertificateSeries& one) { return one.expiring ? 1 : 0; }
std::int64_t is_expired(const CertificateSeries& one) { return one.expired ? 1 : 0; }

}  // namespace

std::vector<CertificateSeries> certificate_series(const std::optional<CertificateFacts>& authority,
                                                  WallTime authority_due,
                                                  const std::vector<StandingCertificate>& standing,
                                                  WallTime now) {
  std::vector<CertificateSeries> out;
  if (authority) {
    out.push_back(
        series("ca", "", "", "ca", authority->common_name, authority->not_after, authority_due, now));
  }
  for (const StandingCertificate& one : standing) {
    out.push_back(series("job", one.job.str(), one.worker.str(), one.name, one.common_name, one.not_after,
                         one.not_after - one.buffer, now));
  }
  return out;
}

const std::array<CertificateFamily, 3>& certificate_families() {
  static constexpr std::array<CertificateFamily, 3> kFamilies = {{
      {"maand_cert_not_after_seconds", "When a certificate of a job, or of the CA, ends; since 1970.",
       end_of},
      {"maand_cert_expiring", "1: it should have been renewed by now, or the CA replaced.", is_expiring},
      {"maand_cert_expired", "1: it has ended.", is_expired},
  }};
  return kFamilies;
}

}  // namespace maand
