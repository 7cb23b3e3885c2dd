#include "reconciler/cli/bucket_places.h"

#include <algorithm>
#include <cstdint>
#include <system_error>

#include "reconciler/cli/context.h"

namespace maand {
namespace fs = std::filesystem;
namespace {

std::string real_path(const fs::path& path) {
  std::error_code problem;
  fs::path real = fs::weakly_canonical(fs::absolute(path), problem);
  if (problem) real = fs::absolute(path).lexically_normal();
  return real.has_filename() ? real.string() : real.parent_path().string();
}

void put(BucketPlaces& places, const fs::path& path) {
  std::string real = real_path(path);
  if (std::find(places.directories.begin(), places.directories.end(), real) == places.directories.end()) {
    places.directories.push_back(std::move(real));
  } else {
    places.remarks.push_back(path.string() + " is " + real + ", which is served already; it counts once");
  }
}

std::vector<fs::path> buckets_in(const std::string& parent) {
  std::error_code problem;
  std::vector<fs::path> out;
  for (fs::directory_iterator it(parent, problem), end; !problem && it != end; it.increment(problem)) {
    std::error_code ignored;  // what cannot be looked into is no bucket of ours
    if (it->path().filename().string().starts_with('.')) continue;
    if (fs::is_regular_file(it->path() / "maand.conf", ignored)) out.push_back(it->path());
  }
  if (problem) {
    throw CommandError(kExitUsage, "--buckets " + parent + " cannot be read: " + problem.message() +
                                       "; name the directory that holds the directories of buckets");
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

BucketPlaces bucket_places(const std::vector<std::string>& named, const std::string& parent) {
  BucketPlaces out;
  for (const std::string& path : named) put(out, path);
  if (parent.empty()) return out;
  for (const fs::path& path : buckets_in(parent)) put(out, path);
  return out;
}

std::chrono::seconds retry_after(unsigned failures) {
  constexpr std::chrono::seconds kMost{300};
  const unsigned doublings = std::min(failures == 0 ? 0U : failures - 1, 16U);
  return std::min(kMost, std::chrono::seconds(std::int64_t{1} << doublings));
}

}  // namespace maand
