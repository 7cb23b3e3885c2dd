// One Observer in front of several: the log, the counters, the event stream.
#pragma once

#include <string>
#include <vector>

#include "reconciler/core/ports.h"

namespace maand {

// Thread-safe as its members are. They outlive it and are told in their order.
class Observers : public Observer {
 public:
  explicit Observers(std::vector<Observer*> members) : members_(std::move(members)) {}

  void on(const Event& event) override {
    for (Observer* member : members_) member->on(event);
  }
  // A sentence of the daemon's own, outside any pass.
  void note(const std::string& text) { on(Event{.kind = EventKind::kNotice, .text = text}); }

 private:
  const std::vector<Observer*> members_;
};

}  // namespace maand
