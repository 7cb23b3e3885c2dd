#include "reconciler/app/event_ring.h"

#include <algorithm>
#include <utility>

#include "reconciler/app/event_json.h"
#include "reconciler/core/status.h"

namespace maand {

EventRing::EventRing(const Clock& clock)
    : clock_(clock),
      start_(std::to_string(
          std::chrono::duration_cast<std::chrono::milliseconds>(clock.wall().time_since_epoch()).count())) {}

void EventRing::on(const Event& event) {
  auto fed = std::make_shared<FedEvent>(
      FedEvent{0, to_string(event.kind),
               event_json(event, {{"at", rfc3339(clock_.wall())}, {"kind", to_string(event.kind)}})});
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
