#include "tests/fault/deployed_wish.h"

#include "tests/fault/ledger.h"

namespace maand::testing {

using simulation::Wanted;

const std::vector<std::string> kDeployedJobs = {"api", "db", "edge", "log"};

std::string JobContent::told() const { return conf_text() + "-" + page_text(); }

DeployedWish::DeployedWish(int workers) {
  for (int worker = 1; worker <= workers; ++worker) asks_.workers.insert(worker);
  for (const char* job : {"db", "api"}) {
    asks_.jobs[job];
    contents_[job];
  }
}

void DeployedWish::settled() {
  added_ = removed_ = false;
  moved_.clear();
  spoilt_.clear();
}

std::string DeployedWish::spoil_or_mend(const std::string& job, std::mt19937_64& random) {
  JobContent& content = contents_[job];
  ++asks_.jobs[job].version;
  ++content.conf;
  content.bad = !content.bad && (job == "api" || job == "edge") && moved_.count(job) == 0;
  // A moment later somebody mends it, mostly; else the hold has to last.
  if (content.bad) spoilt_.insert(job);
  if (content.bad && random() % 2 == 0) ++content.page;
  return (content.bad ? "spoils " : "mends ") + job;
}

std::string DeployedWish::change(std::mt19937_64& random) {
  const auto pick = [&](int from, int to) { return std::uniform_int_distribution<int>(from, to)(random); };
  const std::string& job = kDeployedJobs[random() % kDeployedJobs.size()];
  const int what = pick(1, 100);
  if (asks_.jobs.count(job) == 0) {
    if (removed_) return "leaves " + job + " away";
    added_ = true;
    ++asks_.jobs[job].version;
    contents_.try_emplace(job);
    ++contents_[job].conf;
    if (what <= 20) return "adds and " + spoil_or_mend(job, random);
    return "adds " + job;
  }
  if (contents_[job].bad && what <= 50) return spoil_or_mend(job, random);
  if (what <= 30) {
    ++asks_.jobs[job].version;
    return "next version of " + job;
  }
  if (what <= 45) {
    ++contents_[job].page;
    return "next page of " + job;
  }
  if (what <= 55) {
    ++contents_[job].conf;
    return "next conf of " + job;
  }
  if (what <= 70) return spoil_or_mend(job, random);
  if (what <= 82 && job != "db" && !added_) {
    removed_ = true;
    asks_.jobs.erase(job);
    contents_[job].bad = false;
    std::erase_if(asks_.disabled, [&](const AllocationKey& key) { return key.job.str() == job; });
    return "removes " + job;
  }
  // The last worker keeps db, which others demand.
  const int last = static_cast<int>(asks_.workers.size()) - (job == "db" ? 1 : 0);
  if (contents_[job].bad || spoilt_.count(job) > 0) return "nothing";
  const AllocationKey key{JobName(job), simulation::host(pick(1, last))};
  moved_.insert(job);
  if (asks_.disabled.erase(key) > 0) return "enables " + key.str();
  asks_.disabled.insert(key);
  return "disables " + key.str();
}

bool DeployedWish::holds() const {
  for (const auto& [job, content] : contents_) {
    if (!content.bad) continue;
    for (const int worker : asks_.workers) {
      if (asks_.wants({JobName(job), simulation::host(worker)}) == Wanted::kYes) return true;
    }
  }
  return false;
}

bool DeployedWish::sound(const std::string& job) const {
  const auto content = contents_.find(job);
  return asks_.jobs.count(job) > 0 && content != contents_.end() && !content->second.bad;
}

std::map<std::string, std::string> DeployedWish::shipped(const std::string& job,
                                                         const std::string& ledger) const {
  const simulation::JobKind& kind = simulation::kind_of(job);
  const JobContent& content = contents_.at(job);
  std::string manifest =
      "{\"version\": \"" + asks_.version(job) +
      "\", \"selectors\": [\"worker\"], \"max_concurrent_upgrades\": " + std::to_string(kind.batch) +
      ", \"restart_policy\": \"" + kind.policy + "\"";
  if (job == "db") manifest += R"(, "commands": {"command_list": {"executed_on": ["cli"]}})";
  if (job == "api") {
    manifest += R"(, "commands": {"command_need_db": {"executed_on": ["cli"],
  "demands": {"job": "db", "command": "command_list"}}})";
  }
  if (job == "edge") {
    manifest += R"(, "restart_globs": ["conf/*"], "health_check": {"checks": [
  {"type": "ssh", "command": "true"}], "wait": {"attempts": 5, "interval_seconds": 1}})";
  }
  return {{"manifest.json", manifest + "}\n"},
          {"Makefile", ledger_makefile(job, ledger)},
          {"conf/app.ini", content.conf_text() + "\n"},
          {"page.html", content.page_text() + "\n"}};
}

GitChanges DeployedWish::files(const std::string& ledger) const {
  GitChanges out;
  std::string off;
  for (const std::string& job : kDeployedJobs) {
    const std::string base = "jobs/" + job;
    if (asks_.jobs.count(job) == 0) {
      out[base] = std::nullopt;
      continue;
    }
    for (const auto& [path, text] : shipped(job, ledger)) out[base + "/" + path] = text;
    if (job == "db") out[base + "/_modules/command_list.py"] = "print('hello')\n";
    if (job == "api") out[base + "/_modules/command_need_db.py"] = "print('hello')\n";
    std::string names;
    for (const AllocationKey& key : asks_.disabled) {
      if (key.job.str() == job) names += (names.empty() ? "\"" : ", \"") + key.worker.str() + "\"";
    }
    if (!names.empty()) off += (off.empty() ? "\"" : ", \"") + job + "\": {\"allocations\": [" + names + "]}";
  }
  out["disabled.json"] = off.empty() ? std::nullopt : std::optional("{\"jobs\": {" + off + "}}\n");
  return out;
}

}  // namespace maand::testing
