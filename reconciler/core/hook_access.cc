#include "reconciler/core/hook_access.h"

#include "reconciler/core/text.h"

namespace maand {

std::string own_vars(const JobName& job) { return "vars/job/" + job.str(); }
std::string own_secrets(const JobName& job) { return "secrets/job/" + job.str(); }
std::string own_facts(const JobName& job) { return "maand/job/" + job.str(); }

std::string refusal_to_write(const JobName& job, HookEvent event, HookWrite what, std::string_view ns,
                             std::string_view key) {
  if (event == HookEvent::kHealthCheck) return "nothing may be written by a health_check command";
  const bool secret = what == HookWrite::kPutSecret || what == HookWrite::kEraseSecret;
  if (secret) {
    if (ns == own_secrets(job)) return "";
    return "a secret of " + job.str() + " goes into " + own_secrets(job) + ", not " + printable(ns);
  }
  if (ns == own_vars(job)) return "";
  if (what == HookWrite::kPut && ns == own_facts(job) && key == kRolloutOrderKey) {
    if (event == HookEvent::kPreDeploy || event == HookEvent::kCli) return "";
    return "rollout_order is written by pre_deploy and cli commands only";
  }
  if (ns.starts_with("secrets/")) return "write secrets over the secret route";
  return "a command of " + job.str() + " writes to " + own_vars(job) + " and " + own_secrets(job) +
         ", not to " + printable(ns);
}

std::size_t concurrency_of(HookEvent event) {
  switch (event) {
    case HookEvent::kJobControl:
    case HookEvent::kStarted:
    case HookEvent::kStopped:
      return 0;
    case HookEvent::kHealthCheck:
      return 10;
    default:
      return 1;
  }
}

}  // namespace maand
