#include "reconciler/cli/allocation_name.h"

#include "reconciler/cli/context.h"
#include "reconciler/core/names.h"
#include "reconciler/core/text.h"

namespace maand {

AllocationKey parse_allocation(const std::string& text) {
  const std::size_t at = text.find('@');
  const std::string job = text.substr(0, at);
  const std::string worker = at == std::string::npos ? "" : text.substr(at + 1);
  if (!is_job_name(job)) {
    throw CommandError(kExitUsage,
                       quote(text) + ": " + quote(job) + " is no name of a job; " + kJobNameGrammar);
  }
  if (at != std::string::npos && !is_host(worker)) {
    throw CommandError(kExitUsage, quote(text) + ": " + quote(worker) + " is no worker; " + kHostGrammar);
  }
  return {JobName(job), WorkerHost(worker)};
}

}  // namespace maand
