// Which buckets a daemon of several serves, and when one that could not be served is tried again.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace maand {

// Real paths, in order.
struct BucketPlaces {
  std::vector<std::string> directories;
  std::vector<std::string> remarks;  // sentences: what was left out, and why
};

// `named` (from --bucket, whether or not a bucket is there) and every directory in `parent` (empty: none)
// that has a maand.conf and no dot in front. One that is named twice, or reached over a link as well, counts
// once. Throws CommandError(kExitUsage) for a `parent` that cannot be read.
BucketPlaces bucket_places(const std::vector<std::string>& named, const std::string& parent);

// After so many failures in a row: 1 s, doubling up to 5 min.
std::chrono::seconds retry_after(unsigned failures);
// Served for so long, the next failure is a first one again.
inline constexpr std::chrono::seconds kServedWell{300};

}  // namespace maand
