#include "reconciler/app/owed_rounds.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace maand {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kKey = "rounds_owed";

// DEPLOY_PHASE, as it outlives whoever read it.
const char* phase_from(const std::string& word) {
  for (const char* phase : {"new", "update", "stop"}) {
    if (word == phase) return phase;
  }
  return "";
}

Json json_of(const OwedRound& owed) {
  const HookRound& round = owed.round;
  Json members = Json::array(), order = Json::array();
  for (const AllocationKey& key : round.members) {
    const auto before = owed.before.find(key);
    members.push_back({key.worker.str(), before == owed.before.end() ? "" : before->second.str()});
  }
  for (const AllocationKey& key : round.order) order.push_back(key.worker.str());
  return {
      {"job", round.job.str()},    {"event", to_string(round.event)},      {"members", std::move(members)},
      {"phase", round.phase},      {"index", round.batch_index},           {"count", round.batch_count},
      {"order", std::move(order)}, {"order_from_kv", round.order_from_kv}, {"tree", owed.tree.str()}};
}

OwedRound round_from(const Json& json) {
  OwedRound owed;
  HookRound& round = owed.round;
  round.job = JobName(json.at("job").get<std::string>());
  round.event = hook_event_from(json.at("event").get<std::string>()).value_or(HookEvent::kStarted);
  for (const Json& member : json.at("members")) {
    AllocationKey key{round.job, WorkerHost(member.at(0).get<std::string>())};
    owed.before[key] = OperationId(member.at(1).get<std::string>());
    round.members.push_back(std::move(key));
  }
  round.phase = phase_from(json.at("phase").get<std::string>());
  round.batch_index = json.at("index").get<int>();
  round.batch_count = json.at("count").get<int>();
  for (const Json& worker : json.at("order"))
    round.order.push_back({round.job, WorkerHost(worker.get<std::string>())});
  round.order_from_kv = json.at("order_from_kv").get<bool>();
  owed.tree = TreeId(json.at("tree").get<std::string>());
  return owed;
}

enum class End { kOpen, kConfirmed, kOther };

End end_of(const OwedRound& owed, const AllocationKey& key, const AppliedState& applied) {
  const bool stop = owed.round.event == HookEvent::kStopped;
  const AppliedAllocation* known = applied.find(key);
  if (!known) return stop ? End::kConfirmed : End::kOther;  // removed once it was stopped
  if (known->open) return End::kOpen;
  const auto before = owed.before.find(key);
  const bool same = before != owed.before.end() && before->second == known->last_operation;
  if (same || known->last != LastResult::kConfirmed) return End::kOther;
  if (stop) return known->last_target == Target::kStop ? End::kConfirmed : End::kOther;
  return known->running && known->tree == owed.tree ? End::kConfirmed : End::kOther;
}

}  // namespace

std::vector<HookRound> owed_now(std::vector<OwedRound>& rounds, const AppliedState& applied) {
  std::vector<HookRound> due;
  for (OwedRound& owed : rounds) {
    HookRound now = owed.round;
    now.members.clear();
    std::erase_if(owed.round.members, [&](const AllocationKey& key) {
      const End end = end_of(owed, key, applied);
      if (end == End::kConfirmed) now.members.push_back(key);
      return end == End::kOther;
    });
    if (!now.members.empty()) due.push_back(std::move(now));
  }
  std::erase_if(rounds, [](const OwedRound& owed) { return owed.round.members.empty(); });
  return due;
}

std::vector<OwedRound>& OwedRounds::rounds(Store& store) {
  if (read_) return rounds_;
  const Json json = Json::parse(store.setting(kKey).value_or("[]"), nullptr, false);
  read_ = true;
  try {
    if (json.is_array()) {
      for (const Json& one : json) rounds_.push_back(round_from(one));
    }
  } catch (const Json::exception&) {
    rounds_.clear();  // of a maand that writes them otherwise
  }
  return rounds_;
}

void OwedRounds::keep(Store& store, std::vector<OwedRound> rounds) {
  Json json = Json::array();
  for (const OwedRound& owed : rounds) json.push_back(json_of(owed));
  store.put_setting(kKey, json.dump(-1, ' ', false, Json::error_handler_t::replace));
  rounds_ = std::move(rounds);
}

void OwedRounds::put_down(Store& store, const HookRound& round, const TreeId& tree,
                          const AppliedState& applied) {
  OwedRound owed{round, tree, {}};
  for (const AllocationKey& key : round.members) {
    const AppliedAllocation* known = applied.find(key);
    owed.before[key] = known ? known->last_operation : OperationId();
  }
  std::vector<OwedRound> more = rounds(store);
  more.push_back(std::move(owed));
  keep(store, std::move(more));
  for (const AllocationKey& key : round.members) batches_[key] = round.event;
}

bool OwedRounds::has(const AllocationKey& key, HookEvent event) const {
  const auto known = batches_.find(key);
  return known != batches_.end() && known->second == event;
}

void OwedRounds::forget_batch(const JobName& job) {
  std::erase_if(batches_, [&](const auto& one) { return one.first.job == job; });
}

void OwedRounds::settle(Store& store, const HookRound& round) {
  std::vector<OwedRound> left = rounds(store);
  for (OwedRound& owed : left) {
    if (owed.round.job != round.job || owed.round.event != round.event) continue;
    std::erase_if(owed.round.members, [&](const AllocationKey& key) {
      return std::find(round.members.begin(), round.members.end(), key) != round.members.end();
    });
  }
  std::erase_if(left, [](const OwedRound& owed) { return owed.round.members.empty(); });
  keep(store, std::move(left));
  // What runs there again, after a gate that failed, is a batch of its own.
  for (const AllocationKey& key : round.members) {
    if (has(key, round.event)) batches_.erase(key);
  }
}

std::vector<HookRound> OwedRounds::due(Store& store, const AppliedState& applied) {
  if (rounds(store).empty()) return {};
  std::vector<OwedRound> left = rounds_;
  std::vector<HookRound> out = owed_now(left, applied);
  const auto members = [](const std::vector<OwedRound>& all) {
    std::size_t count = 0;
    for (const OwedRound& one : all) count += one.round.members.size();
    return count;
  };
  if (members(left) != members(rounds_)) keep(store, std::move(left));
  return out;
}

}  // namespace maand
