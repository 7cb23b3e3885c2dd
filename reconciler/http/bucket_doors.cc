#include "reconciler/http/bucket_doors.h"

#include <algorithm>
#include <utility>

#include "reconciler/core/text.h"

namespace maand {

void BucketDoors::add(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  places_.try_emplace(directory);
}

void BucketDoors::remove(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  places_.erase(directory);
}

std::optional<std::string> BucketDoors::claim(const std::string& directory, const std::string& name,
                                              const std::string& bucket_id) {
  if (auto problem = unfit_for_a_path(name)) return problem;
  const std::lock_guard lock(mutex_);
  for (const auto& [other, place] : places_) {
    if (other == directory) continue;
    if (place.bucket_id == bucket_id)
      return "bucket_id " + bucket_id + " is that of " + other +
             " as well; a copy of a bucket is the same bucket: serve one of them, or give the other an id of "
             "its own with `maand init`";
    if (place.name == name)
      return "name " + quote(name) + " is that of " + other +
             " as well; addresses and metrics tell buckets apart by it: set another `name` in one of the two "
             "maand.conf";
  }
  Place& place = places_[directory];
  place.name = name;
  place.bucket_id = bucket_id;
  return std::nullopt;
}

void BucketDoors::open(const std::string& directory, std::shared_ptr<BucketDoor> door) {
  const std::lock_guard lock(mutex_);
  places_[directory].door = std::move(door);
}

void BucketDoors::shut(const std::string& directory, const std::string& why) {
  std::shared_ptr<BucketDoor> door;
  {
    const std::lock_guard lock(mutex_);
    Place& place = places_[directory];
    place.why = why;
    door = std::exchange(place.door, nullptr);
  }
  if (door) door->shut();
}

void BucketDoors::start_failed(const std::string& directory, const std::string& why) {
  const std::lock_guard lock(mutex_);
  Place& place = places_[directory];
  place.why = why;
  ++place.failed_starts;
}

std::string BucketDoors::shown(const std::string& directory, const Place& place) const {
  if (!place.name.empty()) return place.name;
  const std::string last = directory.substr(directory.rfind('/') + 1);
  const bool taken = std::any_of(places_.begin(), places_.end(), [&](const auto& other) {
    return other.first != directory &&
           (other.second.name == last || (other.second.name.empty() && other.first.ends_with("/" + last)));
  });
  return taken || last.empty() ? directory : last;
}

std::vector<BucketLine> BucketDoors::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<BucketLine> out;
  for (const auto& [directory, place] : places_) {
    BucketLine line;
    line.name = shown(directory, place);
    line.health.why = place.why;
    line.failed_starts = place.failed_starts;
    line.door = place.door;
    out.push_back(std::move(line));
  }
  std::sort(out.begin(), out.end(), [](const BucketLine& a, const BucketLine& b) { return a.name < b.name; });
  return out;
}

// The buckets are asked outside the lock: a door that is being shut waits for whoever is inside.
std::vector<BucketLine> BucketDoors::lines() const {
  std::vector<BucketLine> out = all();
  for (BucketLine& line : out) {
    const std::optional<HealthState> state = line.door ? line.door->state() : std::nullopt;
    line.up = state.has_value();
    if (state) line.health = *state;
    if (!line.up) line.door = nullptr;
  }
  return out;
}

std::optional<BucketLine> BucketDoors::find(const std::string& name) const {
  for (BucketLine& line : all()) {
    if (line.name != name) continue;
    line.up = line.door != nullptr;
    return line;
  }
  return std::nullopt;
}

std::optional<BucketLine> BucketDoors::only() const {
  std::vector<BucketLine> lines = all();
  if (lines.size() != 1) return std::nullopt;
  lines.front().up = lines.front().door != nullptr;
  return lines.front();
}

std::optional<std::string> unfit_for_a_path(const std::string& name) {
  if (!name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos)
    return std::nullopt;
  return "name " + quote(name) +
         " cannot stand in an address, and in a daemon of several buckets each has /buckets/<name>/; set "
         "another `name` in maand.conf, without a /";
}

}  // namespace maand
