// The hooks of the simulation: programs on the control host, which end with the daemon that began
// them, and what must hold for whatever they are run for.
#pragma once

#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "reconciler/core/hook.h"
#include "tests/simulation/process.h"

namespace maand::simulation {

// How they behave, of every story: they outlive the daemon as what they have done does.
class Programs {
 public:
  // Before one begins, and when one has ended by itself.
  std::function<void(const HookCall&)> on_begin = [](auto&&) {};
  std::function<void(const HookCall&, bool done)> on_end = [](auto&&...) {};

  Programs(Timeline& timeline, std::uint64_t seed) : timeline_(timeline), random_(seed) {}

  int fail = 0;  // in percent

 private:
  friend class SimHooks;
  Timeline& timeline_;
  std::mt19937_64 random_;
};

// The Hooks of one process.
class SimHooks : public Hooks {
 public:
  SimHooks(Programs& programs, Life life) : programs_(programs), life_(std::move(life)) {}

  Ticket run(HookCall call, Output output, Sink sink) override;
  void cancel(Ticket ticket) override;
  void stop() override;

 private:
  void answer(Ticket ticket, const HookResult& result);

  Programs& programs_;
  Life life_;
  std::map<Ticket, std::pair<HookCall, Sink>> running_;
  Ticket next_ = 1;
};

}  // namespace maand::simulation
