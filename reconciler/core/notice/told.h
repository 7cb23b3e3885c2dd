// What was told already, and what is news: the memory that makes a word once a word.
//
//   nothing ─► stands, not told yet ─(patience is over)─► told ─► gone ─► recovery told
//                    └─(gone before)─► nothing
//
// The same state again is no news. What changes too often is told once as restless and
// then not before it has been quiet. Kept in the store as JSON, so that a restart neither
// repeats nor forgets. Pure: time comes in as an argument.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/core/notice/trouble.h"

namespace maand {

// A change of state that somebody should hear of.
struct Notice {
  std::string key;
  std::string state;  // of a recovery: the one that has ended
  Urgency urgency = Urgency::kInfo;
  bool recovered = false;
  bool restless = false;  // it changes often: nothing more is said until it is quiet
  std::string title;
  std::vector<std::string> sentences;
  WallTime since{};  // when the state began
  CommitId commit;
  std::vector<std::string> jobs;
  std::vector<std::string> allocations;
};

class Told {
 public:
  // So many changes of one key within the window, and it is restless: news of it then
  // waits until it has been in one state for kQuiet.
  static constexpr std::size_t kMostChanges = 6;
  static constexpr std::chrono::minutes kWindow{60};
  static constexpr std::chrono::minutes kQuiet{15};

  // What is news now. `known`: whether the absence of this key means that it is over.
  std::vector<Notice> update(const std::vector<Trouble>& now_standing,
                             const std::function<bool(std::string_view key)>& known, WallTime now);
  // When update() may have more to say though nothing changes. nullopt: never.
  std::optional<WallTime> wake_at() const { return wake_at_; }

  std::string to_json() const;
  // Something that to_json did not write gives an empty one: everything is told again.
  static Told from_json(const std::string& text);

 private:
  struct Entry {
    std::string state;  // as of the last look; empty: fine
    WallTime since{};   // of `state`
    std::string told;   // state that was told; empty: none, or its end was told
    WallTime told_since{};
    Urgency urgency = Urgency::kInfo;  // of what was told
    std::string title;                 // likewise
    std::vector<WallTime> changes;     // that were told, the newest last
  };
  std::map<std::string, Entry> entries_;
  std::optional<WallTime> wake_at_;
};

}  // namespace maand
