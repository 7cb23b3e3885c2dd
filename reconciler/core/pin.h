// R5.4: jobs that operators hold at the content of a commit, whatever the branch says; or the
// whole bucket, workers and all.
//
// Later commits are judged and their other jobs go on; a pinned one is told as held. Where the
// bucket is pinned, they are told as held as a whole.
#pragma once

#include <optional>
#include <string>

#include "reconciler/core/standing_orders.h"

namespace maand {

struct Pin {
  JobName job;      // empty: the bucket
  CommitId commit;  // its content is taken from there
  std::string actor;
  std::string reason;
  WallTime since{};
  WallTime until = WallTime::max();  // max: until somebody resumes it
  friend bool operator==(const Pin&, const Pin&) = default;
};

// `at 0123456789ab by ann until 2026-11-26T14:00:00.000Z: reason; `maand resume api` ends it`
std::string sentence(const Pin& pin);

using Pins = StandingOrders<Pin>;

// As kept in the store, and as the API shows it:
// [{"job", "commit", "actor", "reason", "since", "until" or null}].
std::string to_json(const Pins& pins);
// Of what to_json wrote. nullopt: of anything else.
std::optional<Pins> pins_from(const std::string& json);

}  // namespace maand
