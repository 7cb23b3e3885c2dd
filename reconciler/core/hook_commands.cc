#include "reconciler/core/hook_commands.h"

#include <algorithm>
#include <string>

namespace maand {
namespace {

bool runs_at(const JobCommand& command, HookEvent event) {
  return std::binary_search(command.events.begin(), command.events.end(), std::string(to_string(event)));
}

bool runs_by_itself(const JobCommand& command) {
  return std::any_of(command.events.begin(), command.events.end(),
                     [](const std::string& event) { return event != to_string(HookEvent::kCli); });
}

}  // namespace

std::vector<const JobCommand*> commands_of(const std::vector<JobCommand>& commands, HookEvent event) {
  std::vector<const JobCommand*> out;
  for (const JobCommand& command : commands) {
    if (runs_at(command, event)) out.push_back(&command);
  }
  return out;
}

bool has_hooks(const std::vector<JobCommand>& commands, HookEvent event) {
  return std::any_of(commands.begin(), commands.end(),
                     [event](const JobCommand& command) { return runs_at(command, event); });
}

bool has_hooks(const std::vector<JobCommand>& commands) {
  return std::any_of(commands.begin(), commands.end(), runs_by_itself);
}

JobHooks job_hooks(const std::vector<JobCommand>& commands) {
  JobHooks out;
  out.control = has_hooks(commands, HookEvent::kJobControl);
  out.started = has_hooks(commands, HookEvent::kStarted);
  out.stopped = has_hooks(commands, HookEvent::kStopped);
  out.health = has_hooks(commands, HookEvent::kHealthCheck);
  out.post_deploy = has_hooks(commands, HookEvent::kPostDeploy);
  return out;
}

std::string told_hooks(const std::vector<JobCommand>& commands) {
  std::string out;
  for (const JobCommand& command : commands) {
    if (!runs_by_itself(command)) continue;
    std::string events;
    for (const std::string& event : command.events) events += (events.empty() ? "" : ", ") + event;
    out += (out.empty() ? "" : ", ") + command.name + " (" + events + ")";
  }
  return out;
}

}  // namespace maand
