// Which preview is judged next, and which is not: pure.
//
// Of all refs that match, the newest few are looked at: those seen moving, then
// those with the highest numbers (a host never forgets refs/pull/*/head of requests
// that were closed). A commit is judged once for each state of the world, one at a
// time and with a pause between; a world that moved has every open one judged anew.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/core/ports.h"
#include "reconciler/core/preview/preview.h"

namespace maand {

struct PreviewLimits {
  std::size_t most_refs = 20;               // looked at, of those that match
  std::chrono::milliseconds between{2000};  // from the end of one judging to the next
  // A commit that could not be judged or brought is tried again so much later, twice
  // as long each time.
  std::chrono::milliseconds retry{60'000};
  std::chrono::milliseconds longest_retry{3'600'000};
};

class PreviewQueue {
 public:
  explicit PreviewQueue(PreviewLimits limits) : limits_(limits) {}

  struct Entry {
    std::string ref;
    CommitId commit;
    CommitId base;      // of `verdict`; empty: not judged yet
    std::string world;  // the state of the world it was judged in
    PreviewVerdict verdict;
    int failures = 0;      // in a row
    Instant not_before{};  // of the next try
  };
  struct Next {
    std::string ref;
    CommitId commit;
    // Of the same commit under another name: done() is to be called with it at once.
    std::optional<PreviewVerdict> known;
  };

  // What the remote shows, whole.
  void listed(const std::map<std::string, CommitId>& refs);
  // What results depend on besides the commit: head, values, what is applied, pins.
  // Empty: nothing is judged.
  void set_world(const CommitId& head, std::string world);

  // What to do now; marks it as being done. nullopt: nothing, or not yet.
  std::optional<Next> next(Instant now);
  // When to ask again where next() said nothing; nullopt: not before something changes.
  std::optional<Instant> next_due(Instant now) const;

  // The end of what next() gave: a verdict of `commit`, which the ref may have moved
  // to in between. Null: there is nothing new to tell, or the ref is gone.
  const Entry* done(const CommitId& commit, PreviewVerdict verdict, Instant now);

  const CommitId& head() const { return head_; }
  // Those that are looked at, newest first.
  std::vector<const Entry*> entries() const;
  std::vector<std::string> refs() const;
  // Matching refs beyond the limit.
  std::size_t left_out() const { return left_out_; }
  // Refs went since the last call: what lies of them can be dropped.
  bool take_gone() { return std::exchange(gone_, false); }

 private:
  bool wanted(const Entry& entry) const;

  const PreviewLimits limits_;
  std::map<std::string, CommitId> listed_;
  std::map<std::string, std::uint64_t> moved_;  // when it was seen moving last
  std::uint64_t moves_ = 0;
  bool seen_before_ = false;
  std::map<std::string, Entry> entries_;
  std::vector<std::string> order_;  // of entries_, newest first
  CommitId head_;
  std::string world_;
  std::size_t left_out_ = 0;
  bool gone_ = false;
  struct Busy {
    std::string ref;
    CommitId head;
    std::string world;  // that the verdict will be of, whatever moves meanwhile
  };
  std::optional<Busy> busy_;
  std::optional<Instant> last_end_;
};

}  // namespace maand
