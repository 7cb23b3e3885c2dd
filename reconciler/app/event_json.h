// An event as one JSON object: in the log, and in the stream of events.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "reconciler/core/events.h"

namespace maand {

// `leading` first, then the members of `event` that are set. Always valid UTF-8.
std::string event_json(const Event& event, const std::vector<std::pair<std::string, std::string>>& leading);

}  // namespace maand
