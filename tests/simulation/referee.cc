#include "tests/simulation/referee.h"

namespace maand::simulation {
namespace {

std::string told(const Operation& operation) {
  return std::string(to_string(operation.action)) + " " + operation.allocation.str() + " to " +
         operation.new_version;
}

// What is confirmed: a version with the very files that it came with.
std::string content_of(const std::string& version, const Digest& conf) { return version + " " + conf.hex(); }

// Empty: the story has no such file, and looks for itself what lies there.
Digest conf_of(const FileSet& files) {
  for (const ShippedFile& file : files.files) {
    if (file.path == "conf") return file.content;
  }
  return {};
}

std::string content_of(const Operation& operation) {
  return content_of(operation.new_version, conf_of(*operation.files));
}

std::string content_of(const Wish& wish, const std::string& job) {
  return content_of(wish.version(job), sha256(wish.conf(job)));
}

// Of a job that does not even run: whatever was tried there.
constexpr const char* kAnything = "anything";

bool takes_away(Action action) { return action == Action::kStop || action == Action::kRemove; }

}  // namespace

void Referee::committed(const CommitId& commit, const Wish& wish) {
  wishes_[commit] = wish;
  history_.push_back(wish);
}

// What some commit said of the job, with the workers of now.
bool Referee::once(Wanted wanted, const AllocationKey& key, const Wish& now) const {
  for (const Wish& before : history_) {
    Wish mixed = now;
    const auto job = before.jobs.find(key.job.str());
    if (job == before.jobs.end()) continue;
    mixed.jobs[key.job.str()] = job->second;
    if (mixed.wants(key) == wanted) return true;
  }
  return false;
}

// R1.7: content that failed leaves the job at what came before it.
bool Referee::is_held(const JobName& job, const Wish& now) const {
  const auto failed = failed_.find(job.str());
  return failed != failed_.end() &&
         (failed->second.count(now.version(job.str())) > 0 || failed->second.count(kAnything) > 0);
}

// R5.2: what was confirmed comes back, and what only the failed rollout brought is stopped.
bool Referee::goes_back(const Operation& operation) const {
  if (restores(operation.action)) return true;
  if (operation.action != Action::kStop || !kind_of(operation.allocation.job.str()).goes_back) return false;
  const auto failed = failed_.find(operation.allocation.job.str());
  return failed != failed_.end() &&
         (failed->second.count(operation.current_version) > 0 || failed->second.count(kAnything) > 0);
}

void Referee::check_return(const Operation& operation, const Place& place) {
  const auto failed = failed_.find(operation.allocation.job.str());
  if (!kind_of(operation.allocation.job.str()).goes_back || failed == failed_.end())
    broken(told(operation) + " although nothing of it failed");
  if (confirmed_[operation.allocation].count(content_of(operation)) == 0)
    broken(told(operation) + ", which was never confirmed there");
  if (place.running && place.last_good && place.loaded_version == operation.new_version &&
      place.loaded == operation.files->digest && operation.action == Action::kRollback &&
      unhealthy_.count(operation.allocation) == 0)
    broken(told(operation) + " although that runs there already");
}

void Referee::replaced(const WorkerHost& worker) {
  for (auto& [job, keys] : upgrading_)
    std::erase_if(keys, [&](const AllocationKey& key) { return key.worker == worker; });
}

void Referee::hook_failed(const JobName& job, const std::string& version, bool gate) {
  failed_[job.str()].insert(version);
  for (int worker = 1; gate && worker <= kMostWorkers; ++worker) unhealthy_.insert({job, host(worker)});
}

void Referee::on_unhealthy(const AllocationKey& key, const Place& place) {
  unhealthy_.insert(key);
  failed_[key.job.str()].insert(place.running ? place.loaded_version : kAnything);
}

void Referee::on_submit(const Operation& operation, const CommitId& accepted, bool paused) {
  const auto wish = wishes_.find(accepted);
  if (wish == wishes_.end()) return broken(told(operation) + " although no commit was accepted");
  const Wanted wanted = wish->second.wants(operation.allocation);
  const std::string at = " at " + accepted.str().substr(0, 8);
  // R1.7: what fails, or cannot be read, leaves the job at content that may not want it there.
  const bool older = wanted == Wanted::kUnknown || is_held(operation.allocation.job, wish->second);
  const bool doubt = older && once(Wanted::kNo, operation.allocation, wish->second);
  if (takes_away(operation.action) && wanted != Wanted::kNo && !doubt && !goes_back(operation))
    broken(told(operation) +
           (wanted == Wanted::kYes ? " although it is wanted" : " although nobody could read that it left") +
           at);
  const bool stays = is_held(operation.allocation.job, wish->second) &&
                     once(Wanted::kYes, operation.allocation, wish->second);
  if (!takes_away(operation.action) && wanted == Wanted::kNo && !goes_back(operation) && !stays)
    broken(told(operation) + " although nobody wants it" + at);
  if (paused && !goes_back(operation)) broken(told(operation) + " although it is suspended");
}

void Referee::on_begin(const Operation& operation, const Place& place) {
  const Target target = target_of(operation.action);
  if (!begun_.insert(operation.id).second) broken(told(operation) + " runs twice for one operation");
  if (operation.seq <= place.newest) broken(told(operation) + " comes after a newer one");
  if (restores(operation.action)) check_return(operation, place);
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
  const std::string& job = operation.allocation.job.str();
  upgrading_[job].erase(operation.allocation);
  if (outcome.kind != OutcomeKind::kSucceeded) {
    failed_[job].insert(operation.new_version);
    return;
  }
  std::set<std::string>& confirmed = confirmed_[operation.allocation];
  // What was gone back from has to come anew before anybody says `applied`.
  if (restores(operation.action)) confirmed.clear();
  if (operation.action != Action::kStage) confirmed.insert(content_of(operation));
}

void Referee::on_applied(const CommitId& commit) {
  const Wish& wish = wishes_.at(commit);
  for (const auto& [job, content] : wish.jobs) {
    for (const int worker : wish.workers) {
      const AllocationKey key{JobName(job), host(worker)};
      if (wish.wants(key) == Wanted::kYes && confirmed_[key].count(content_of(wish, job)) == 0)
        broken("the note says applied and " + key.str() + " never came to " + wish.conf(job));
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
      const Digest conf = there.files ? conf_of(*there.files) : Digest();
      if (!conf.empty() && conf != sha256(wish.conf(job))) broken(key.str() + " has other files in the end");
      if (!sync_only && there.loaded != there.files->digest)
        broken(key.str() + " runs older files in the end");
    }
  }
  for (const auto& [key, place] : places) {
    // Of a worker that left while the store was lost nobody knows.
    if (store_lost_ && wish.workers.count(number_of(key.worker)) == 0) continue;
    if (wish.wants(key) == Wanted::kNo && place.running) broken(key.str() + " still runs in the end");
  }
}

}  // namespace maand::simulation
