#include "reconciler/app/waiting_jobs.h"

#include <algorithm>

namespace maand {
namespace {

bool waits(const DesiredJob& job) {
  return job.held && (job.held_reason == Reason::kMissingValue || job.held_reason == Reason::kNoCertificate);
}

}  // namespace

bool anything_waits(const DesiredState& desired) {
  return std::any_of(desired.jobs.begin(), desired.jobs.end(),
                     [](const auto& job) { return waits(job.second); });
}

void take_waiting(DesiredState& desired, const DesiredState& alone) {
  for (auto& [name, job] : desired.jobs) {
    const auto own = alone.jobs.find(name);
    if (!waits(job) || own == alone.jobs.end() || !own->second.job) continue;
    job = own->second;
    const auto ports = alone.ports.find(name);
    if (ports != alone.ports.end()) desired.ports.try_emplace(name, ports->second);
  }
}

}  // namespace maand
