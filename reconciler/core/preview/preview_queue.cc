#include "reconciler/core/preview/preview_queue.h"

#include <algorithm>
#include <set>

#include "reconciler/core/preview/preview_refs.h"

namespace maand {

void PreviewQueue::listed(const std::map<std::string, CommitId>& refs) {
  const bool first = !std::exchange(seen_before_, true);
  for (const auto& [ref, commit] : refs) {
    const auto before = listed_.find(ref);
    if (!first && (before == listed_.end() || before->second != commit)) moved_[ref] = ++moves_;
  }
  std::erase_if(moved_, [&](const auto& one) { return refs.count(one.first) == 0; });
  listed_ = refs;

  std::vector<std::string> order;
  order.reserve(refs.size());
  for (const auto& [ref, commit] : refs) order.push_back(ref);
  const auto moved = [&](const std::string& ref) {
    const auto it = moved_.find(ref);
    return it == moved_.end() ? 0 : it->second;
  };
  const std::size_t most = std::min(order.size(), limits_.most_refs);
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(most), order.end(),
                    [&](const std::string& a, const std::string& b) {
                      const std::uint64_t x = moved(a);
                      const std::uint64_t y = moved(b);
                      return x != y ? x > y : newer_preview(a, b);
                    });
  left_out_ = order.size() - most;
  order.resize(most);
  const std::set<std::string> looked_at(order.begin(), order.end());
  if (std::erase_if(entries_, [&](const auto& one) { return looked_at.count(one.first) == 0; }) > 0)
    gone_ = true;
  for (const std::string& ref : order) {
    Entry& entry = entries_[ref];
    const CommitId& commit = refs.at(ref);
    if (entry.commit == commit) continue;
    entry = Entry{};
    entry.ref = ref;
    entry.commit = commit;
  }
  order_ = std::move(order);
}

void PreviewQueue::set_world(const CommitId& head, std::string world) {
  if (world_ == world) return;
  head_ = head;
  world_ = std::move(world);
  for (auto& [ref, entry] : entries_) {
    entry.failures = 0;
    entry.not_before = {};
  }
}

bool PreviewQueue::wanted(const Entry& entry) const {
  return entry.base.empty() || entry.world != world_ || entry.verdict.result == PreviewResult::kFailed;
}

std::optional<PreviewQueue::Next> PreviewQueue::next(Instant now) {
  if (busy_ || world_.empty() || (last_end_ && now < *last_end_ + limits_.between)) return std::nullopt;
  // What was never judged goes before what is judged anew.
  for (const bool fresh : {true, false}) {
    for (const std::string& ref : order_) {
      Entry& entry = entries_.at(ref);
      if (!wanted(entry) || entry.base.empty() != fresh || now < entry.not_before) continue;
      Next next{ref, entry.commit, std::nullopt};
      const auto same = std::find_if(entries_.begin(), entries_.end(), [&](const auto& one) {
        return one.second.commit == entry.commit && !wanted(one.second);
      });
      if (same != entries_.end()) next.known = same->second.verdict;
      busy_ = Busy{ref, head_, world_};
      return next;
    }
  }
  return std::nullopt;
}

std::optional<Instant> PreviewQueue::next_due(Instant now) const {
  if (busy_ || world_.empty()) return std::nullopt;
  std::optional<Instant> due;
  for (const auto& [ref, entry] : entries_) {
    if (!wanted(entry)) continue;
    Instant at = std::max(now, entry.not_before);
    if (last_end_) at = std::max(at, *last_end_ + limits_.between);
    due = due ? std::min(*due, at) : at;
  }
  return due;
}

const PreviewQueue::Entry* PreviewQueue::done(const CommitId& commit, PreviewVerdict verdict, Instant now) {
  const Busy busy = busy_.value_or(Busy{});
  busy_.reset();
  last_end_ = now;
  const auto it = entries_.find(busy.ref);
  if (it == entries_.end()) return nullptr;  // it vanished meanwhile
  Entry& entry = it->second;
  if (!commit.empty() && entry.commit != commit) {  // it moved; the next listing shows it as well
    entry = Entry{};
    entry.ref = busy.ref;
    entry.commit = commit;
    listed_[busy.ref] = commit;
  }
  if (verdict.result == PreviewResult::kFailed) {
    const auto wait = limits_.retry * (1LL << std::min(entry.failures, 10));
    entry.not_before = now + std::min<std::chrono::milliseconds>(wait, limits_.longest_retry);
    ++entry.failures;
  } else {
    entry.failures = 0;
  }
  const bool news = entry.base.empty() || entry.verdict.result != verdict.result ||
                    entry.verdict.note_text != verdict.note_text ||
                    entry.verdict.note_json != verdict.note_json ||
                    entry.verdict.markdown != verdict.markdown;
  entry.base = busy.head;
  entry.world = busy.world;
  entry.verdict = std::move(verdict);
  return news ? &entry : nullptr;
}

std::vector<const PreviewQueue::Entry*> PreviewQueue::entries() const {
  std::vector<const Entry*> out;
  for (const std::string& ref : order_) out.push_back(&entries_.at(ref));
  return out;
}

std::vector<std::string> PreviewQueue::refs() const { return order_; }

}  // namespace maand
