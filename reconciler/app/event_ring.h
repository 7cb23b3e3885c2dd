// The newest events in memory, for those who follow them live. Nobody who follows
// can make the one wait who tells: they are woken and read for themselves.
#pragma once

#include <deque>
#include <map>
#include <mutex>

#include "reconciler/core/event_feed.h"
#include "reconciler/core/ports.h"

namespace maand {

// Each as `{"at", "kind", "commit", "job", "worker", "operation", "action", "reason",
// "outcome", "duration_ms", "text"}`, only what is set.
class EventRing : public Observer, public EventFeed {
 public:
  static constexpr std::size_t kKept = 4096;

  explicit EventRing(const Clock& clock);

  void on(const Event& event) override;

  const std::string& start() const override { return start_; }
  std::uint64_t newest() const override;
  std::uint64_t oldest() const override;
  std::vector<std::shared_ptr<const FedEvent>> after(std::uint64_t number, std::size_t most) const override;
  int on_news(std::function<void()> wake) override;
  void forget(int listener) override;

 private:
  const Clock& clock_;
  const std::string start_;
  mutable std::mutex mutex_;
  std::uint64_t newest_ = 0;
  std::deque<std::shared_ptr<const FedEvent>> kept_;
  std::mutex listeners_mutex_;
  int next_listener_ = 1;
  std::map<int, std::function<void()>> listeners_;
};

}  // namespace maand
