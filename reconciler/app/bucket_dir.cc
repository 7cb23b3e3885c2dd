#include "reconciler/app/bucket_dir.h"

#include <system_error>

namespace maand {
namespace fs = std::filesystem;
namespace {

bool holds_bucket(const fs::path& directory) {
  std::error_code ignored;
  return fs::is_regular_file(directory / "maand.conf", ignored);
}

}  // namespace

BucketDir find_bucket(const std::string& option, const std::string& variable, const fs::path& from) {
  const bool by_option = !option.empty();
  if (by_option || !variable.empty()) {
    const fs::path path = (from / (by_option ? option : variable)).lexically_normal();
    if (holds_bucket(path)) return {path, ""};
    return {{},
            std::string(by_option ? "--bucket" : "MAAND_BUCKET") + " names " + path.string() +
                ", and there is no maand.conf in it; make a bucket there with `maand init --repo URL " +
                path.string() + "`"};
  }
  for (fs::path path = from.lexically_normal();; path = path.parent_path()) {
    if (holds_bucket(path)) return {path, ""};
    if (path == path.parent_path()) break;
  }
  return {
      {},
      "there is no maand.conf in " + from.string() +
          " or above it; go into a bucket, name one with --bucket, or make one with `maand init --repo URL`"};
}

}  // namespace maand
