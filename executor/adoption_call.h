// Makes a worker keep what lies there as if we had shipped it (`maand adopt`): marker, list,
// receipt and record of an operation that ships nothing and runs no target. From then on it
// tells drift, deletes what leaves git, and can go back to it.
#pragma once

#include <string>

#include "executor/transport.h"
#include "reconciler/core/ids.h"
#include "reconciler/core/operation.h"
#include "reconciler/core/outcome.h"

namespace maand {

// REQUIRES: operation.action is kSync, and its files lie there already. May be repeated: an
// operation that went through answers from its receipt. worker.json and jobs.json stay as they are.
Outcome record_as_shipped(Connection& connection, const Operation& operation, const std::string& worker_root,
                          const BucketId& bucket);

}  // namespace maand
