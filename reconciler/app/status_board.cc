#include "reconciler/app/status_board.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "reconciler/app/counters.h"
#include "reconciler/core/views.h"

namespace maand {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// Adds a member that is rendered already.
void splice(std::string& object, const std::string& name, const std::string& json) {
  object.pop_back();
  object += ",\"" + name + "\":" + json + "}";
}

constexpr std::chrono::milliseconds kBetweenUpdates{250};
constexpr std::chrono::seconds kDeafAfter{60};  // R6.1

}  // namespace

struct StatusBoard::Snapshot {
  SourceStatus source;
  std::optional<PassStatus> status;
  CommitId head;
  CommitId applied;
  std::string phase;
  std::string store_problem;
  std::string notes_problem;
  bool pending = false;
  std::uint64_t requested = 0;
  std::uint64_t served = 0;
  std::vector<JobReport> jobs;
  std::map<WorkerHost, Contact> set_aside;
  Suspensions suspended;
  Pins pinned;
  Plan plan;
  std::vector<AllocationView> allocations;
};

StatusBoard::StatusBoard(const Inbox& inbox, const Counters& counters, BucketId bucket,
                         std::string bucket_name)
    : inbox_(inbox),
      counters_(counters),
      bucket_(std::move(bucket)),
      bucket_name_(std::move(bucket_name)),
      snapshot_(std::make_shared<Snapshot>()) {}

StatusBoard::~StatusBoard() = default;

void StatusBoard::update(const Memory& memory, const AppliedState& state, const Triggers& triggers,
                         bool now) {
  const Instant time = std::chrono::steady_clock::now();
  if (!now && time - updated_ < kBetweenUpdates) return;
  updated_ = time;
  auto fresh = std::make_shared<Snapshot>();
  fresh->source = memory.source;
  fresh->status = memory.status;
  fresh->head = state.head;
  fresh->applied = state.applied;
  fresh->phase = memory.phase;
  fresh->store_problem = memory.store_problem;
  fresh->notes_problem = memory.notes_problem;
  fresh->pending = triggers.pending();
  fresh->requested = triggers.requested();
  fresh->served = triggers.served();
  fresh->jobs = memory.jobs;
  fresh->set_aside = memory.set_aside;
  fresh->suspended = memory.suspended;
  fresh->pinned = memory.pinned;
  fresh->plan = memory.plan;
  fresh->allocations.reserve(state.allocations.size());
  for (const auto& [key, allocation] : state.allocations) fresh->allocations.push_back(view_of(allocation));
  const std::lock_guard lock(mutex_);
  snapshot_ = std::move(fresh);
}

void StatusBoard::set_passes(std::vector<PassRecord> passes) {
  const std::lock_guard lock(mutex_);
  passes_ = std::move(passes);
}

std::shared_ptr<const StatusBoard::Snapshot> StatusBoard::snapshot() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

HealthState StatusBoard::health() const {
  const auto now = snapshot();
  HealthState health;
  health.alive = std::chrono::steady_clock::now() - inbox_.last_served() < kDeafAfter;
  health.ready = health.alive && now->source.tried && now->store_problem.empty();
  if (!health.alive) {
    health.why = "the reconcile thread has not served its queue for 60 s";
  } else if (!now->store_problem.empty()) {
    health.why = "the store cannot be written: " + now->store_problem;
  } else if (!now->source.tried) {
    health.why = "the git remote has not been tried yet";
  }
  return health;
}

