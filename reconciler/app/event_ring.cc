#include "reconciler/app/event_ring.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "reconciler/core/status.h"

namespace maand {

std::string event_json(const Event& event, WallTime at) {
  nlohmann::ordered_json out = {{"at", rfc3339(at)}, {"kind", to_string(event.kind)}};
  const auto put = [&](const char* name, const std::string& value) {
    if (!value.empty()) out[name] = value;
  };
  put("commit", event.commit.str());
  put("job", event.job.str());
  put("worker", event.worker.str());
  put("operation", event.operation.str());
  put("action", event.action);
  put("reason", event.reason);
  put("outcome", event.outcome);
  if (event.duration.count() > 0) out["duration_ms"] = event.duration.count();
  put("text", event.text);
  return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

EventRing::EventRing(const Clock& clock)
    : clock_(clock),
      start_(std::to_string(
          std::chrono::duration_cast<std::chrono::milliseconds>(clock.wall().time_since_epoch()).count())) {}

void EventRing::on(const Event& event) {
  auto fed = std::make_shared<FedEvent>(FedEvent{0, to_string(event.kind), event_json(event, clock_.wall())});
  {
    const std::lock_guard lock(mutex_);
    fed->number = ++newest_;
    kept_.push_back(std::move(fed));
    if (kept_.size() > kKept) kept_.pop_front();
  }
  const std::lock_guard lock(listeners_mutex_);
  for (const auto& [id, wake] : listeners_) wake();
}

std::uint64_t EventRing::newest() const {
  const std::lock_guard lock(mutex_);
  return newest_;
}

std::uint64_t EventRing::oldest() const {
  const std::lock_guard lock(mutex_);
  return newest_ + 1 - kept_.size();
}

std::vector<std::shared_ptr<const FedEvent>> EventRing::after(std::uint64_t number, std::size_t most) const {
  const std::lock_guard lock(mutex_);
  if (number >= newest_) return {};
  const std::uint64_t oldest = newest_ + 1 - kept_.size();
  const std::size_t begin = number < oldest ? 0 : static_cast<std::size_t>(number + 1 - oldest);
  const std::size_t end = begin + std::min(most, kept_.size() - begin);
  return {kept_.begin() + static_cast<std::ptrdiff_t>(begin),
          kept_.begin() + static_cast<std::ptrdiff_t>(end)};
}

int EventRing::on_news(std::function<void()> wake) {
  const std::lock_guard lock(listeners_mutex_);
  listeners_.emplace(next_listener_, std::move(wake));
  return next_listener_++;
}

void EventRing::forget(int listener) {
  const std::lock_guard lock(listeners_mutex_);
  listeners_.erase(listener);
}

}  // namespace maand
