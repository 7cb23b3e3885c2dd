// Which heads did we find although no webhook announced them?
//
// Webhooks that stopped arriving look like a slow daemon: polling covers for them.
// A webhook may come a little after polling found its commit, so each head has some
// grace to be announced.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "reconciler/core/ids.h"

namespace maand {

class AnnouncedHeads {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  static constexpr std::size_t kMostKept = 256;  // announcements, and heads that wait for theirs

  explicit AnnouncedHeads(std::chrono::milliseconds grace) : grace_(grace) {}

  // `commit` empty: the ref moved, and the delivery did not say where to; of every
  // head that waits, and of those seen within the grace.
  void announced(const CommitId& commit, Instant now);

  // The head is another one than before. The first one after a start is never
  // missed: it was pushed when nobody listened.
  void seen(const CommitId& head, Instant now);

  // Heads whose grace is over, each once.
  std::vector<CommitId> missed(Instant now);
  std::optional<Instant> next_due() const;  // when missed() may have something to say

  int in_a_row() const { return in_a_row_; }  // missed since the last announcement

 private:
  const std::chrono::milliseconds grace_;
  std::optional<CommitId> head_;
  std::deque<CommitId> announced_;
  std::optional<Instant> unnamed_until_;
  std::deque<std::pair<Instant, CommitId>> waiting_;
  int in_a_row_ = 0;
};

}  // namespace maand
