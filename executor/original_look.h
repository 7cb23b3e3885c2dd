// What lies on a worker that an original maand deployed: one exec, which changes nothing
// there and runs no target (`maand adopt`).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "executor/transport.h"
#include "reconciler/core/original_bucket.h"

namespace maand {

struct OriginalLook {
  std::string worker_root;
  std::string bucket_id;
  std::map<JobName, std::set<std::string>> paths;  // of each job, in its directory
};

// A program for /bin/sh. Everything that is not maand's own stands in it quoted.
std::string look_script(const OriginalLook& look);

// Its answer. nullopt: it is not whole. Any bytes are safe.
std::optional<FoundWorker> parse_look(std::string_view output, const OriginalLook& look);

// Connects anew. Answered within the connect timeout of `transport` and ten minutes.
FoundWorker look_at_original(Transport& transport, const Endpoint& endpoint, const OriginalLook& look);

}  // namespace maand
