// One thread for calls that block: git, which libgit2 wants on a thread of its own.
//
// The reconcile thread awaits a call and goes on serving its inbox meanwhile, so
// that a slow remote never makes the daemon deaf (R1.2, R6.1).
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>

#include "reconciler/app/inbox.h"

namespace maand {

class Lane {
 public:
  explicit Lane(Inbox& inbox);
  ~Lane();  // waits for the call at hand; later ones are dropped
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // Called on the reconcile thread, about once a second, while await() waits.
  void on_wait(std::function<void()> hook) { on_wait_ = std::move(hook); }

  // Runs `call` on the lane; `done` then runs on the reconcile thread with the
  // exception it threw, if any. Calls run in the order they were given.
  void start(std::function<void()> call, std::function<void(std::exception_ptr)> done);

  // Reconcile thread only: runs `call` on the lane, serves the inbox until it is
  // done, and gives back its result or throws what it threw.
  template <class Call>
  auto await(Call call) -> std::invoke_result_t<Call> {
    using Result = std::invoke_result_t<Call>;
    bool done = false;
    std::exception_ptr error;
    const auto finish = [&](std::exception_ptr thrown) {
      error = thrown;
      done = true;
    };
    if constexpr (std::is_void_v<Result>) {
      start([&call] { call(); }, finish);
      serve_until(done);
      if (error) std::rethrow_exception(error);
    } else {
      std::optional<Result> result;
      start([&] { result.emplace(call()); }, finish);
      serve_until(done);
      if (error) std::rethrow_exception(error);
      return std::move(*result);
    }
  }

 private:
  void work();
  void serve_until(const bool& done);

  Inbox& inbox_;
  std::function<void()> on_wait_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::function<void()>> calls_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace maand
