#include "tests/simulation/referee.h"

namespace maand::simulation {
namespace {

std::string told(const Operation& operation) {
  return std::string(to_string(operation.action)) + " " + operation.allocation.str() + " to " +
         operation.new_version;
}

bool takes_away(Action action) { return action == Action::kStop || action == Action::kRemove; }

}  // namespace

void Referee::committed(const CommitId& commit, const Wish& wish) {
  wishes_[commit] = wish;
  history_.push_back(wish);
}

// A readable commit took the job from there, and what came after it cannot be read.
bool Referee::once_unwanted(const AllocationKey& key, const Wish& now) const {
  for (const Wish& before : history_) {
    Wish mixed = now;
    const auto job = before.jobs.find(key.job.str());
    if (job == before.jobs.end()) continue;
    mixed.jobs[key.job.str()] = job->second;
    if (mixed.wants(key) == Wanted::kNo) return true;
  }
  return false;
}

void Referee::on_submit(const Operation& operation, const CommitId& accepted, bool paused) {
  const auto wish = wishes_.find(accepted);
  if (wish == wishes_.end()) return broken(told(operation) + " although no commit was accepted");
  const Wanted wanted = wish->second.wants(operation.allocation);
  const std::string at = " at " + accepted.str().substr(0, 8);
  const bool doubt = wanted == Wanted::kUnknown && once_unwanted(operation.allocation, wish->second);
  if (takes_away(operation.action) && wanted != Wanted::kNo && !doubt)
    broken(told(operation) +
           (wanted == Wanted::kYes ? " although it is wanted" : " although nobody could read that it left") +
           at);
  if (!takes_away(operation.action) && wanted == Wanted::kNo)
    broken(told(operation) + " although nobody wants it" + at);
  if (paused) broken(told(operation) + " although it is suspended");
}

void Referee::on_begin(const Operation& operation, const Place& place) {
  const Target target = target_of(operation.action);
  if (!begun_.insert(operation.id).second) broken(told(operation) + " runs twice for one operation");
  if (operation.seq <= place.newest) broken(told(operation) + " comes after a newer one");
  if (target == Target::kNone) return;
  ++targets_;
  const bool nothing_new = operation.files && place.loaded == operation.files->digest &&
                           place.loaded_version == operation.new_version;
  if (target != Target::kStop && place.running && place.last_good && nothing_new &&
      unhealthy_.count(operation.allocation) == 0)
    broken(told(operation) + " although that runs there already");
  unhealthy_.erase(operation.allocation);
  if (target == Target::kStop || target == Target::kStart || !place.running) return;
  const std::string& job = operation.allocation.job.str();
  upgrading_[job].insert(operation.allocation);
  if (static_cast<int>(upgrading_[job].size()) > kind_of(job).batch)
    broken(told(operation) + " makes a batch of " + std::to_string(upgrading_[job].size()));
}

void Referee::on_end(const Operation& operation, const Place&, const Outcome& outcome) {
  upgrading_[operation.allocation.job.str()].erase(operation.allocation);
  if (outcome.kind == OutcomeKind::kSucceeded && operation.action != Action::kStage)
    confirmed_[operation.allocation].insert(operation.new_version);
}

void Referee::on_applied(const CommitId& commit) {
  const Wish& wish = wishes_.at(commit);
  for (const auto& [job, content] : wish.jobs) {
    for (const int worker : wish.workers) {
      const AllocationKey key{JobName(job), host(worker)};
      if (wish.wants(key) == Wanted::kYes && confirmed_[key].count(wish.version(job)) == 0)
        broken("the note says applied and " + key.str() + " never came to " + wish.version(job));
    }
  }
}

void Referee::at_rest(const CommitId& commit, const std::map<AllocationKey, Place>& places) {
  const Wish& wish = wishes_.at(commit);
  for (const auto& [job, content] : wish.jobs) {
    for (const int worker : wish.workers) {
      const AllocationKey key{JobName(job), host(worker)};
      if (wish.wants(key) != Wanted::kYes) continue;
      const auto place = places.find(key);
      if (place == places.end() || !place->second.running) {
        broken(key.str() + " does not run in the end");
        continue;
      }
      const Place& there = place->second;
      const bool sync_only = kind_of(job).policy == std::string("never");
      if (there.version != wish.version(job)) broken(key.str() + " has " + there.version + " in the end");
      if (!sync_only && there.loaded != there.files->digest)
        broken(key.str() + " runs older files in the end");
    }
  }
  for (const auto& [key, place] : places) {
    if (wish.wants(key) == Wanted::kNo && place.running) broken(key.str() + " still runs in the end");
  }
}

}  // namespace maand::simulation
