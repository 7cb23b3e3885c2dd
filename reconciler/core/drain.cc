#include "reconciler/core/drain.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "reconciler/core/json_escape.h"
#include "reconciler/core/status.h"

namespace maand {
namespace {

using Json = nlohmann::ordered_json;

std::int64_t ms_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

WallTime time_of(const Json& ms) {
  return ms.is_null() ? WallTime::max() : WallTime(std::chrono::milliseconds(ms.get<std::int64_t>()));
}

bool ends(const Drain& drain) { return drain.until != WallTime::max(); }

}  // namespace

std::string sentence(const WorkerHost& worker, const Drain& drain) {
  return "by " + drain.actor + (ends(drain) ? " until " + rfc3339(drain.until) : "") + ": " + drain.reason +
         "; `maand worker undrain " + worker.str() + "` ends it";
}

bool expire(Drains& drains, WallTime now) {
  return std::erase_if(drains, [&](const auto& one) { return one.second.until <= now; }) > 0;
}

std::string to_json(const Drains& drains) {
  Json out = Json::array();
  for (const auto& [worker, drain] : drains) {
    out.push_back({{"worker", worker.str()},
                   {"actor", drain.actor},
                   {"reason", drain.reason},
                   {"since", rfc3339(drain.since)},
                   {"until", ends(drain) ? Json(rfc3339(drain.until)) : Json()},
                   {"since_ms", ms_of(drain.since)},
                   {"until_ms", ends(drain) ? Json(ms_of(drain.until)) : Json()}});
  }
  return escape_controls(out.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::optional<Drains> drains_from(const std::string& json) {
  try {
    Drains out;
    for (const Json& one : Json::parse(json)) {
      Drain& drain = out[WorkerHost(one.at("worker").get<std::string>())];
      drain.actor = one.at("actor").get<std::string>();
      drain.reason = one.at("reason").get<std::string>();
      drain.since = time_of(one.at("since_ms"));
      drain.until = time_of(one.at("until_ms"));
    }
    return out;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace maand
