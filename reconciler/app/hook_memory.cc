#include "reconciler/app/hook_memory.h"

#include <sstream>

namespace maand {
namespace {

constexpr const char* kPostBuilt = "post_built";
constexpr const char* kOwed = "hooks_owed";  // `job tree` a line

void keep(Store& store, const std::map<JobName, TreeId>& owed) {
  std::string text;
  for (const auto& [job, tree] : owed) text += job.str() + " " + tree.str() + "\n";
  store.put_setting(kOwed, text);
}

}  // namespace

CommitId post_built(Store& store) { return CommitId(store.setting(kPostBuilt).value_or("")); }

void keep_post_built(Store& store, const CommitId& commit) { store.put_setting(kPostBuilt, commit.str()); }

std::map<JobName, TreeId> owed_hooks(Store& store) {
  std::map<JobName, TreeId> out;
  std::istringstream words(store.setting(kOwed).value_or(""));
  for (std::string job, tree; words >> job >> tree;) out[JobName(job)] = TreeId(tree);
  return out;
}

void owe_hooks(Store& store, const std::map<JobName, TreeId>& more) {
  std::map<JobName, TreeId> owed = owed_hooks(store);
  const std::map<JobName, TreeId> before = owed;
  for (const auto& [job, tree] : more) owed[job] = tree;
  if (owed != before) keep(store, owed);
}

void settle_hooks(Store& store, const JobName& job, const TreeId& tree) {
  std::map<JobName, TreeId> owed = owed_hooks(store);
  const auto known = owed.find(job);
  if (known == owed.end() || known->second != tree) return;
  owed.erase(known);
  keep(store, owed);
}

}  // namespace maand