std::string StatusBoard::status_json() const {
  const auto now = snapshot();
  Json out = {{"bucket_id", bucket_.str()},
              {"name", bucket_name_},
              {"phase", now->phase},
              {"pending", now->pending},
              {"requested", now->requested},
              {"served", now->served},
              {"head", now->head.str()},
              {"applied_commit", now->applied.str()},
              {"source", {{"state", now->source.state}, {"detail", now->source.detail}}}};
  if (!now->store_problem.empty()) out["store_problem"] = now->store_problem;
  if (!now->notes_problem.empty()) out["notes_problem"] = now->notes_problem;
  out["state"] = now->status ? to_string(now->status->state) : "pending";
  out["workers_set_aside"] = Json::array();
  for (const auto& [worker, contact] : now->set_aside) {
    out["workers_set_aside"].push_back(
        {{"worker", worker.str()}, {"condition", to_string(contact.condition)}, {"detail", contact.detail}});
  }
  std::string text = text_of(out);
  if (now->status) splice(text, "pass", note_json(*now->status));
  splice(text, "suspended", to_json(now->suspended));
  splice(text, "pinned", to_json(now->pinned));
  splice(text, "rollout", json_list(now->jobs));
  splice(text, "allocations", json_list(now->allocations));
  return text;
}

std::string StatusBoard::commits_json(std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  const auto end = passes_.begin() + static_cast<std::ptrdiff_t>(std::min(limit, passes_.size()));
  return json_list(std::vector<PassRecord>(passes_.begin(), end));
}

std::string StatusBoard::allocations_json() const { return json_list(snapshot()->allocations); }

std::optional<std::string> StatusBoard::job_json(const std::string& name) const {
  const auto now = snapshot();
  std::vector<AllocationView> allocations;
  for (const AllocationView& allocation : now->allocations) {
    if (allocation.key.job.str() == name) allocations.push_back(allocation);
  }
  const auto job = std::find_if(now->jobs.begin(), now->jobs.end(),
                                [&](const JobReport& report) { return report.job.str() == name; });
  if (allocations.empty() && job == now->jobs.end()) return std::nullopt;
  std::string text = text_of({{"job", name}});
  splice(text, "allocations", json_list(allocations));
  if (job != now->jobs.end()) splice(text, "rollout", json_of(*job));
  return text;
}

std::string StatusBoard::plan_json() const { return json_of(snapshot()->plan); }

std::string StatusBoard::metrics_text() const {
  const auto now = snapshot();
  std::map<std::string, std::size_t> by_state = {
      {"running", 0}, {"stopped", 0}, {"failed", 0}, {"unsettled", 0}};
  for (const AllocationView& allocation : now->allocations) ++by_state[allocation.state];
  std::string out =
      "# HELP maand_allocations Allocations by state.\n"
      "# TYPE maand_allocations gauge\n";
  for (const auto& [state, count] : by_state) {
    out += "maand_allocations{state=\"" + state + "\"} " + std::to_string(count) + "\n";
  }
  std::map<std::string, std::size_t> by_health = {{to_string(Health::kHealthy), 0},
                                                  {to_string(Health::kUnhealthy), 0},
                                                  {to_string(Health::kUnprobed), 0}};
  for (const AllocationView& allocation : now->allocations) {
    if (allocation.state == "running") ++by_health[to_string(allocation.health)];
  }
  out +=
      "# HELP maand_allocations_health Running allocations by the newest state of their health.\n"
      "# TYPE maand_allocations_health gauge\n";
  for (const auto& [health, count] : by_health) {
    out += "maand_allocations_health{health=\"" + health + "\"} " + std::to_string(count) + "\n";
  }
  out +=
      "# HELP maand_workers_set_aside Workers with a condition that keeps operations from them.\n"
      "# TYPE maand_workers_set_aside gauge\n"
      "maand_workers_set_aside " +
      std::to_string(now->set_aside.size()) +
      "\n"
      "# HELP maand_state 1 for the state of the newest judged commit.\n"
      "# TYPE maand_state gauge\n";
  const char* state = now->status ? to_string(now->status->state) : "pending";
  out += std::string("maand_state{state=\"") + state + "\"} 1\n";
  out +=
      "# HELP maand_build_info What runs.\n"
      "# TYPE maand_build_info gauge\n"
      "maand_build_info{version=\"" MAAND_VERSION "\"} 1\n";
  return out + counters_.prometheus();
}

}  // namespace maand
