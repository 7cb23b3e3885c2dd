#include "reconciler/core/webhook/announced_heads.h"

#include <algorithm>

namespace maand {

void AnnouncedHeads::announced(const CommitId& commit, Instant now) {
  in_a_row_ = 0;
  if (commit.empty()) {
    unnamed_until_ = now + grace_;
    waiting_.clear();
    return;
  }
  std::erase_if(waiting_, [&](const auto& head) { return head.second == commit; });
  if (std::find(announced_.begin(), announced_.end(), commit) != announced_.end()) return;
  announced_.push_back(commit);
  if (announced_.size() > kMostKept) announced_.pop_front();
}

void AnnouncedHeads::seen(const CommitId& head, Instant now) {
  if (head.empty() || head_ == head) return;
  const bool first = !head_;
  head_ = head;
  const bool told = std::find(announced_.begin(), announced_.end(), head) != announced_.end() ||
                    (unnamed_until_ && now <= *unnamed_until_);
  if (first || told || waiting_.size() >= kMostKept) return;
  waiting_.emplace_back(now + grace_, head);
}

std::vector<CommitId> AnnouncedHeads::missed(Instant now) {
  std::vector<CommitId> out;
  while (!waiting_.empty() && waiting_.front().first <= now) {
    out.push_back(waiting_.front().second);
    waiting_.pop_front();
    ++in_a_row_;
  }
  return out;
}

std::optional<AnnouncedHeads::Instant> AnnouncedHeads::next_due() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.front().first;
}

}  // namespace maand
