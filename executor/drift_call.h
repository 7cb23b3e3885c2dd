// One look at a worker (R5.9): one exec, which changes nothing there.
//
// Cost: on the worker one sha256sum over what was shipped to each job (twice where it finds
// something), one find for each mode and owner a manifest names, and two or three
// processes for each shipped symlink; on the wire the script and a line for each job, symlink,
// executable and file with a mode of its own, and back a line for each deviation.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "executor/remote_runner.h"
#include "executor/session_cache.h"

namespace maand {

// Over a connection that lies idle, or one of its own: it takes none that an operation could wait
// for. Bounded: ten minutes and the time of every `make status`.
Seen look_at(const LookCall& call, const RemoteRunnerOptions& options, SessionCache& sessions);

// The lines behind the header.
std::string look_request(const LookCall& call);
// The answer of the worker's script. nullopt: it is not whole. Any bytes are safe.
std::optional<Seen> parse_seen(std::string_view output, std::size_t most_jobs);

}  // namespace maand
