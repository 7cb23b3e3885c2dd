// The hooks that are running, and which of them a request comes from.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>

#include "reconciler/core/hook.h"

namespace maand {

struct RunningHook {
  Hooks::Ticket ticket = 0;
  HookCall call;
  Hooks::Output output;               // one call at a time
  std::string token;                  // 64 hex digits, of this run only
  std::atomic<pid_t> supervisor = 0;  // 0: not started
  std::stop_source ended;             // whatever is done for it is given up

  // Somebody reads or writes for it. False: it has ended, and nobody may any more.
  class Use {
   public:
    explicit Use(RunningHook& hook);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    explicit operator bool() const { return hook_ != nullptr; }

   private:
    RunningHook* hook_ = nullptr;
  };

 private:
  friend class HookRegister;
  std::mutex mutex_;  // guards what follows
  std::condition_variable unused_;
  int users_ = 0;
  bool over_ = false;
};
using RunningHookPtr = std::shared_ptr<RunningHook>;

// Thread-safe.
class HookRegister {
 public:
  // With a token that nobody can guess.
  RunningHookPtr add(Hooks::Ticket ticket, HookCall call, Hooks::Output output);
  // Afterwards nobody is taken for it, and nobody uses its values.
  void remove(const RunningHookPtr& hook);

  // null: it is nobody's. In constant time for each.
  RunningHookPtr of_token(std::string_view token) const;
  // Whose process holds the client's end of a connection; null: none that runs, or more than one.
  RunningHookPtr of_connection(std::uint16_t client_port, std::uint16_t server_port) const;

 private:
  mutable std::mutex mutex_;
  std::map<Hooks::Ticket, RunningHookPtr> hooks_;
};

}  // namespace maand
