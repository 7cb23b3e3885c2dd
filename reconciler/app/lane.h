// Where calls that block are made: git, which libgit2 wants on a thread of its own.
//
// The reconcile thread awaits a call and goes on serving its inbox meanwhile, so
// that a slow remote never makes the daemon deaf (R1.2, R6.1). `lane_thread.h` is
// the real one; a simulation has another.
#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "reconciler/app/inbox.h"

namespace maand {

class Lane {
 public:
  explicit Lane(Inbox& inbox) : inbox_(inbox) {}
  virtual ~Lane() = default;
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // Called on the reconcile thread, about once a second, while await() waits.
  void on_wait(std::function<void()> hook) { on_wait_ = std::move(hook); }

  // Runs `call` on the lane; `done` then runs on the reconcile thread with the
  // exception it threw, if any. Calls run in the order they were given.
  virtual void start(std::function<void()> call, std::function<void(std::exception_ptr)> done) = 0;

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

 protected:
  Inbox& inbox() { return inbox_; }

 private:
  void serve_until(const bool& done) {
    while (!done) {
      inbox_.serve(inbox_.now() + std::chrono::seconds(1));
      if (on_wait_) on_wait_();
    }
  }

  Inbox& inbox_;
  std::function<void()> on_wait_;
};

}  // namespace maand
