// Is there a Prometheus of the bucket to tell of certificates, where, with which login, and when is
// one that does not answer tried again (workspace.md 12.4)?
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "reconciler/core/applied.h"
#include "reconciler/core/certificate_series.h"
#include "reconciler/core/model.h"
#include "reconciler/core/remote_write.h"
#include "reconciler/core/variables.h"

namespace maand {

// Of the job `prometheus`, as it runs now: `http://10.0.0.1:9090/api/v1/write` on the lowest address. ""
// where it does not run anywhere, ships no prometheus.yml, or has no port `prometheus_port_http`.
std::string push_url(const AppliedState& state);

struct PushLogin {
  std::string username;  // "": none is asked for
  std::string password;
  std::string problem;  // set: a sentence; nothing can be pushed
};
// `admin_username` and `admin_password` of secrets/job/prometheus, in git or stored; both or none of them.
// `job`: the job `prometheus` of the commit; null: what it has in git is not known.
PushLogin push_login(const Job* job, const VariableSources& sources);

// Of every family, every certificate.
std::vector<RemoteSample> pushed_samples(const std::vector<CertificateSeries>& series, WallTime now);

inline constexpr int kMostPushTries = 5;
// How long is waited after so many tries that failed, 1 to kMostPushTries - 1: 2 s doubling to 15 s.
std::chrono::milliseconds push_delay(int failures);

}  // namespace maand
