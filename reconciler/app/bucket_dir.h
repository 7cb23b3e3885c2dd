// Which directory is the bucket: `--bucket`, else MAAND_BUCKET, else the nearest
// parent with a `maand.conf` (interface.md, Commands).
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace maand {

struct BucketDir {
  std::filesystem::path path;  // absolute; empty when `problem` says why there is none
  std::string problem;
};

// `option` is what --bucket gave, `variable` what MAAND_BUCKET holds; empty = not
// given. Looks only whether files exist.
BucketDir find_bucket(const std::string& option, const std::string& variable,
                      const std::filesystem::path& from);

}  // namespace maand
