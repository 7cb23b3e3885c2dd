#include "reconciler/app/status_board.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "reconciler/app/metrics.h"
#include "reconciler/app/metrics_readings.h"
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
  Phase phase = Phase::kIdle;
  std::string phase_text;
  std::string store_problem;
  std::string notes_problem;
  std::vector<std::string> certificate_warnings;
  std::size_t notes_waiting = 0;
  WallTime head_committed{};
  WallTime applied_committed{};
  std::size_t workers = 0;      // of the commit that is converged to
  std::size_t jobs_wanted = 0;  // of it
  bool pending = false;
  std::uint64_t requested = 0;
  std::uint64_t served = 0;
  std::vector<JobReport> jobs;
  std::map<WorkerHost, Contact> set_aside;
  Authority authority;
  std::uint64_t epoch = 1;
  Suspensions suspended;
  Pins pinned;
  Plan plan;
  std::vector<AllocationView> allocations;
};

StatusBoard::StatusBoard(const Inbox& inbox, const Metrics& metrics, BucketId bucket, std::string bucket_name)
    : inbox_(inbox),
      metrics_(metrics),
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
  fresh->phase = memory.phase.now();
  fresh->phase_text = memory.phase.text();
  fresh->store_problem = memory.store_problem;
  fresh->notes_problem = memory.notes_problem;
  fresh->certificate_warnings = memory.certificates.warnings;
  fresh->notes_waiting = memory.notes_waiting;
  if (memory.judged) fresh->head_committed = memory.judged->info.committed_at;
  if (memory.accepted) {
    const Judged& accepted = *memory.accepted;
    fresh->workers = accepted.workspace.workers.size();
    fresh->jobs_wanted = accepted.workspace.jobs.size();
    if (accepted.info.id == state.applied) applied_committed_ = accepted.info.committed_at;
  }
  fresh->applied_committed = applied_committed_;
  fresh->pending = triggers.pending();
  fresh->requested = triggers.requested();
  fresh->served = triggers.served();
  fresh->jobs = memory.jobs;
  fresh->set_aside = memory.set_aside;
  fresh->authority = memory.authority;
  fresh->epoch = state.epoch;
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

void StatusBoard::set_previews(std::string json) {
  const std::lock_guard lock(mutex_);
  previews_ = std::move(json);
}

std::string StatusBoard::previews_json() const {
  const std::lock_guard lock(mutex_);
  return previews_;
}

std::shared_ptr<const StatusBoard::Snapshot> StatusBoard::snapshot() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

CommitId StatusBoard::planned_commit() const { return snapshot()->plan.commit; }

HealthState StatusBoard::health() const {
  const auto now = snapshot();
  HealthState health;
  health.alive = std::chrono::steady_clock::now() - inbox_.last_served() < kDeafAfter;
  health.ready =
      health.alive && now->source.tried && now->store_problem.empty() && now->authority.may_write();
  if (!health.alive) {
    health.why = "the reconcile thread has not served its queue for 60 s";
  } else if (!now->store_problem.empty()) {
    health.why = "the store cannot be written: " + now->store_problem;
  } else if (!now->source.tried) {
    health.why = "the git remote has not been tried yet";
  } else if (!now->authority.may_write()) {
    health.why = std::string(to_string(now->authority.kind)) + ": " + explain(now->authority.reason()) +
                 " (" + now->authority.detail + ")";
  }
  return health;
}

std::string StatusBoard::status_json() const {
  const auto now = snapshot();
  Json out = {{"bucket_id", bucket_.str()},
              {"name", bucket_name_},
              {"phase", now->phase_text},
              {"pending", now->pending},
              {"requested", now->requested},
              {"served", now->served},
              {"head", now->head.str()},
              {"applied_commit", now->applied.str()},
              {"source", {{"state", now->source.state}, {"detail", now->source.detail}}}};
  if (!now->store_problem.empty()) out["store_problem"] = now->store_problem;
  if (!now->notes_problem.empty()) out["notes_problem"] = now->notes_problem;
  if (!now->certificate_warnings.empty()) out["certificate_warnings"] = now->certificate_warnings;
  out["authority"] = {
      {"state", to_string(now->authority.kind)}, {"detail", now->authority.detail}, {"epoch", now->epoch}};
  out["state"] = now->status ? to_string(now->status->state) : "pending";
  out["workers_set_aside"] = Json::array();
  for (const auto& [worker, contact] : now->set_aside) {
    out["workers_set_aside"].push_back(
        {{"worker", worker.str()}, {"condition", to_string(contact.condition)}, {"detail", contact.detail}});
  }
  for (const ChannelStatus& channel : channels_ ? channels_() : std::vector<ChannelStatus>{}) {
    Json one = {{"name", channel.name}, {"waiting", channel.waiting}};
    if (!channel.problem.empty()) {
      one["problem"] = channel.problem;
      one["since"] = rfc3339(channel.since);
    }
    out["channels"].push_back(std::move(one));
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
  Readings readings;
  readings.bucket_id = bucket_.str();
  readings.bucket_name = bucket_name_;
  const HealthState state = health();
  readings.alive = state.alive;
  readings.ready = state.ready;
  readings.store_writable = now->store_problem.empty();
  readings.heartbeat_age = std::chrono::steady_clock::now() - inbox_.last_served();
  readings.phase = now->phase;
  if (now->status) readings.state = now->status->state;
  readings.source_state = now->source.state;
  readings.head_applied = now->head == now->applied;
  readings.head_committed = now->head_committed;
  readings.applied_committed = now->applied_committed;
  for (const AllocationView& allocation : now->allocations) {
    ++readings.allocations[allocation.state];
    if (allocation.state == "running") ++readings.running[allocation.health];
    if (allocation.drift) ++readings.drifted[allocation.drift->kind];
  }
  if (now->status) {
    for (const JobStatus& job : now->status->jobs)
      ++(job.held ? readings.held : readings.waiting)[job.reason];
  }
  for (const JobReport& job : now->jobs) {
    ++readings.rollout_jobs[job.state];
    for (const AllocationReport& allocation : job.allocations)
      ++readings.rollout_allocations[allocation.state];
  }
  for (const auto& [worker, contact] : now->set_aside) ++readings.set_aside[contact.condition];
  readings.workers = now->workers;
  readings.jobs = now->jobs_wanted;
  readings.notes_waiting = now->notes_waiting;
  for (const Suspension& suspension : now->suspended.all()) {
    if (suspension.job.empty()) {
      readings.bucket_suspended = true;
    } else {
      ++readings.jobs_suspended;
    }
  }
  readings.authority = now->authority.kind;
  readings.epoch = now->epoch;
  if (now->status) {
    readings.abandoned = static_cast<std::size_t>(
        std::count_if(now->status->allocations.begin(), now->status->allocations.end(),
                      [](const AllocationStatus& line) { return line.reason == Reason::kAbandoned; }));
  }
  readings.process = read_process();
  return metrics_.text(readings);
}

}  // namespace maand
