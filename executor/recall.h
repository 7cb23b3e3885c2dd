// What a worker has kept of this bucket (R7.3): one exec, which changes nothing there.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "executor/remote_runner.h"
#include "executor/session_cache.h"

namespace maand {

// `was`: a host whose marker may lie there as well (R3.6); empty = none.
Recalled recall_from(const Endpoint& endpoint, const WorkerHost& was, const RemoteRunnerOptions& options,
                     SessionCache& sessions);

// The answer of the worker's script. nullopt: it is not whole. Any bytes are safe.
// `condition` is kIdentityMismatch when the marker is another bucket's, or of none of `hosts`.
std::optional<Recalled> parse_recalled(std::string_view output, const BucketId& bucket,
                                       const std::vector<WorkerHost>& hosts);

}  // namespace maand
