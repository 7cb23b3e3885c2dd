// R5.5: what operators have suspended, who did, why and until when.
//
// A suspension keeps operations from beginning, of whatever cause; what is in flight
// and its gate finish. Judging, settling and notes go on.
#pragma once

#include <optional>
#include <string>

#include "reconciler/core/standing_orders.h"

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

using Suspensions = StandingOrders<Suspension>;

// As kept in the store, and as the API shows it: [{"job": "api" or null, "actor", "reason", "since",
// "until"}].
std::string to_json(const Suspensions& suspensions);
// Of what to_json wrote. nullopt: of anything else.
std::optional<Suspensions> suspensions_from(const std::string& json);

}  // namespace maand
