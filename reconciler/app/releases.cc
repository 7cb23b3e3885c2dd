#include "reconciler/app/releases.h"

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

namespace maand {
namespace {

constexpr const char* kCommitKey = "released_commit";
constexpr const char* kUnsignedKey = "released_unsigned";
constexpr const char* kRemovalsKey = "released_removals";

// One `job@worker` a line; neither part can hold a newline or an `@`.
std::set<AllocationKey> parse(const std::string& text) {
  std::set<AllocationKey> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto at = line.find('@');
    if (at != std::string::npos) out.insert({JobName(line.substr(0, at)), WorkerHost(line.substr(at + 1))});
  }
  return out;
}

std::string text_of(const std::set<AllocationKey>& stops) {
  std::string text;
  for (const AllocationKey& key : stops) text += key.str() + "\n";
  return text;
}

}  // namespace

CommitId released_commit(Store& store) { return CommitId(store.setting(kCommitKey).value_or("")); }

void release_commit(Store& store, const CommitId& commit) { store.put_setting(kCommitKey, commit.str()); }

void release_removals(Store& store, const std::vector<AllocationKey>& stops) {
  std::set<AllocationKey> all = parse(store.setting(kRemovalsKey).value_or(""));
  all.insert(stops.begin(), stops.end());
  store.put_setting(kRemovalsKey, text_of(all));
}

void forget_used_releases(Store& store, const AppliedState& applied) {
  const std::set<AllocationKey> before = parse(store.setting(kRemovalsKey).value_or(""));
  std::set<AllocationKey> left;
  for (const AllocationKey& key : before) {
    const AppliedAllocation* allocation = applied.find(key);
    if (allocation && allocation->running) left.insert(key);
  }
  if (left != before) store.put_setting(kRemovalsKey, text_of(left));
}

std::optional<UnsignedRelease> unsigned_release(Store& store) {
  const std::optional<std::string> text = store.setting(kUnsignedKey);
  if (!text) return std::nullopt;
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  const auto member = [&](const char* name) {
    const auto it = json.is_object() ? json.find(name) : json.end();
    if (!json.is_object() || it == json.end() || !it->is_string())
      throw StoreError("the release of unsigned commits is damaged; restore a backup of data/state.db");
    return it->get<std::string>();
  };
  return UnsignedRelease{CommitId(member("commit")), member("actor"), member("reason")};
}

void release_unsigned(Store& store, const UnsignedRelease& release) {
  const nlohmann::json json = {
      {"commit", release.commit.str()}, {"actor", release.actor}, {"reason", release.reason}};
  store.put_setting(kUnsignedKey, json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void apply_releases(Store& store, const CommitId& head, PlanSettings& settings) {
  settings.all_removals_released = !head.empty() && released_commit(store) == head;
  settings.released_removals = parse(store.setting(kRemovalsKey).value_or(""));
}

}  // namespace maand
