#include "tests/simulation/wish.h"

#include <algorithm>

namespace maand::simulation {

const std::vector<JobKind> kJobs = {
    {"api", 1, "always", "{}", false, {HookEvent::kPreDeploy, HookEvent::kPostDeploy}},
    {"db", 1, "always", "{}", false, {HookEvent::kPostBuild, HookEvent::kStarted, HookEvent::kStopped}},
    {"edge", 2, "reload", "{}", false, {HookEvent::kPreDeploy, HookEvent::kHealthCheck}},
    {"log", 3, "never", "{}", false, {HookEvent::kPostDeploy}},
    {"shop",
     1,
     "always",
     R"({"on_failure": "rollback", "canary": 1, "bake_seconds": 7})",
     true,
     {HookEvent::kPreDeploy, HookEvent::kStarted}},
    {"web",
     2,
     "always",
     R"({"on_failure": "rollback", "max_failures": 1})",
     true,
     {HookEvent::kHealthCheck, HookEvent::kPostDeploy}},
};

const JobKind& kind_of(const std::string& job) {
  const std::string name = job.substr(0, job.find('-'));
  return *std::find_if(kJobs.begin(), kJobs.end(), [&](const JobKind& kind) { return name == kind.name; });
}

bool has_hook(const std::string& job, HookEvent event) {
  const std::vector<HookEvent>& hooks = kind_of(job).hooks;
  return std::find(hooks.begin(), hooks.end(), event) != hooks.end();
}

WorkerHost host(int worker) { return WorkerHost("w" + std::to_string(worker)); }
int number_of(const WorkerHost& host) { return std::stoi(host.str().substr(1)); }

std::string Wish::name_of(const JobKind& kind) const {
  for (const auto& [name, job] : jobs) {
    if (kind_of(name).name == kind.name) return name;
  }
  return kind.name;
}

Wanted Wish::wants(const AllocationKey& key) const {
  if (!readable) return Wanted::kUnknown;
  const auto job = jobs.find(key.job.str());
  if (job == jobs.end()) return Wanted::kNo;
  const int worker = number_of(key.worker);
  if (workers.count(worker) == 0) return Wanted::kNo;
  if (disabled.count(key) > 0) return Wanted::kNo;
  if (job->second.broken || job->second.empty) return Wanted::kUnknown;
  return job->second.everywhere || worker % 2 == 0 ? Wanted::kYes : Wanted::kNo;
}

std::string Wish::version(const std::string& job) const {
  const auto it = jobs.find(job);
  return it == jobs.end() ? "" : std::to_string(it->second.version) + ".0.0";
}

std::string Wish::conf(const std::string& job) const {
  const auto it = jobs.find(job);
  return job + " " + version(job) + " " + (it == jobs.end() ? "" : std::to_string(it->second.revision)) +
         "\n";
}

testing::FakeFileView Wish::files() const {
  testing::FakeFileView view;
  std::string list;
  for (const int worker : workers) {
    list += (list.empty() ? "" : ", ") + ("{\"host\": \"" + host(worker).str() + "\"");
    list += worker % 2 == 0 ? ", \"labels\": [\"even\"]}" : "}";
  }
  view.file("workspace/workers.json", readable ? "[" + list + "]" : "[" + list);
  std::string off;
  std::map<std::string, std::string> by_job;
  for (const AllocationKey& key : disabled) {
    std::string& names = by_job[key.job.str()];
    names += (names.empty() ? "" : ", ") + ("\"" + key.worker.str() + "\"");
  }
  for (const auto& [job, names] : by_job)
    off += (off.empty() ? "" : ", ") + ("\"" + job + "\": {\"allocations\": [" + names + "]}");
  if (!off.empty()) view.file("workspace/disabled.json", "{\"jobs\": {" + off + "}}");
  for (const auto& [name, job] : jobs) {
    const JobKind& kind = kind_of(name);
    const std::string base = "workspace/jobs/" + name + "/";
    const std::string renamed =
        job.renamed_from.empty() ? "" : ", \"renamed_from\": \"" + job.renamed_from + "\"";
    std::string manifest = "{\"version\": \"" + version(name) + "\", \"selectors\": [\"" +
                           (job.everywhere ? "worker" : "even") + "\"]" + renamed +
                           ", \"max_concurrent_upgrades\": " + std::to_string(kind.batch) +
                           ", \"restart_policy\": \"" + kind.policy + "\", \"rollout\": " + kind.rollout +
                           ", \"health_check\": {\"checks\": [{\"type\": \"ssh\", \"command\": \"" + name +
                           "\"}], \"wait\": {\"attempts\": 3, \"interval_seconds\": 1}}}";
    if (hooks) {
      std::string events;
      for (const HookEvent event : kind.hooks)
        events += (events.empty() ? "\"" : ", \"") + std::string(to_string(event)) + "\"";
      manifest.back() = ',';
      manifest += "\"commands\": {\"command_all\": {\"executed_on\": [" + events + "]}}}";
      view.file(base + "_modules/command_all.py", "");
    }
    if (job.broken) manifest.resize(manifest.size() / 2);
    if (!job.empty) view.file(base + "manifest.json", manifest);
    view.file(base + "Makefile", "start stop restart reload:\n\t@true\n");
    view.file(base + "conf", conf(name));
  }
  return view;
}

void Wish::change(std::mt19937_64& random, int most_workers) {
  const auto pick = [&](int from, int to) { return std::uniform_int_distribution<int>(from, to)(random); };
  const JobKind& kind = kJobs[static_cast<std::size_t>(pick(0, static_cast<int>(kJobs.size()) - 1))];
  const std::string name = name_of(kind);
  const bool there = jobs.count(name) > 0;
  const int what = pick(1, 100);
  if (what <= 33) {
    ++jobs[name].version;
  } else if (what <= 43 && there) {
    ++jobs[name].revision;
  } else if (what <= 45 && there) {
    jobs[name].revision = std::max(1, jobs[name].revision - 1);
  } else if (what <= 50 && there) {
    jobs[name].version = std::max(1, jobs[name].version - 1);  // a revert
  } else if (what <= 58) {
    jobs.erase(name);
  } else if (what <= 64 && there) {
    jobs[name].broken = !jobs[name].broken;
  } else if (what <= 67 && there) {
    jobs[name].empty = !jobs[name].empty;
  } else if (what <= 72) {
    readable = !readable;
  } else if (what <= 80) {
    const int worker = pick(1, most_workers);
    if (workers.count(worker) > 0 && workers.size() > 1) {
      workers.erase(worker);
    } else {
      workers.insert(worker);
    }
  } else if (what <= 90) {
    const AllocationKey key{JobName(name), host(pick(1, most_workers))};
    if (disabled.erase(key) == 0) disabled.insert(key);
  } else if (what <= 95 && there) {
    JobWish moved = jobs[name];
    moved.renamed_from = name;
    jobs.erase(name);
    jobs[std::string(kind.name) + "-" + std::to_string(++renames)] = moved;
  } else if (there) {
    jobs[name].everywhere = !jobs[name].everywhere;
  }
}

void Wish::mend() {
  readable = true;
  for (auto& [name, job] : jobs) {
    job.broken = job.empty = false;
    job.everywhere = true;  // or nobody has a place for it, which waits for a person
  }
}

}  // namespace maand::simulation
