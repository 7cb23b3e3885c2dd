#include "reconciler/app/commit_statuses.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "reconciler/app/pass.h"
#include "reconciler/core/forge/description.h"
#include "reconciler/core/forge/letter.h"

namespace maand {
namespace {

bool goes_on(PassState state) { return state == PassState::kPending || state == PassState::kApplying; }

// Of a commit, its newest pass is what its note says. From the oldest to the newest commit.
std::vector<PassRecord> newest_of_each_commit(Store& store) {
  std::vector<PassRecord> out;
  std::set<CommitId> seen;
  for (PassRecord& record : store.passes(CommitStatuses::kLookedBack)) {
    if (seen.insert(record.commit).second) out.push_back(std::move(record));
  }
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace

CommitStatuses::CommitStatuses(Deps deps, CommitStatusSettings settings)
    : deps_(deps),
      settings_(std::move(settings)),
      key_("commit_status.told " + settings_.channel + " " + settings_.context) {
  if (const std::optional<std::string> kept = deps_.store.setting(key_)) {
    told_ = ToldStates::parse(*kept);
    return;
  }
  // Of a time when nobody was to be told: all but the newest.
  const std::vector<PassRecord> earlier = newest_of_each_commit(deps_.store);
  for (std::size_t i = 0; i + 1 < earlier.size(); ++i)
    told_.put(earlier[i].commit, pass_state_from(earlier[i].state));
  keep();
}

void CommitStatuses::moved(const Memory& memory, const AppliedState&) {
  if (memory.phase.now() != Phase::kRollOut || !memory.accepted || !memory.plan.has_actions()) return;
  const CommitId& commit = memory.accepted->info.id;
  if (!told_.news(commit, PassState::kPending)) return;
  tell(commit, PassState::kPending, "the rollout has begun");
  keep();
}

void CommitStatuses::pass_ended(const Memory& memory, const AppliedState&, const PassResult&, bool) {
  std::vector<PassRecord> ends;
  try {
    ends = newest_of_each_commit(deps_.store);
  } catch (const StoreError&) {
    return;  // told by the pass; the next one finds the same history
  }
  const CommitId head = memory.judged ? memory.judged->info.id : CommitId();
  bool news = false;
  for (const PassRecord& record : ends) {
    const PassState state = pass_state_from(record.state);
    if (goes_on(state) || !told_.news(record.commit, state)) continue;
    news = true;
    const bool known = memory.status && memory.status->commit == record.commit;
    tell(record.commit, state, describe_state(record, known ? &*memory.status : nullptr, head));
  }
  if (news) keep();
}

void CommitStatuses::tell(const CommitId& commit, PassState state, const std::string& description) {
  const ForgeStatus status{commit,          state, settings_.context, description, settings_.target_url,
                           settings_.branch};
  deps_.outbox.put(make_letter(settings_.channel, status, deps_.clock.wall()));
  told_.put(commit, state);
}

// After the letter: a daemon that dies in between says one thing twice rather than never.
void CommitStatuses::keep() {
  try {
    deps_.store.put_setting(key_, told_.str());
  } catch (const StoreError&) {
    // Memory knows, and the next word that is told is kept with this one.
  }
}

}  // namespace maand
