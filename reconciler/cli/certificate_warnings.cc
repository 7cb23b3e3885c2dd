#include "reconciler/cli/certificate_warnings.h"

#include <chrono>
#include <memory>

#include "reconciler/cli/bucket_store.h"
#include "reconciler/cli/settings.h"
#include "reconciler/core/certificate_plan.h"
#include "reconciler/store/bucket_authority.h"

namespace maand {

std::vector<std::string> certificate_warnings(const Bucket& bucket, const JudgedHead& head) {
  const WallTime now = std::chrono::system_clock::now();
  const std::unique_ptr<Values> values = open_values_readonly(bucket);
  const auto history = [&](const std::string& ns, const std::string& key) {
    return values->history(ns, key);
  };
  KnownCertificates known;
  return plan_certificates({*head.desired, head.applied, head.sources, certificate_rules(bucket), now,
                            history, open_bucket_authority(bucket.secrets())->authority(now).problem},
                           known)
      .warnings;
}

}  // namespace maand
