// R5.6: when may a rollout begin? What `policy.toml` of a workspace says, and what it means at a
// moment.
//
// A window starts when its cron expression says so in its time zone, and is open for its duration,
// counted in elapsed time. Where clocks are set forward over a start, it starts when they were; where
// they are set back and show a start twice, it starts the first time only, unless its hour
// begins with `*`: then every hour is meant, also the one that comes twice.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/diagnostics.h"
#include "reconciler/core/ids.h"
#include "reconciler/core/windows/closure.h"
#include "reconciler/core/windows/cron.h"
#include "reconciler/core/windows/time_zone.h"

namespace maand {

struct Window {
  std::string name;    // `name` of it, or `window 2`; printable
  bool allow = false;  // else deny
  Cron starts;
  std::chrono::minutes duration{0};  // 1 minute to 31 days
  TimeZonePtr zone;                  // never null
  std::vector<JobName> jobs;         // empty: every job
};
using Windows = std::vector<Window>;

// With errors in `diagnostics` the commit is to be refused (R1.3): a rule that is not understood
// must not let anything begin. `zones` null: UTC is the only zone.
Windows parse_policy(std::string_view text, const std::string& path, const ZoneSource* zones,
                     Diagnostics& diagnostics);

// A job may begin while a window that allows it is open, or none is written for it, and no
// window that denies it is. Of every job, with the moment when that changes; it is
// looked for over 12 years.
Closures closures_at(const Windows& windows, std::chrono::system_clock::time_point now);

}  // namespace maand
