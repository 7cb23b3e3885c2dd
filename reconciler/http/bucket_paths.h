// `/buckets/<name>/…`: which bucket behind a shared listener a path means.
#pragma once

#include <optional>
#include <string>

namespace maand {

struct BucketPath {
  std::string name;  // "": the list of buckets itself
  std::string rest;  // with its slash; "": the path ends with the name
};

// `path`: decoded. nullopt: it names no bucket.
std::optional<BucketPath> bucket_path(const std::string& path);

// `/buckets/<name>/`, as it has to stand in a link or a header.
std::string path_of_bucket(const std::string& name);

}  // namespace maand
