#include "tests/fault/ledger_referee.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/process.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;
using simulation::Place;
using simulation::Wanted;

FileSetPtr files_of(const std::string& told) {
  ShippedFile file;
  file.path = "told";
  file.content = sha256(told);
  return make_file_set({file});
}

Operation operation_of(const LedgerEntry& entry) {
  Operation operation;
  operation.id = entry.operation;
  operation.seq = entry.seq;
  operation.allocation = entry.allocation;
  operation.action = entry.action;
  operation.current_version = entry.current_version;
  operation.new_version = entry.new_version;
  operation.files = files_of(entry.content);
  return operation;
}

std::string first_line(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

}  // namespace

LedgerReferee::LedgerReferee(fs::path ledger, std::vector<fs::path> bucket_roots)
    : ledger_(std::move(ledger)), bucket_roots_(std::move(bucket_roots)) {}

fs::path LedgerReferee::job_directory(const AllocationKey& key) const {
  return bucket_roots_.at(static_cast<std::size_t>(simulation::number_of(key.worker) - 1)) / "jobs" /
         key.job.str();
}

void LedgerReferee::committed(const std::string& commit, const DeployedWish& wish) {
  commits_.emplace_back(commit, wish);
}

void LedgerReferee::broken(const LedgerEntry& entry, const std::string& why) {
  rules_.broken("`" + entry.line + "` " + why);
}

void LedgerReferee::read() {
  for (LedgerEntry& entry : read_ledger(ledger_, read_)) {
    entries_.push_back(entry);
    entry.begins ? on_begin(entry) : on_end(entry);
  }
}

void LedgerReferee::on_begin(const LedgerEntry& entry) {
  Place& place = places_[entry.allocation];
  const Operation operation = operation_of(entry);
  rules_.on_begin(operation, place);
  if (!place.busy.empty()) broken(entry, "begins while another target of the allocation runs");
  judge_cause(entry);
  judge_version(entry);
  judge_hold(entry);
  if (entry.previous == "interrupted") broken(entry, "although no worker died under a target");
  place.newest = entry.seq;
  place.busy = entry.operation;
  past_[entry.operation] = {entry};
  ++told_[entry.allocation];
}

// R1.3, R2.1: a commit of the time asks for it.
void LedgerReferee::judge_cause(const LedgerEntry& entry) {
  const bool stops = entry.action == Action::kStop;
  const bool asked = std::any_of(commits_.begin(), commits_.end(), [&](const auto& commit) {
    return commit.second.asks().wants(entry.allocation) == (stops ? Wanted::kNo : Wanted::kYes);
  });
  if (!asked) broken(entry, stops ? "although it is wanted all the time" : "although nobody wants it");
}

// R2.2: CURRENT_VERSION is what was confirmed last; a confirmed stop may count or not,
// and a sync of `never` leaves no line.
void LedgerReferee::judge_version(const LedgerEntry& entry) {
  const std::set<std::string>& known = confirmed_[entry.allocation];
  if (simulation::kind_of(entry.allocation.job.str()).policy == std::string("never")) return;
  if (known.empty() ? entry.current_version != "0.0.0" : known.count(entry.current_version) == 0)
    broken(entry, "has another version than was confirmed there");
}

// R2.6, R5.3: what failed is tried again only when it has changed.
void LedgerReferee::judge_hold(const LedgerEntry& entry) {
  if (entry.action == Action::kStop || !entry.content.starts_with("bad")) return;
  const std::string& job = entry.allocation.job.str();
  std::set<AllocationKey>& tried = failing_[job + " " + entry.new_version + " " + entry.content];
  if (!tried.insert(entry.allocation).second) broken(entry, "is tried again although it is held");
  const auto most = static_cast<std::size_t>(simulation::kind_of(job).batch);
  if (entry.action != Action::kStart && tried.size() > most)
    broken(entry, "goes on although the batch before it failed");
}

void LedgerReferee::on_end(const LedgerEntry& entry) {
  Past& past = past_[entry.operation];
  if (past.ended) return broken(entry, "ends twice");
  if (past.begin.line.empty()) return broken(entry, "never began");
  past.ended = true;
  past.failed = entry.failed;
  Place& place = places_[entry.allocation];
  place.busy = OperationId();
  place.last_good = !entry.failed;
  Outcome outcome;
  outcome.kind = entry.failed ? OutcomeKind::kFailed : OutcomeKind::kSucceeded;
  const Operation operation = operation_of(past.begin);
  if (!entry.failed) {
    place.running = past.begin.action != Action::kStop;
    std::set<std::string>& known = confirmed_[entry.allocation];
    if (place.running) known.clear();
    known.insert(operation.new_version);
    if (place.running) {
      place.version = place.loaded_version = operation.new_version;
      place.loaded = operation.files->digest;
    }
  }
  rules_.on_end(operation, place, outcome);
}

