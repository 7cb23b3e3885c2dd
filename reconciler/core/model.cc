#include "reconciler/core/model.h"

#include <algorithm>

namespace maand {

const char* to_string(Target target) {
  switch (target) {
    case Target::kNone:
      return "";
    case Target::kStart:
      return "start";
    case Target::kStop:
      return "stop";
    case Target::kRestart:
      return "restart";
    case Target::kReload:
      return "reload";
  }
  return "";
}

Target target_from(std::string_view word) {
  for (const Target target : {Target::kStart, Target::kStop, Target::kRestart, Target::kReload}) {
    if (word == to_string(target)) return target;
  }
  return Target::kNone;
}

void resolve_ports(HealthSpec& spec,
                   const std::function<std::optional<int>(const std::string& name)>& number_of) {
  for (HealthCheck& check : spec.checks) {
    if (check.port_name.empty()) continue;
    if (const std::optional<int> number = number_of(check.port_name)) check.port = *number;
  }
}

bool needs_ssh(const HealthSpec& spec) {
  return std::any_of(spec.checks.begin(), spec.checks.end(), [](const HealthCheck& check) {
    return check.via == HealthCheck::Via::kSsh || check.type == HealthCheck::Type::kSsh;
  });
}

bool Disabled::covers(const AllocationKey& key) const {
  if (std::find(workers.begin(), workers.end(), key.worker) != workers.end()) return true;
  const auto job = jobs.find(key.job);
  if (job == jobs.end()) return false;
  return job->second.empty() ||
         std::find(job->second.begin(), job->second.end(), key.worker) != job->second.end();
}

}  // namespace maand
