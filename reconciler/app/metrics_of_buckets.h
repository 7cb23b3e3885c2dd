// The Prometheus text of a daemon of several buckets, out of that of each.
//
// Every series gets the label `bucket`; what is told of the process (`process_*`,
// `maand_build_info`) is told once and without it. Families stand together, as the format wants.
#pragma once

#include <string>
#include <vector>

namespace maand {

struct BucketMetrics {
  std::string bucket;          // the value of the label
  bool up = false;             // it is served
  unsigned failed_starts = 0;  // since the daemon started
  std::string text;            // Metrics::text() of it; empty: it is not up
};

// Pure. Names are unique.
std::string metrics_of_buckets(const std::vector<BucketMetrics>& buckets);

}  // namespace maand
