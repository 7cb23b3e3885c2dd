#include "reconciler/core/windows/windows.h"

#include <algorithm>
#include <map>

namespace maand {
namespace {

namespace chrono = std::chrono;

constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kHorizon = 12 * 366 * kDay;  // leap years may be 8 years apart
constexpr int kMostSteps = 20'000;
constexpr int kMostJoined = 600'000;  // the minutes of a year and some

std::int64_t floor_to(std::int64_t value, std::int64_t unit) {
  const std::int64_t rest = value % unit;
  return value - (rest < 0 ? rest + unit : rest);
}

// The starts of one window, day by day.
class Starts {
 public:
  explicit Starts(const Window& window) : window_(window) {}

  // The first one behind `after`. nullopt: none before `horizon`.
  std::optional<std::int64_t> next(std::int64_t after, std::int64_t horizon) {
    for (std::int64_t day = local_day(after) - kDay; day - kDay <= horizon; day += kDay) {
      const auto found = std::upper_bound(of(day).begin(), of(day).end(), after);
      if (found == of(day).end()) continue;
      const std::int64_t start = *found;
      // Around a set clock, the day behind may begin before this one is over.
      const auto& later = of(day + kDay);
      const auto other = std::upper_bound(later.begin(), later.end(), after);
      const std::int64_t first = other == later.end() ? start : std::min(start, *other);
      if (first > horizon) return std::nullopt;
      return first;
    }
    return std::nullopt;
  }

  // When the window that is open at `moment` closes; those that start before that are joined.
  std::optional<std::int64_t> open_until(std::int64_t moment, std::int64_t horizon) {
    const std::int64_t length = chrono::duration_cast<chrono::seconds>(window_.duration).count();
    auto start = next(moment - length, moment);
    if (!start) return std::nullopt;
    std::int64_t end = *start + length;
    for (int i = 0; end <= horizon && (start = next(*start, end)); ++i) {
      if (i == kMostJoined) return horizon + 1;
      end = *start + length;
    }
    return end;
  }

 private:
  std::int64_t local_day(std::int64_t utc) const {
    return floor_to(utc + window_.zone->offset_at(utc), kDay);
  }

  // Of the local day that begins at `day`; ascending.
  const std::vector<std::int64_t>& of(std::int64_t day) {
    Day& slot = days_[static_cast<std::size_t>((day / kDay) & 3)];
    if (slot.day && *slot.day == day) return slot.starts;
    slot.day = day;
    slot.starts.clear();
    if (!window_.starts.on(chrono::sys_days(chrono::days(day / kDay)))) return slot.starts;
    const TimeZone& zone = *window_.zone;
    const bool even = zone.is_even(day - 2 * kDay, day + 3 * kDay);
    const std::int64_t offset = zone.offset_at(day);
    for (std::size_t hour = 0; hour < 24; ++hour) {
      if (!window_.starts.hours.test(hour)) continue;
      for (std::size_t minute = 0; minute < 60; ++minute) {
        if (!window_.starts.minutes.test(minute)) continue;
        const std::int64_t local = day + static_cast<std::int64_t>(hour * 60 + minute) * kMinute;
        if (even) {
          slot.starts.push_back(local - offset);
          continue;
        }
        const TimeZone::Shown shown = zone.when(local);
        slot.starts.push_back(shown.first);
        if (shown.second && window_.starts.any_hour) slot.starts.push_back(*shown.second);
      }
    }
    std::sort(slot.starts.begin(), slot.starts.end());
    return slot.starts;
  }

  struct Day {
    std::optional<std::int64_t> day;
    std::vector<std::int64_t> starts;
  };
  const Window& window_;
  Day days_[4];
};

// The windows that one job is judged by.
class Calendar {
 public:
  explicit Calendar(const std::vector<const Window*>& windows) {
    for (const Window* window : windows)
      (window->allow ? allows_ : denies_).push_back({window, Starts(*window)});
  }

  std::optional<Closure> at(std::int64_t now) {
    const Shut shut = look(now, now + kHorizon);
    if (!shut.closed) return std::nullopt;
    Closure out;
    if (shut.by) out.window = shut.by->name;
    std::optional<std::int64_t> next = shut.next;
    for (int i = 0; next && i < kMostSteps; ++i) {
      const Shut then = look(*next, now + kHorizon);
      if (!then.closed) {
        out.opens = chrono::system_clock::time_point(chrono::seconds(*next));
        break;
      }
      next = then.next;
    }
    return out;
  }

 private:
  struct One {
    const Window* window;
    Starts starts;
  };
  struct Shut {
    bool closed = false;
    const Window* by = nullptr;
    std::optional<std::int64_t> next;  // nothing opens before
  };

  Shut look(std::int64_t moment, std::int64_t horizon) {
    Shut shut;
    for (One& deny : denies_) {
      const auto end = deny.starts.open_until(moment, horizon);
      if (!end) continue;
      shut.closed = true;
      if (shut.next && *shut.next >= *end) continue;
      shut.by = deny.window;
      shut.next = *end;
    }
    if (shut.closed) {
      if (*shut.next > horizon) shut.next.reset();
      return shut;
    }
    if (allows_.empty()) return shut;
    for (One& allow : allows_) {
      if (allow.starts.open_until(moment, moment)) return {};
      const auto start = allow.starts.next(moment, horizon);
      if (start && (!shut.next || *start < *shut.next)) shut.next = start;
    }
    shut.closed = true;
    return shut;
  }

  std::vector<One> allows_;
  std::vector<One> denies_;
};

// Of `job`; null: of one that no window names.
std::vector<const Window*> windows_of(const Windows& windows, const JobName* job) {
  std::vector<const Window*> out;
  for (const Window& window : windows) {
    const bool named = job && std::find(window.jobs.begin(), window.jobs.end(), *job) != window.jobs.end();
    if (window.jobs.empty() || named) out.push_back(&window);
  }
  return out;
}

}  // namespace

Closures closures_at(const Windows& windows, chrono::system_clock::time_point now) {
  const std::int64_t seconds = chrono::floor<chrono::seconds>(now).time_since_epoch().count();
  std::map<std::vector<const Window*>, std::optional<Closure>> known;  // many jobs have the same
  const auto closure_of = [&](const JobName* job) {
    const auto [it, fresh] = known.try_emplace(windows_of(windows, job));
    if (fresh && !it->first.empty()) it->second = Calendar(it->first).at(seconds);
    return it->second;
  };
  Closures out;
  out.others = closure_of(nullptr);
  for (const Window& window : windows) {
    for (const JobName& job : window.jobs) {
      if (out.named.count(job) == 0) out.named[job] = closure_of(&job);
    }
  }
  return out;
}

}  // namespace maand
