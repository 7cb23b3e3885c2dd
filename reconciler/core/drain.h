// Workers that operators have emptied for a while: what is on them is stopped, and nothing starts
// there, until somebody takes it back or its time is over. What disabled.json does by a commit.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "reconciler/core/applied.h"
#include "reconciler/core/ids.h"

namespace maand {

struct Drain {
  std::string actor;
  std::string reason;
  WallTime since{};
  WallTime until = WallTime::max();  // max: until `maand worker undrain`
  friend bool operator==(const Drain&, const Drain&) = default;
};
using Drains = std::map<WorkerHost, Drain>;

// `by ann until 2026-11-26T14:00:00.000Z: new disks; `maand worker undrain 10.0.0.1` ends it`
std::string sentence(const WorkerHost& worker, const Drain& drain);

// Takes out what has ended. Whether anything did.
bool expire(Drains& drains, WallTime now);

// As kept in the store, and as the API shows it: [{"worker", "actor", "reason", "since", "until" or null}].
std::string to_json(const Drains& drains);
// Of what to_json wrote. nullopt: of anything else.
std::optional<Drains> drains_from(const std::string& json);

}  // namespace maand
