#include "reconciler/app/unfinished.h"

#include <algorithm>
#include <sstream>

namespace maand {
namespace {

constexpr const char* kKey = "rolling_out";  // ids of commits, a blank between two

Action action_of(Target target) {
  switch (target) {
    case Target::kStart:
      return Action::kStart;
    case Target::kStop:
      return Action::kStop;
    case Target::kRestart:
      return Action::kRestart;
    case Target::kReload:
      return Action::kReload;
    case Target::kNone:
      return Action::kSync;
  }
  return Action::kSync;
}

const char* outcome_of(LastResult last) {
  switch (last) {
    case LastResult::kFailed:
      return "failed";
    case LastResult::kInterrupted:
      return "interrupted";
    case LastResult::kNone:
    case LastResult::kConfirmed:
      return "succeeded";
  }
  return "succeeded";
}

}  // namespace

std::vector<CommitId> unfinished_rollouts(Store& store) {
  std::istringstream words(store.setting(kKey).value_or(""));
  std::vector<CommitId> out;
  for (std::string word; words >> word;) out.emplace_back(word);
  return out;
}

void begin_rollout(Store& store, const CommitId& commit) {
  std::vector<CommitId> known = unfinished_rollouts(store);
  if (!known.empty() && known.back() == commit) return;
  std::erase(known, commit);
  std::string text;
  for (const CommitId& one : known) text += one.str() + " ";
  store.put_setting(kKey, text + commit.str());
}

void end_rollouts(Store& store) {
  if (!unfinished_rollouts(store).empty()) store.put_setting(kKey, "");
}

std::vector<AllocationStatus> settled_lines(const AppliedState& state, const CommitId& commit) {
  std::vector<AllocationStatus> out;
  for (const auto& [key, allocation] : state.allocations) {
    if (allocation.attempted_head != commit || allocation.open || allocation.last_operation.empty()) continue;
    AllocationStatus line;
    line.key = key;
    line.action = action_of(allocation.last_target);
    line.reason = Reason::kSettled;
    line.current_version = "?";
    line.new_version = allocation.version;
    line.outcome = outcome_of(allocation.last);
    line.health = allocation.health;
    line.operation = allocation.last_operation;
    line.detail = "told from the applied state: the daemon ended before it could";
    out.push_back(std::move(line));
  }
  return out;
}

}  // namespace maand
