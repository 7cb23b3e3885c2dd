// R5.5: what operators have suspended, who did, why and until when.
//
// A suspension keeps operations from beginning, of whatever cause; what is in flight
// and its gate finish. Judging, settling and notes go on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reconciler/core/applied.h"
#include "reconciler/core/ids.h"

namespace maand {

struct Suspension {
  JobName job;  // empty: the whole bucket
  std::string actor;
  std::string reason;
  WallTime since{};
  WallTime until{};
  friend bool operator==(const Suspension&, const Suspension&) = default;
};

// `by ann until 2026-11-26T14:00:00.000Z: database work; \`maand resume api\` ends it`
std::string sentence(const Suspension& suspension);

class Suspensions {
 public:
  // Replaces the one of the same job.
  void put(Suspension suspension);
  // False: there is none of it.
  bool drop(const JobName& job);
  // Takes out what has ended. Whether anything did.
  bool expire(WallTime now);

  // What keeps `job` from going on; the bucket's before its own. Null: nothing does.
  const Suspension* of(const JobName& job) const;
  const std::vector<Suspension>& all() const { return all_; }  // the bucket's first, then by job

  friend bool operator==(const Suspensions&, const Suspensions&) = default;

 private:
  std::vector<Suspension> all_;
};

// As kept in the store, and as the API shows it: [{"job": "api" or null, "actor", "reason", "since",
// "until"}].
std::string to_json(const Suspensions& suspensions);
// Of what to_json wrote. nullopt: of anything else.
std::optional<Suspensions> suspensions_from(const std::string& json);

}  // namespace maand
