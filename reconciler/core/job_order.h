// What an operator's hand does to a running job: `maand job start|stop|restart`.
//
// Unlike what follows from a commit it says nothing about what shall be there: it runs a target
// on allocations that are there, in the batches of their manifest.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/applied.h"
#include "reconciler/core/ids.h"

namespace maand {

enum class JobVerb { kStart, kStop, kRestart };
const char* to_string(JobVerb verb);  // "start", …
std::optional<JobVerb> job_verb_from(std::string_view word);

struct JobOrder {
  JobVerb verb = JobVerb::kStart;
  JobName job;
  std::vector<WorkerHost> workers;  // empty: all of the job
  bool health_check = false;        // of start and restart: each batch has to come up healthy
  // Who gives it, why and since when; of a stop also until when (R5.7).
  StoppedBy word;
};

}  // namespace maand
