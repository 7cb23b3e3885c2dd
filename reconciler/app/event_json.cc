#include "reconciler/app/event_json.h"

#include <nlohmann/json.hpp>

#include "reconciler/core/json_escape.h"

namespace maand {

std::string event_json(const Event& event, const std::vector<std::pair<std::string, std::string>>& leading) {
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  const auto put = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) out[name] = value;
  };
  for (const auto& [name, value] : leading) put(name, value);
  put("commit", event.commit.str());
  put("job", event.job.str());
  put("worker", event.worker.str());
  put("operation", event.operation.str());
  put("action", event.action);
  put("reason", event.reason);
  put("outcome", event.outcome);
  if (event.duration.count() > 0) out["duration_ms"] = event.duration.count();
  put("text", event.text);
  return escape_controls(out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace maand
