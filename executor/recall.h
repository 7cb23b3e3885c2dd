// What a worker has kept of our jobs' ports: one exec, which changes nothing there.
#pragma once

#include <optional>
#include <string_view>

#include "executor/remote_runner.h"
#include "executor/session_cache.h"

namespace maand {

Recalled recall_from(const Endpoint& endpoint, const RemoteRunnerOptions& options, SessionCache& sessions);

// The answer of the worker's script. nullopt: it is not whole.
std::optional<PortTable> parse_recalled(std::string_view output);

}  // namespace maand
