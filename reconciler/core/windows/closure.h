// R5.6: which jobs may begin nothing now, because of which window, and until when.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "reconciler/core/ids.h"

namespace maand {

struct Closure {
  std::string window;  // the deny window that closes it; empty: no allow window is open
  // When something of it may begin again, if nothing is changed. nullopt: not within the years that
  // are looked ahead.
  std::optional<std::chrono::system_clock::time_point> opens;
  friend bool operator==(const Closure&, const Closure&) = default;
};

// `outside its windows until 2026-11-27T20:00:00.000Z; `maand release api` lets it begin now`
std::string sentence(const Closure& closure, const JobName& job);

// Of the whole bucket, as of one moment.
struct Closures {
  std::optional<Closure> others;  // of the jobs that no window names
  std::map<JobName, std::optional<Closure>> named;

  // Null: it is open.
  const Closure* of(const JobName& job) const {
    const auto it = named.find(job);
    const std::optional<Closure>& found = it == named.end() ? others : it->second;
    return found ? &*found : nullptr;
  }
  friend bool operator==(const Closures&, const Closures&) = default;
};

}  // namespace maand
