// Whether this process still leads a bucket in PostgreSQL. Set by whoever writes the store, asked on
// any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

#include "reconciler/core/ports.h"

namespace maand {

// Somebody else wrote the bucket since: what this process has in memory is not what is confirmed.
class LostBucket : public StoreError {
 public:
  using StoreError::StoreError;
};

class Leadership {
 public:
  // `lost` is called once, on the thread that found out, which may hold any lock: it is to be short.
  explicit Leadership(std::function<void()> lost = [] {}) : on_lost_(std::move(lost)) {}

  std::int64_t term() const { return term_; }  // 0: it does not lead yet
  bool lost() const { return lost_; }

  // For whoever writes the store.
  void begins(std::int64_t term) { term_ = term; }
  void ends() {
    if (!lost_.exchange(true)) on_lost_();
  }

 private:
  std::function<void()> on_lost_;
  std::atomic<std::int64_t> term_{0};
  std::atomic<bool> lost_{false};
};

}  // namespace maand
