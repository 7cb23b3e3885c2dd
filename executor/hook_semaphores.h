// The semaphores of the runtime API (workspace.md 10.4): between the hooks of one job and one event.
// First come, first served. Released when their holder ends, which the original does not do.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/core/hook.h"

namespace maand {

// Thread-safe; time comes in as an argument.
class HookSemaphores {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr int kMostCapacity = 64;
  static constexpr std::chrono::seconds kDefaultWait{600};
  static constexpr std::chrono::seconds kMostWait{3600};

  struct Scope {
    JobName job;
    HookEvent event = HookEvent::kCli;
    std::string name;
    auto operator<=>(const Scope&) const = default;
  };
  enum class Acquired {
    kYes,
    kTimedOut,
    kTooLarge,       // capacity above kMostCapacity
    kOtherCapacity,  // than whoever holds or waits has asked for
  };
  // `capacity`: of the semaphore. Called without a lock, on the thread of whoever made it happen.
  using Answer = std::function<void(Acquired verdict, int capacity)>;

  struct Asked {
    Scope scope;
    Hooks::Ticket holder = 0;
    std::string allocation_id;
    int capacity = 1;                         // below 1 is 1
    std::chrono::seconds wait{kDefaultWait};  // below 1 is kDefaultWait; at most kMostWait
    // Set when whoever asked listens no more: it is passed over. May be null.
    std::shared_ptr<const std::atomic<bool>> gone;
  };
  // Holding it already is kYes. Answers exactly once, maybe at once.
  void acquire(const Asked& asked, Time now, Answer answer);
  // False: it is not held by that hook.
  bool release(const Scope& scope, Hooks::Ticket holder);
  // Releases what it holds and gives up what it waits for.
  void ended(Hooks::Ticket holder);
  // Answers whoever has waited long enough.
  void expire(Time now);

  struct Status {
    int capacity = 1;
    std::vector<std::string> holders;  // allocation ids, in the order in which they came
    int waiting = 0;
    int available = 1;
  };
  Status status(const Scope& scope) const;

 private:
  struct Holder {
    Hooks::Ticket ticket = 0;
    std::string allocation_id;
  };
  struct Waiter {
    Holder who;
    Time until;
    std::shared_ptr<const std::atomic<bool>> gone;
    Answer answer;
  };
  struct Semaphore {
    int capacity = 1;
    std::vector<Holder> holders;
    std::list<Waiter> waiters;
  };
  using Answers = std::vector<std::function<void()>>;
  using Semaphores = std::map<Scope, Semaphore>;

  static bool holds(const Semaphore& semaphore, Hooks::Ticket ticket);
  // Lets in whoever fits, and forgets a semaphore that nobody holds or waits for.
  Semaphores::iterator settle(Semaphores::iterator at, Answers& answers);

  mutable std::mutex mutex_;
  Semaphores semaphores_;
};

}  // namespace maand
