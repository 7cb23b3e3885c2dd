// A commit was announced and the ref may not show it yet: when is the ref read
// again, and when is that over (R6.3)?
//
// Hosts answer webhooks before every replica of theirs has the ref.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <utility>

#include "reconciler/core/ids.h"

namespace maand {

class RefWait {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  // Between readings; 7.7 s in all. Polling goes on besides.
  static constexpr std::array<std::chrono::milliseconds, 5> kPauses = {
      std::chrono::milliseconds(200), std::chrono::milliseconds(500), std::chrono::milliseconds(1000),
      std::chrono::milliseconds(2000), std::chrono::milliseconds(4000)};

  enum class Next {
    kReadAgain,  // at next()
    kOver,       // it arrived, or the ref has moved past it
    kGivenUp,    // the ref stayed where it was
  };

  // `announced` may be empty: any other head than `before` is it.
  RefWait(CommitId announced, CommitId before, Instant now)
      : announced_(std::move(announced)), before_(std::move(before)), next_(now + kPauses[0]) {}

  // The ref was read and is at `head` (empty: it could not be read). `fetched`:
  // the mirror has the announced commit, so that a head that is another one is
  // newer, or older and forced; either way nothing more is to come.
  Next saw(const CommitId& head, bool fetched, Instant now);

  Instant next() const { return next_; }
  const CommitId& announced() const { return announced_; }
  const CommitId& before() const { return before_; }

 private:
  CommitId announced_;
  CommitId before_;
  std::size_t readings_ = 0;
  Instant next_;
};

}  // namespace maand
