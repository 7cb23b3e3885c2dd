// Series of the certificates that maand issues (workspace.md 12.4), for `/metrics`.
#pragma once

#include <string>

#include "reconciler/app/certifier.h"

namespace maand {

// `maand_cert_not_after_seconds`, `maand_cert_expiring` and `maand_cert_expired`; "" where there
// are none.
std::string certificate_metrics(const CertificateReport& report, WallTime now);

}  // namespace maand
