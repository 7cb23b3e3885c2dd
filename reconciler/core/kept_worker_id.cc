#include "reconciler/core/kept_worker_id.h"

#include "reconciler/core/worker_files.h"

namespace maand {

std::string worker_namespace(const WorkerHost& host) { return "maand/worker/" + host.str(); }

std::string told_worker_id(const VariableSources& sources, const WorkerHost& host) {
  if (sources.stored) {
    const ValueLookup kept = sources.stored->find(worker_namespace(host), kWorkerIdKey);
    if (kept.found == Found::kValue && !kept.value->secret) return kept.value->value;
  }
  return worker_id(sources.bucket, host);
}

}  // namespace maand
