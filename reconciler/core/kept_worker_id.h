// The id of a worker as templates and worker.json tell it: the one that an adopted bucket
// has always told, else the derived one.
#pragma once

#include <string>

#include "reconciler/core/ids.h"
#include "reconciler/core/variables.h"

namespace maand {

// Where it is kept among the stored values: `maand/worker/<host>`, this key.
inline constexpr const char* kWorkerIdKey = "worker_id";
std::string worker_namespace(const WorkerHost& host);

std::string told_worker_id(const VariableSources& sources, const WorkerHost& host);

}  // namespace maand
