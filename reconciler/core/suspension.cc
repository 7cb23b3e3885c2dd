#include "reconciler/core/suspension.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "reconciler/core/status.h"

namespace maand {
namespace {

using Json = nlohmann::ordered_json;

// Times are kept to the millisecond, as numbers beside what people read.
std::int64_t ms_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

WallTime time_of(const Json& ms) { return WallTime(std::chrono::milliseconds(ms.get<std::int64_t>())); }

}  // namespace

std::string sentence(const Suspension& suspension) {
  const std::string job = suspension.job.str();
  return "by " + suspension.actor + " until " + rfc3339(suspension.until) + ": " + suspension.reason +
         "; `maand resume" + (job.empty() ? "" : " " + job) + "` ends it";
}

void Suspensions::put(Suspension suspension) {
  drop(suspension.job);
  const auto at =
      std::find_if(all_.begin(), all_.end(), [&](const Suspension& one) { return suspension.job < one.job; });
  all_.insert(at, std::move(suspension));
}

bool Suspensions::drop(const JobName& job) {
  return std::erase_if(all_, [&](const Suspension& one) { return one.job == job; }) > 0;
}

bool Suspensions::expire(WallTime now) {
  return std::erase_if(all_, [&](const Suspension& one) { return one.until <= now; }) > 0;
}

const Suspension* Suspensions::of(const JobName& job) const {
  for (const Suspension& one : all_) {
    if (one.job.empty() || one.job == job) return &one;
  }
  return nullptr;
}

std::string to_json(const Suspensions& suspensions) {
  Json out = Json::array();
  for (const Suspension& one : suspensions.all()) {
    out.push_back({{"job", one.job.empty() ? Json() : Json(one.job.str())},
                   {"actor", one.actor},
                   {"reason", one.reason},
                   {"since", rfc3339(one.since)},
                   {"until", rfc3339(one.until)},
                   {"since_ms", ms_of(one.since)},
                   {"until_ms", ms_of(one.until)}});
  }
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Suspensions> suspensions_from(const std::string& json) {
  try {
    Suspensions out;
    for (const Json& one : Json::parse(json)) {
      out.put({one.at("job").is_null() ? JobName{} : JobName(one.at("job").get<std::string>()),
               one.at("actor").get<std::string>(), one.at("reason").get<std::string>(),
               time_of(one.at("since_ms")), time_of(one.at("until_ms"))});
    }
    return out;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace maand
