// Which buckets are behind shared listeners, under which names, and how each of them is.
//
// A bucket is known by its directory from the beginning, and by the name in its maand.conf once
// that could be read; until then by the last word of its directory.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/core/control.h"
#include "reconciler/http/bucket_door.h"

namespace maand {

// One bucket as it is told to people and machines.
struct BucketLine {
  std::string name;
  bool up = false;                   // served now
  HealthState health;                // up: what it says of itself; else `why` alone
  unsigned failed_starts = 0;        // since the daemon started
  std::shared_ptr<BucketDoor> door;  // null: not up
};

// Thread-safe.
class BucketDoors {
 public:
  // Known from now on, not yet up.
  void add(const std::string& directory);
  void remove(const std::string& directory);  // whose door is shut

  // Name and id belong to `directory` until remove() or another claim of its. Else the sentence why not.
  std::optional<std::string> claim(const std::string& directory, const std::string& name,
                                   const std::string& bucket_id);
  void open(const std::string& directory, std::shared_ptr<BucketDoor> door);
  // Shuts its door, where it is open, and waits for whoever is inside. `why`: one sentence.
  void shut(const std::string& directory, const std::string& why);
  void start_failed(const std::string& directory, const std::string& why);

  std::vector<BucketLine> lines() const;                          // by name
  std::optional<BucketLine> find(const std::string& name) const;  // nullopt: there is none of that name
  std::optional<BucketLine> only() const;                         // nullopt: there are none, or several

 private:
  struct Place {
    std::string name;  // as claimed; empty: not yet
    std::string bucket_id;
    std::string why = "it is being started";
    unsigned failed_starts = 0;
    std::shared_ptr<BucketDoor> door;
  };
  using Places = std::map<std::string, Place>;
  std::string shown(const std::string& directory, const Place& place) const;
  std::vector<BucketLine> all() const;

  mutable std::mutex mutex_;
  Places places_;  // by directory
};

// A name that can stand in a path.
std::optional<std::string> unfit_for_a_path(const std::string& name);

}  // namespace maand
