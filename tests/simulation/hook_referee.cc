#include "tests/simulation/hook_referee.h"

#include <algorithm>

namespace maand::simulation {
namespace {

std::string told(const HookCall& call) {
  return std::string(to_string(call.event)) + " of " + call.allocation.str() + " at " + call.new_version;
}

std::string conf_of(const HookCall& call) {
  const auto conf = std::find_if(call.files->begin(), call.files->end(),
                                 [](const HookFile& file) { return file.path == "conf"; });
  return conf == call.files->end() ? "" : *conf->bytes;
}

// Empty: the files are not those of a commit.
std::string conf_of(const FileSet& files, const std::map<CommitId, Wish>& wishes, const std::string& job) {
  const auto conf = std::find_if(files.files.begin(), files.files.end(),
                                 [](const ShippedFile& file) { return file.path == "conf"; });
  if (conf == files.files.end()) return "";
  for (const auto& [commit, wish] : wishes) {
    if (sha256(wish.conf(job)) == conf->content) return wish.conf(job);
  }
  return "";
}

std::string entry(HookEvent event, const std::string& job, const std::string& conf) {
  return std::string(to_string(event)) + " " + job + " " + conf;
}

bool has_no_place(const Wish& wish, const std::string& job) {
  return std::none_of(wish.workers.begin(), wish.workers.end(), [&](int worker) {
    return wish.wants({JobName(job), host(worker)}) == Wanted::kYes;
  });
}

}  // namespace

bool HookReferee::succeeded(HookEvent event, const std::string& job, const std::string& conf) const {
  return done_.count(entry(event, job, conf)) > 0;
}

void HookReferee::on_begin(const HookCall& call, const std::map<AllocationKey, Place>& places) {
  ++runs_;
  if (!has_hook(call.allocation.job.str(), call.event))
    broken_.push_back(told(call) + " is none of its hooks");
  const auto place = places.find(call.allocation);
  const bool up = place != places.end() && place->second.running;
  const bool replaced = place == places.end() || !place->second.files;  // meanwhile, by an empty machine
  if (call.event == HookEvent::kStarted && !replaced &&
      (!up || place->second.loaded_version != call.new_version))
    broken_.push_back(told(call) + " although that does not run there");
  if (call.event == HookEvent::kStopped && up && place->second.busy.empty())
    broken_.push_back(told(call) + " although it runs");
  if (call.event == HookEvent::kPostDeploy && !replaced && place->second.version != call.new_version)
    broken_.push_back(told(call) + " although " + place->second.version + " lies there");
}

void HookReferee::on_end(const HookCall& call, bool done) {
  const std::string one = entry(call.event, call.allocation.job.str(), conf_of(call));
  if (!done) return;
  done_.insert(one);
  if (call.event == HookEvent::kStarted) up_.insert(call.allocation.str() + " " + call.new_version);
}

void HookReferee::on_submit(const Operation& operation, const CommitId& accepted, bool held) {
  if (held) {
    without_.insert(operation.allocation);
  } else {
    without_.erase(operation.allocation);
  }
  if (!ships_files(operation.action) || restores(operation.action) || !operation.files) return;
  const std::string& job = operation.allocation.job.str();
  const std::string conf = conf_of(*operation.files, wishes_, job);
  if (conf.empty()) return;
  const auto wish = wishes_.find(accepted);
  // Of a job that is held at older content no hook runs (R1.7).
  if (wish == wishes_.end() || wish->second.wants(operation.allocation) != Wanted::kYes ||
      wish->second.conf(job) != conf)
    return;
  came_.insert(conf);
  for (const HookEvent event : {HookEvent::kPostBuild, HookEvent::kPreDeploy}) {
    if (has_hook(job, event) && !succeeded(event, job, conf) &&
        !(event == HookEvent::kPostBuild && had_no_place(job, conf)))
      broken_.push_back(operation.allocation.str() + " gets " + conf.substr(0, conf.size() - 1) +
                        " although its " + to_string(event) + " never succeeded");
  }
}

// Some commit had this content and no place for it, so there was nobody to run its post_build for.
bool HookReferee::had_no_place(const std::string& job, const std::string& conf) const {
  return std::any_of(wishes_.begin(), wishes_.end(), [&](const auto& one) {
    const Wish& wish = one.second;
    return wish.jobs.count(job) > 0 && wish.conf(job) == conf && has_no_place(wish, job);
  });
}

void HookReferee::at_rest(const CommitId& commit, const std::map<AllocationKey, Place>& places,
                          bool store_lost) {
  const Wish& wish = wishes_.at(commit);
  for (const auto& [key, place] : places) {
    const std::string& job = key.job.str();
    if (store_lost || !place.running || !has_hook(job, HookEvent::kStarted)) continue;
    if (without_.count(key) > 0) continue;
    // What only goes on under another name is not started.
    if (wish.wants(key) != Wanted::kYes || !wish.jobs.at(job).renamed_from.empty()) continue;
    if (place.loaded_version != wish.version(job) || came_.count(wish.conf(job)) == 0) continue;
    if (up_.count(key.str() + " " + place.loaded_version) == 0)
      broken_.push_back(key.str() + " runs " + place.loaded_version +
                        ", and no after_allocation_started was told of it");
  }
  for (const auto& [job, content] : wish.jobs) {
    const std::string conf = wish.conf(job);
    if (!has_hook(job, HookEvent::kPostDeploy) || store_lost || came_.count(conf) == 0) continue;
    if (has_no_place(wish, job)) continue;
    if (!succeeded(HookEvent::kPostDeploy, job, conf))
      broken_.push_back(job + " has no post_deploy of what it came to");
  }
}

}  // namespace maand::simulation
