#include "reconciler/http/failed_attempts.h"

namespace maand {

FailedAttempts::Verdict FailedAttempts::add(const std::string& source, Time now) {
  const std::lock_guard lock(mutex_);
  const auto over = [now](const auto& entry) { return now - entry.second.begun >= kWindow; };
  std::string name = source;
  if (windows_.size() >= kSources && !windows_.contains(name)) {
    std::erase_if(windows_, over);
    if (windows_.size() >= kSources) name = "";
  }
  const auto [it, fresh] = windows_.try_emplace(name, Window{now});
  Window& window = it->second;
  if (!fresh && over(*it)) window = {now};
  ++window.count;
  return {window.count > kPerWindow, window.count == 1};
}

}  // namespace maand
