// The alerts that maand brings with it: `rules/maand/certs.yaml` (workspace.md 13.5).
#pragma once

#include <string_view>

namespace maand {

// Over the series of workspace.md 12.4, whose `scope` is `ca` for the authority
// of the bucket. Without these series the alerts stay silent.
inline constexpr std::string_view kCertAlerts = R"yaml(# Written by maand.
groups:
  - name: maand_certs
    rules:
      - alert: maand cert expiring
        expr: maand_cert_expiring{scope!="ca"} == 1
        labels:
          severity: warning
        annotations:
          summary: 'Certificate {{ $labels.cert }} of {{ $labels.job }} on {{ $labels.worker }} is due for renewal'
          description: maand renews it with its next rollout; see what holds the job with `maand status`.
      - alert: maand cert expired
        expr: maand_cert_expired{scope!="ca"} == 1
        labels:
          severity: critical
        annotations:
          summary: 'Certificate {{ $labels.cert }} of {{ $labels.job }} on {{ $labels.worker }} has expired'
          description: maand should have renewed it; see what holds the job with `maand status`.
      - alert: maand cert authority expiring
        expr: maand_cert_expiring{scope="ca"} == 1
        labels:
          severity: warning
        annotations:
          summary: 'The certificate authority {{ $labels.common_name }} expires soon'
          description: Nothing renews it by itself. Replace secrets/ca.crt and secrets/ca.key, then roll out.
      - alert: maand cert authority expired
        expr: maand_cert_expired{scope="ca"} == 1
        labels:
          severity: critical
        annotations:
          summary: 'The certificate authority {{ $labels.common_name }} has expired'
          description: No certificate of this bucket is valid any more. Replace secrets/ca.crt and secrets/ca.key.
)yaml";

}  // namespace maand
