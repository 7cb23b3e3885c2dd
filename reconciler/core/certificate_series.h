// What is told of certificates to a Prometheus, whether it asks or is told (workspace.md 12.4).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/core/certificate_plan.h"

namespace maand {

// One certificate, as every family tells it.
struct CertificateSeries {
  // scope (`ca`, `job`), job, worker (both "" of the CA), cert, common_name (foreign text), and status
  // (`ok`, `expiring`, `expired`), in this order.
  std::vector<std::pair<std::string, std::string>> labels;
  WallTime not_after;
  bool expiring = false;  // it should have been renewed by now, or the CA replaced; not once it has expired
  bool expired = false;
};

// The CA first, where there is one; `authority_due` is as authority_due() says.
std::vector<CertificateSeries> certificate_series(const std::optional<CertificateFacts>& authority,
                                                  WallTime authority_due,
                                                  const std::vector<StandingCertificate>& standing,
                                                  WallTime now);

struct CertificateFamily {
  const char* name;
  const char* help;
  std::int64_t (*value)(const CertificateSeries& one);
};
// All of them gauges.
const std::array<CertificateFamily, 3>& certificate_families();

}  // namespace maand
