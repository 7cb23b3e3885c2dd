#include "reconciler/app/begun_order.h"

#include <nlohmann/json.hpp>

namespace maand {
namespace {

constexpr const char* kKey = "order_begun";

using Json = nlohmann::ordered_json;

std::int64_t ms_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

WallTime time_of(const Json& ms) { return WallTime(std::chrono::milliseconds(ms.get<std::int64_t>())); }

}  // namespace

std::optional<BegunOrder> begun_order(Store& store) {
  const std::string text = store.setting(kKey).value_or("");
  if (text.empty()) return std::nullopt;
  const Json json = Json::parse(text, nullptr, false);
  try {
    const auto verb = job_verb_from(json.at("verb").get<std::string>());
    if (!verb) return std::nullopt;
    BegunOrder out{{*verb, JobName(json.at("job").get<std::string>()), {}, false, {}}, false, {}};
    for (const Json& worker : json.at("workers")) out.order.workers.emplace_back(worker.get<std::string>());
    out.order.health_check = json.at("health_check").get<bool>();
    out.order.word = {json.at("actor").get<std::string>(), json.at("reason").get<std::string>(),
                      time_of(json.at("since_ms")), time_of(json.at("until_ms"))};
    out.ran = json.at("ran").get<bool>();
    out.tree = TreeId(json.value("tree", std::string()));
    return out;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

void keep_begun_order(Store& store, const BegunOrder& begun) {
  const JobOrder& order = begun.order;
  Json workers = Json::array();
  for (const WorkerHost& worker : order.workers) workers.push_back(worker.str());
  const Json json = {{"verb", to_string(order.verb)},
                     {"job", order.job.str()},
                     {"workers", std::move(workers)},
                     {"health_check", order.health_check},
                     {"actor", order.word.actor},
                     {"reason", order.word.reason},
                     {"since_ms", ms_of(order.word.since)},
                     {"until_ms", ms_of(order.word.until)},
                     {"ran", begun.ran},
                     {"tree", begun.tree.str()}};
  store.put_setting(kKey, json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void forget_begun_order(Store& store) {
  if (!store.setting(kKey).value_or("").empty()) store.put_setting(kKey, "");
}

}  // namespace maand
