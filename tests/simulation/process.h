// One life of the daemon in the simulation: what ends with it when it is killed.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <random>

#include "reconciler/app/inbox.h"
#include "reconciler/app/lane.h"
#include "tests/simulation/timeline.h"

namespace maand::simulation {

// Thrown where the process is killed. No std::exception: nothing of the product catches it.
struct Killed {};

using Life = std::shared_ptr<bool>;  // false once the process is gone

// The queue of the reconcile thread. Waiting is what lets time pass.
class SimInbox : public Inbox {
 public:
  SimInbox(Timeline& timeline, Life life) : timeline_(timeline), life_(std::move(life)) {}

  void post(std::function<void()> message) override { messages_.push_back(std::move(message)); }
  void post_at(Instant when, std::function<void()> message) override;
  bool serve(Instant deadline) override;
  Instant now() const override { return timeline_.now(); }

 private:
  Timeline& timeline_;
  Life life_;
  std::deque<std::function<void()>> messages_;
};

// Calls one after the other, each taking some time of its own.
class SimLane : public Lane {
 public:
  SimLane(Timeline& timeline, SimInbox& inbox, Life life, std::uint64_t seed)
      : Lane(inbox), timeline_(timeline), life_(std::move(life)), random_(seed) {}

  void start(std::function<void()> call, std::function<void(std::exception_ptr)> done) override;

 private:
  Timeline& timeline_;
  Life life_;
  std::mt19937_64 random_;
  Instant free_{};
};

}  // namespace maand::simulation