void LedgerReferee::at_rest(const std::string& note, const std::string& bucket_id) {
  read();
  for (const auto& [id, past] : past_) {
    if (!past.ended) broken(past.begin, "has not ended");
  }
  judge_places();
  judge_note(note, bucket_id);
  commits_.erase(commits_.begin(), commits_.end() - 1);
}

void LedgerReferee::judge_places() {
  const auto& [commit, wish] = commits_.back();
  simulation::Wish asks = wish.asks();
  for (auto& [job, content] : asks.jobs) content.broken = !wish.sound(job);  // held at whatever was good
  for (const std::string& job : kDeployedJobs) {
    for (const int worker : asks.workers) {
      judge_worker(worker, job);
      judge_receipts(worker, job);
    }
  }
  rules_.committed(CommitId(commit), asks);
  rules_.at_rest(CommitId(commit), places_);
}

// R3.2: the files of the head lie where it is wanted, none of ours where it left, and
// what the job itself wrote is untouched.
void LedgerReferee::judge_worker(int worker, const std::string& job) {
  const DeployedWish& wish = commits_.back().second;
  const AllocationKey key{JobName(job), simulation::host(worker)};
  const fs::path at = job_directory(key);
  if (wish.sound(job) && wish.asks().wants(key) == Wanted::kYes) {
    for (const auto& [path, text] : wish.shipped(job, ledger_.string())) {
      if (!fs::exists(at / path) || read_file(at / path) != text)
        rules_.broken(key.str() + " has another " + path + " than the head");
    }
    Place& place = places_[key];
    place.files = files_of(first_line(at / "conf/app.ini") + "-" + first_line(at / "page.html"));
    if (simulation::kind_of(job).policy == std::string("never")) place.version = wish.asks().version(job);
  } else if (wish.asks().jobs.count(job) == 0 && fs::exists(at / "manifest.json")) {
    rules_.broken(key.str() + " left and its files still lie there");
  }
  const std::string events = fs::exists(at / "data/events") ? read_file(at / "data/events") : "";
  const auto lines = static_cast<std::size_t>(std::count(events.begin(), events.end(), '\n'));
  if (lines != told_[key])
    rules_.broken(key.str() + " ran " + std::to_string(told_[key]) + " targets, its data tells of " +
                  std::to_string(lines));
}

// R3.4: the receipts that the worker keeps are what happened.
void LedgerReferee::judge_receipts(int worker, const std::string& job) {
  const AllocationKey key{JobName(job), simulation::host(worker)};
  const fs::path operations = job_directory(key).parent_path().parent_path() / ".maand/jobs" / job / "ops";
  if (!fs::exists(operations)) return;
  for (const fs::directory_entry& one : fs::directory_iterator(operations)) {
    const std::string name = one.path().filename().string();
    const auto past = past_.find(OperationId(name.substr(name.find('-') + 1)));
    const bool ran = past != past_.end();
    const std::string state = first_line(one.path() / "receipt");
    const std::string about =
        key.str() + ": the receipt of " + name + " says `" + state + "`, and its target ";
    if (state != "state succeeded" && state != "state failed" && state != "state never")
      rules_.broken(about + (ran ? "ran" : "did not run"));
    if (state == "state never" && ran) rules_.broken(about + "ran");
    if (state == "state failed" && !(ran && past->second.failed)) rules_.broken(about + "did not fail");
    if (state == "state succeeded" && ran && past->second.failed) rules_.broken(about + "failed");
    const std::string asked = fs::exists(one.path() / "begin") ? read_file(one.path() / "begin") : "";
    if (state == "state succeeded" && asked.find("\ntarget none\n") == std::string::npos && !ran)
      rules_.broken(about + "did not run");
  }
}

// R4.3: what the note says of an operation is what its target did.
void LedgerReferee::judge_note(const std::string& note, const std::string& bucket_id) {
  const std::size_t at = note.find("\n---\n");
  const auto document =
      nlohmann::json::parse(at == std::string::npos ? note : note.substr(at + 5), nullptr, false);
  if (document.is_discarded() || !document.contains("buckets") || !document["buckets"].contains(bucket_id))
    return rules_.broken("the note cannot be read: " + note);
  for (const auto& line : document["buckets"][bucket_id].value("allocations", nlohmann::json::array())) {
    const auto past = past_.find(OperationId(line.value("operation", "")));
    if (past == past_.end()) continue;  // only files were touched
    const Past& done = past->second;
    const std::string outcome = line.value("outcome", "");
    const std::string version = line.value("new_version", "");  // "?": not kept over a kill
    if (line.value("job", "") != done.begin.allocation.job.str() ||
        line.value("worker", "") != done.begin.allocation.worker.str() ||
        (version != "?" && version != done.begin.new_version) || (outcome == "succeeded") == done.failed)
      broken(done.begin, "is told otherwise in the note: " + line.dump());
  }
}

}  // namespace maand::testing
