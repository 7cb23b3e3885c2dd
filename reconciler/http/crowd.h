// Who is served when more want to be than there is room for: the ones that came
// last, for whoever is honest has asked within a moment, and whoever drips grows old.
//
// Turning newcomers away instead would hand the listener to whoever filled it
// first. A source that has more than its share displaces its own, so that it
// cannot touch the others; within one source (everybody behind one proxy, or all
// of loopback) age alone decides. A client that has N places and takes a new one
// R times a second lets everybody live for N/R seconds, and an honest request
// needs milliseconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace maand {

class Crowd {
 public:
  using Id = std::uint64_t;

  // REQUIRES: `per_source` and `most` above 0.
  Crowd(std::size_t most, std::size_t per_source) : most_(most), per_source_(per_source) {}

  // Takes a place, as the youngest. `source` "" counts towards nobody's share.
  void enter(Id id, const std::string& source);
  // May go: displaceable from now on, and the youngest of those.
  // Busy: keeps its place while it is served.
  void busy(Id id);
  void waiting(Id id);
  void leave(Id id);

  // Whose place has to be free before one more of `source` may enter. nullopt: nobody's.
  std::optional<Id> must_go_for(const std::string& source) const;
  // The oldest that waits. nullopt: all are served.
  std::optional<Id> oldest() const;
  // There is no place, and nobody may be displaced for one.
  bool full() const { return members_.size() >= most_ && by_age_.empty(); }
  std::size_t size() const { return members_.size(); }

 private:
  struct Member {
    std::string source;
    std::uint64_t age = 0;  // 0: busy
  };
  struct Source {
    std::size_t members = 0;
    std::map<std::uint64_t, Id> by_age;
  };
  void forget_age(Member& member);

  const std::size_t most_;
  const std::size_t per_source_;
  std::uint64_t next_age_ = 1;
  std::map<Id, Member> members_;
  std::map<std::uint64_t, Id> by_age_;
  std::map<std::string, Source> sources_;
};

}  // namespace maand
