#include "reconciler/core/views.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "reconciler/core/json_escape.h"

namespace maand {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) {
  return escape_controls(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Json object_of(const PlannedAction& action) {
  return {{"job", action.key.job.str()},        {"worker", action.key.worker.str()},
          {"action", to_string(action.action)}, {"reason", to_string(action.reason)},
          {"sentence", sentence(action)},       {"current_version", action.current_version},
          {"new_version", action.new_version}};
}

Json object_of(const FileChange& change) {
  Json out = {{"path", change.path}, {"change", to_string(change.kind)}};
  if (change.old_bytes) out["old_bytes"] = *change.old_bytes;
  if (change.new_bytes) out["new_bytes"] = *change.new_bytes;
  if (!change.new_mode.empty()) {
    out["old_mode"] = change.old_mode;
    out["new_mode"] = change.new_mode;
  }
  if (!change.note.empty()) out["note"] = change.note;
  if (!change.diff.empty()) out["diff"] = change.diff;
  if (change.cut) out["cut"] = true;
  return out;
}

Json object_of(const Plan& plan, const std::function<std::vector<FileChange>(const PlannedAction&)>& files) {
  Json out = {{"commit", plan.commit.str()}, {"unchanged", plan.unchanged}, {"jobs", Json::array()}};
  for (const auto& [name, job] : plan.jobs) {
    Json entry = {{"job", name.str()}, {"leaving", job.leaving}, {"wave", job.wave}, {"held", job.held}};
    if (job.held) {
      entry["reason"] = to_string(job.held_reason);
      entry["detail"] = job.held_detail;
    }
    entry["actions"] = Json::array();
    for (const auto* list : {&job.drains, &job.removals, &job.handovers, &job.starts, &job.upgrades}) {
      for (const PlannedAction& action : *list) {
        Json one = object_of(action);
        if (files) {
          one["files"] = Json::array();
          for (const FileChange& change : files(action)) one["files"].push_back(object_of(change));
        }
        entry["actions"].push_back(std::move(one));
      }
    }
    out["jobs"].push_back(std::move(entry));
  }
  out["waiting"] = Json::array();
  for (const PlannedAction& action : plan.waiting) out["waiting"].push_back(object_of(action));
  return out;
}

}  // namespace

AllocationView view_of(const AppliedAllocation& allocation) {
  AllocationView view;
  view.key = allocation.key;
  if (allocation.open) {
    view.state = "unsettled";
  } else if (allocation.last == LastResult::kFailed || allocation.last == LastResult::kInterrupted) {
    view.state = "failed";
  } else {
    view.state = allocation.running ? "running" : "stopped";
  }
  view.version = allocation.version;
  view.commit = allocation.commit;
  view.health = allocation.health;
  view.last_target = to_string(allocation.last_target);
  view.last_result = to_string(allocation.last);
  view.last_operation = allocation.last_operation;
  if (drift_kind(allocation.drift) != DriftKind::kNone) view.drift = allocation.drift;
  view.stopped_by = allocation.stopped_by;
  return view;
}

std::string json_of(const AllocationView& allocation) {
  Json out = {{"job", allocation.key.job.str()},
              {"worker", allocation.key.worker.str()},
              {"state", allocation.state},
              {"version", allocation.version},
              {"health", to_string(allocation.health)},
              {"commit", allocation.commit.str()},
              {"last_target", allocation.last_target},
              {"last_result", allocation.last_result},
              {"last_operation", allocation.last_operation.str()}};
  if (allocation.drift) {
    const Drift& drift = *allocation.drift;
    out["drift"] = {{"kind", to_string(drift.kind)},
                    {"detail", drift_words(drift)},
                    {"paths", drift.paths},
                    {"since", rfc3339(drift.since)},
                    {"heal", drift.heal}};
  }
  if (allocation.stopped_by) {
    const StoppedBy& by = *allocation.stopped_by;
    out["stopped_by"] = {{"actor", by.actor}, {"reason", by.reason}};
    if (by.since != WallTime{}) out["stopped_by"]["since"] = rfc3339(by.since);
    if (by.until != WallTime{}) out["stopped_by"]["until"] = rfc3339(by.until);
  }
  return text_of(out);
}

std::string json_of(const FileChange& change) { return text_of(object_of(change)); }

std::string json_of(const PlannedAction& action) { return text_of(object_of(action)); }

std::string json_of(const JobReport& job) {
  Json out = {{"job", job.job.str()},          {"commit", job.commit.str()},
              {"state", to_string(job.state)}, {"reason", to_string(job.reason)},
              {"detail", job.detail},          {"batch", job.batch},
              {"batches", job.batches}};
  using State = AllocationReport::State;
  std::size_t done = 0;
  Json running = Json::array(), failed = Json::array(), set_aside = Json::array();
  for (const AllocationReport& allocation : job.allocations) {
    const std::string& worker = allocation.action.key.worker.str();
    if (allocation.state == State::kDone) ++done;
    if (allocation.state == State::kRunning) running.push_back(worker);
    if (allocation.state == State::kFailed) failed.push_back(worker);
    if (allocation.state == State::kSetAside) set_aside.push_back(worker);
  }
  out["done"] = done;
  out["total"] = job.allocations.size();
  // Workers: those of the batch that goes on, and those that did not get there.
  out["running"] = std::move(running);
  out["failed"] = std::move(failed);
  out["set_aside"] = std::move(set_aside);
  return text_of(out);
}

std::string json_of(const Plan& plan) { return text_of(object_of(plan, nullptr)); }

std::string json_of(const Plan& plan,
                    const std::function<std::vector<FileChange>(const PlannedAction&)>& files,
                    const std::vector<std::pair<std::string, std::string>>& more) {
  Json out = object_of(plan, files);
  for (const auto& [name, json] : more) out[name] = Json::parse(json, nullptr, false);
  return text_of(out);
}

std::string json_of(const PassRecord& pass) {
  return text_of({{"id", pass.id},
                  {"commit", pass.commit.str()},
                  {"state", pass.state},
                  {"cause", pass.cause},
                  {"started_at", rfc3339(pass.started_at)},
                  {"finished_at", rfc3339(pass.finished_at)},
                  {"summary", pass.summary}});
}

}  // namespace maand
