// Hooks in memory: which were run is remembered, and a function says what each does.
// Passes tests/contract/hooks_contract.h like the real ones.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/core/hook.h"

namespace maand::testing {

// Thread-safe. Whoever calls run(), cancel(), finish() or stop() is answered before that returns,
// so that a test without threads needs none.
class FakeHooks : public Hooks {
 public:
  // What a hook does, called on the thread of run() without a lock: it may write to `output` and use
  // `call.values`. nullopt: it goes on until it is cancelled or finish() is called. To be set before
  // the first run. Default: done.
  std::function<std::optional<HookResult>(const HookCall& call, const Output& output)> on_run =
      [](const HookCall&, const Output&) { return HookResult{.end = HookResult::End::kDone}; };

  // Every hook that was begun, in order; `pre_deploy command_x api@10.0.0.1`.
  std::vector<std::string> runs() const;
  std::vector<HookCall> calls() const;
  std::vector<Ticket> running() const;  // oldest first
  // Ends one that goes on; nothing happens when it has ended.
  void finish(Ticket ticket, HookResult result);

  Ticket run(HookCall call, Output output, Sink sink) override;
  void cancel(Ticket ticket) override;
  void stop() override;

 private:
  Sink taken(Ticket ticket);  // empty: it has been answered

  mutable std::mutex mutex_;  // guards everything below
  std::vector<HookCall> calls_;
  std::map<Ticket, Sink> running_;
  Ticket next_ = 1;
  bool stopped_ = false;
};

}  // namespace maand::testing
