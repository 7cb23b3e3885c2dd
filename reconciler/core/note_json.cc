// The machine part of the note (R4.1): one bucket's entry.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "reconciler/core/json_escape.h"

#include "reconciler/core/status.h"

namespace maand {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxListed = 200;  // R4.3
constexpr std::size_t kMaxBytes = 64 * 1024;
constexpr std::size_t kMaxAttempts = 10;

Json allocation_json(const AllocationStatus& allocation) {
  Json out = {{"job", allocation.key.job.str()},
              {"worker", allocation.key.worker.str()},
              {"action", to_string(allocation.action)},
              {"reason", to_string(allocation.reason)},
              {"current_version", allocation.current_version},
              {"new_version", allocation.new_version},
              {"outcome", allocation.outcome},
              {"health", to_string(allocation.health)},
              {"duration_ms", allocation.duration.count()}};
  if (!allocation.operation.empty()) out["operation"] = allocation.operation.str();
  if (!allocation.detail.empty()) out["detail"] = allocation.detail;
  return out;
}

Json diagnostic_json(const Diagnostic& diagnostic) {
  return {{"severity", diagnostic.severity == Severity::kError ? "error" : "warning"},
          {"path", diagnostic.path},
          {"field", diagnostic.field},
          {"message", diagnostic.message},
          {"advice", diagnostic.advice}};
}

Json entry(const PassStatus& status, std::size_t allocations, std::size_t diagnostics) {
  Json out = {{"name", status.bucket_name},
              {"commit", status.commit.str()},
              {"state", to_string(status.state)},
              {"cause", status.cause},
              {"started_at", rfc3339(status.started_at)},
              {"finished_at", rfc3339(status.finished_at)}};
  out["counts"] = Json::object();
  for (const auto& [word, count] : status.counts) out["counts"][word] = count;
  out["allocations"] = Json::array();
  for (std::size_t i = 0; i < std::min(allocations, status.allocations.size()); ++i) {
    out["allocations"].push_back(allocation_json(status.allocations[i]));
  }
  if (status.allocations.size() > allocations) {
    out["allocations_omitted"] = status.allocations.size() - allocations;
  }
  out["jobs"] = Json::array();
  for (const JobStatus& job : status.jobs) {
    out["jobs"].push_back({{"job", job.job.str()},
                           {"state", job.held ? "held" : "waiting"},
                           {"reason", to_string(job.reason)},
                           {"detail", job.detail}});
  }
  out["diagnostics"] = Json::array();
  for (std::size_t i = 0; i < std::min(diagnostics, status.diagnostics.size()); ++i) {
    out["diagnostics"].push_back(diagnostic_json(status.diagnostics[i]));
  }
  out["attempts"] = Json::array();
  const std::size_t first = status.attempts.size() > kMaxAttempts ? status.attempts.size() - kMaxAttempts : 0;
  for (std::size_t i = first; i < status.attempts.size(); ++i) {
    const Attempt& attempt = status.attempts[i];
    out["attempts"].push_back(
        {{"cause", attempt.cause}, {"finished_at", attempt.finished_at}, {"state", attempt.state}});
  }
  return out;
}

// Workspace text may hold any bytes; a note is always valid UTF-8.
std::string text_of(const Json& json) {
  return escape_controls(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

std::string note_json(const PassStatus& status) {
  std::size_t listed = std::min(status.allocations.size(), kMaxListed);
  std::size_t told = std::min(status.diagnostics.size(), kMaxListed);
  std::string text = text_of(entry(status, listed, told));
  while (text.size() > kMaxBytes && (listed > 0 || told > 0)) {
    listed /= 2;
    told /= 2;
    text = text_of(entry(status, listed, told));
  }
  return text;
}

std::vector<AllocationStatus> done_in(const std::string& note_json) {
  std::vector<AllocationStatus> out;
  const Json json = Json::parse(note_json, nullptr, false);
  if (!json.is_object() || !json.contains("allocations") || !json["allocations"].is_array()) return out;
  const auto text = [](const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  for (const Json& one : json["allocations"]) {
    if (!one.is_object() || text(one, "outcome") != "succeeded") continue;
    AllocationStatus line;
    line.key = {JobName(text(one, "job")), WorkerHost(text(one, "worker"))};
    line.action = action_from(text(one, "action"));
    if (line.key.job.empty() || line.key.worker.empty() || line.action == Action::kNone) continue;
    line.reason = reason_from(text(one, "reason"));
    line.current_version = text(one, "current_version");
    line.new_version = text(one, "new_version");
    line.outcome = "succeeded";
    for (const Health health : {Health::kHealthy, Health::kUnhealthy}) {
      if (text(one, "health") == to_string(health)) line.health = health;
    }
    const auto duration = one.find("duration_ms");
    if (duration != one.end() && duration->is_number_integer()) {
      line.duration = std::chrono::milliseconds(duration->get<std::int64_t>());
    }
    line.operation = OperationId(text(one, "operation"));
    line.detail = text(one, "detail");
    out.push_back(std::move(line));
  }
  return out;
}

std::vector<Attempt> attempts_of(const std::string& note_json) {
  std::vector<Attempt> out;
  const Json json = Json::parse(note_json, nullptr, false);
  if (!json.is_object() || !json.contains("attempts") || !json["attempts"].is_array()) return out;
  for (const Json& attempt : json["attempts"]) {
    if (!attempt.is_object()) continue;
    out.push_back({attempt.value("cause", ""), attempt.value("finished_at", ""), attempt.value("state", "")});
  }
  return out;
}

}  // namespace maand
