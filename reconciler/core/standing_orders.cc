// How standing orders are told and kept.
#include "reconciler/core/standing_orders.h"

#include <nlohmann/json.hpp>

#include "reconciler/core/json_escape.h"
#include "reconciler/core/pin.h"
#include "reconciler/core/status.h"
#include "reconciler/core/suspension.h"

namespace maand {
namespace {

using Json = nlohmann::ordered_json;

std::int64_t ms_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

template <class Order>
bool ends(const Order& order) {
  return order.until != WallTime::max();
}

template <class Order>
std::string words(const Order& order) {
  const std::string job = order.job.str();
  return "by " + order.actor + (ends(order) ? " until " + rfc3339(order.until) : "") + ": " + order.reason +
         "; `maand resume" + (job.empty() ? "" : " " + job) + "` ends it";
}

// Times are kept to the millisecond, as numbers beside what people read.
template <class Order>
Json object_of(const Order& order) {
  return {{"job", order.job.empty() ? Json() : Json(order.job.str())},
          {"actor", order.actor},
          {"reason", order.reason},
          {"since", rfc3339(order.since)},
          {"until", ends(order) ? Json(rfc3339(order.until)) : Json()},
          {"since_ms", ms_of(order.since)},
          {"until_ms", ends(order) ? Json(ms_of(order.until)) : Json()}};
}

WallTime time_of(const Json& ms) {
  return ms.is_null() ? WallTime::max() : WallTime(std::chrono::milliseconds(ms.get<std::int64_t>()));
}

template <class Order>
Order order_of(const Json& json) {
  Order out;
  if (!json.at("job").is_null()) out.job = JobName(json.at("job").get<std::string>());
  out.actor = json.at("actor").get<std::string>();
  out.reason = json.at("reason").get<std::string>();
  out.since = time_of(json.at("since_ms"));
  out.until = time_of(json.at("until_ms"));
  return out;
}

std::string text_of(const Json& json) {
  return escape_controls(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

std::string sentence(const Suspension& suspension) { return words(suspension); }

std::string sentence(const Pin& pin) { return "at " + pin.commit.str().substr(0, 12) + " " + words(pin); }

std::string to_json(const Suspensions& suspensions) {
  Json out = Json::array();
  for (const Suspension& one : suspensions.all()) out.push_back(object_of(one));
  return text_of(out);
}

std::string to_json(const Pins& pins) {
  Json out = Json::array();
  for (const Pin& one : pins.all()) {
    out.push_back(object_of(one));
    out.back()["commit"] = one.commit.str();
  }
  return text_of(out);
}

std::optional<Suspensions> suspensions_from(const std::string& json) {
  try {
    Suspensions out;
    for (const Json& one : Json::parse(json)) out.put(order_of<Suspension>(one));
    return out;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::optional<Pins> pins_from(const std::string& json) {
  try {
    Pins out;
    for (const Json& one : Json::parse(json)) {
      Pin pin = order_of<Pin>(one);
      pin.commit = CommitId(one.at("commit").get<std::string>());
      out.put(std::move(pin));
    }
    return out;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace maand
