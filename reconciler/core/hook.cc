#include "reconciler/core/hook.h"

#include <array>

namespace maand {
namespace {

struct Word {
  HookEvent event;
  const char* word;
};
constexpr std::array<Word, 8> kWords = {{
    {HookEvent::kPostBuild, "post_build"},
    {HookEvent::kPreDeploy, "pre_deploy"},
    {HookEvent::kPostDeploy, "post_deploy"},
    {HookEvent::kJobControl, "job_control"},
    {HookEvent::kHealthCheck, "health_check"},
    {HookEvent::kStarted, "after_allocation_started"},
    {HookEvent::kStopped, "after_allocation_stopped"},
    {HookEvent::kCli, "cli"},
}};

}  // namespace

const char* to_string(HookEvent event) {
  for (const Word& known : kWords) {
    if (known.event == event) return known.word;
  }
  return "";
}

std::optional<HookEvent> hook_event_from(std::string_view word) {
  for (const Word& known : kWords) {
    if (word == known.word) return known.event;
  }
  return std::nullopt;
}

}  // namespace maand
