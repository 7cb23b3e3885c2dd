// A sink of Hooks that can be waited for, and what the hook has written meanwhile.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/core/hook.h"

namespace maand::testing {

// Copies are the same answer.
class HookAnswer {
 public:
  Hooks::Sink sink() {
    return [state = state_](HookResult result) {
      const std::lock_guard guard(state->mutex);
      state->results.push_back(std::move(result));
      state->changed.notify_all();
    };
  }
  Hooks::Output output() {
    return [state = state_](std::string_view bytes) {
      const std::lock_guard guard(state->mutex);
      state->output += bytes;
      state->changed.notify_all();
    };
  }
  // kNotRun with "no answer" when there is none within a minute.
  HookResult wait() const {
    std::unique_lock lock(state_->mutex);
    if (!state_->changed.wait_for(lock, std::chrono::minutes(1), [&] { return !state_->results.empty(); }))
      return {.detail = "no answer"};
    return state_->results.front();
  }
  bool wait_for_output(const std::string& words) const {
    std::unique_lock lock(state_->mutex);
    return state_->changed.wait_for(lock, std::chrono::minutes(1),
                                    [&] { return state_->output.find(words) != std::string::npos; });
  }
  std::string text() const {
    const std::lock_guard guard(state_->mutex);
    return state_->output;
  }
  std::size_t count() const {
    const std::lock_guard guard(state_->mutex);
    return state_->results.size();
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<HookResult> results;
    std::string output;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace maand::testing
