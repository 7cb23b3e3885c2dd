#include "reconciler/app/releases.h"

#include <set>
#include <sstream>

namespace maand {
namespace {

constexpr const char* kCommitKey = "released_commit";
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

}  // namespace

bool is_released(Store& store, const CommitId& commit) { return store.setting(kCommitKey) == commit.str(); }

void release_commit(Store& store, const CommitId& commit) { store.put_setting(kCommitKey, commit.str()); }

void release_removals(Store& store, const std::vector<AllocationKey>& stops) {
  std::set<AllocationKey> all = parse(store.setting(kRemovalsKey).value_or(""));
  all.insert(stops.begin(), stops.end());
  std::string text;
  for (const AllocationKey& key : all) text += key.str() + "\n";
  store.put_setting(kRemovalsKey, text);
}

void apply_releases(Store& store, const CommitId& head, PlanSettings& settings) {
  settings.all_removals_released = is_released(store, head);
  settings.released_removals = parse(store.setting(kRemovalsKey).value_or(""));
}

}  // namespace maand
