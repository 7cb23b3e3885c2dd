#include "reconciler/core/notice/trouble.h"

#include <algorithm>

#include "reconciler/core/reason.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kPassing = 5min;  // a reboot, a host that restarts its git
constexpr std::chrono::milliseconds kWaitingLong = 10min;
constexpr std::size_t kMostSentences = 5;
constexpr std::size_t kMostSentenceBytes = 400;

std::string sentence(const std::string& text) { return printable(trim(text), kMostSentenceBytes); }
std::string short_id(const CommitId& commit) { return commit.str().substr(0, 12); }

void add_source(const Facts& facts, std::vector<Trouble>& out) {
  const std::string& state = facts.source_state;
  if (state.empty() || state == "Ready" || state == "Unknown" || state == "WaitingForFirstCommit") return;
  const bool passing =
      state == to_string(SourceProblem::kUnreachable) || state == to_string(SourceProblem::kTimedOut);
  Trouble trouble;
  trouble.key = "source";
  trouble.state = state;
  trouble.urgency = passing ? Urgency::kWarning : Urgency::kError;
  trouble.title = "the git remote cannot be read: " + state;
  trouble.sentences = {sentence(facts.source_detail), "What runs goes on; new commits are not seen."};
  trouble.patience = passing ? kPassing : 0ms;
  out.push_back(std::move(trouble));
}

void add_commit(const PassStatus& status, std::vector<Trouble>& out) {
  const bool refused = status.state == PassState::kRefused;
  // Held as a whole, and not because some job of it is (R1.4).
  const bool held = status.state == PassState::kHeld && status.jobs.empty() && status.allocations.empty() &&
                    !status.remarks.empty();
  if (!refused && !held) return;
  Trouble trouble;
  trouble.key = "commit";
  trouble.state = std::string(to_string(status.state)) + " " + status.commit.str();  // each one is news
  trouble.urgency = Urgency::kError;
  trouble.title = "commit " + short_id(status.commit) + " is " + to_string(status.state);
  for (const Diagnostic& diagnostic : status.diagnostics) {
    if (diagnostic.severity == Severity::kError && trouble.sentences.size() < kMostSentences)
      trouble.sentences.push_back(sentence(to_string(diagnostic)));
  }
  for (const std::string& remark : status.remarks) trouble.sentences.push_back(sentence(remark));
  trouble.sentences.push_back("What was applied before goes on.");
  trouble.commit = status.commit;
  out.push_back(std::move(trouble));
}

Urgency urgency_of(const JobStatus& job) {
  switch (job.reason) {
    case Reason::kSuspended:
    case Reason::kPinned:
    case Reason::kStoppedByOperator:
    case Reason::kSuperseded:
    case Reason::kStopping:
      return Urgency::kInfo;
    default:
      return job.held ? Urgency::kError : Urgency::kWarning;
  }
}

void add_jobs(const PassStatus& status, std::vector<Trouble>& out) {
  for (const JobStatus& job : status.jobs) {
    Trouble trouble;
    trouble.key = "job/" + job.job.str();
    trouble.state = to_string(job.reason);
    trouble.urgency = urgency_of(job);
    trouble.title = "job " + job.job.str() + (job.held ? " is held: " : " waits: ") + to_string(job.reason);
    trouble.sentences = {sentence(job.detail.empty() ? explain(job.reason) : job.detail)};
    trouble.commit = status.commit;
    trouble.jobs = {job.job.str()};
    for (const AllocationStatus& line : status.allocations) {
      if (line.key.job == job.job && (line.outcome == "failed" || line.outcome == "interrupted"))
        trouble.allocations.push_back(line.key.str());
    }
    trouble.patience = job.held ? 0ms : kWaitingLong;
    out.push_back(std::move(trouble));
  }
}

void add_workers(const std::map<WorkerHost, Contact>& set_aside, std::vector<Trouble>& out) {
  for (const auto& [worker, contact] : set_aside) {
    if (contact.condition == WorkerCondition::kNone) continue;
    const bool passing =
        contact.condition == WorkerCondition::kUnreachable || contact.condition == WorkerCondition::kBusy;
    const bool grave = contact.condition == WorkerCondition::kHostKeyChanged ||
                       contact.condition == WorkerCondition::kIdentityMismatch ||
                       contact.condition == WorkerCondition::kFenced;
    Trouble trouble;
    trouble.key = "worker/" + worker.str();
    trouble.state = to_string(contact.condition);
    trouble.urgency = grave ? Urgency::kError : Urgency::kWarning;
    trouble.title = "worker " + worker.str() + " is set aside: " + to_string(contact.condition);
    if (!contact.detail.empty()) trouble.sentences = {sentence(contact.detail)};
    trouble.patience = passing ? kPassing : 0ms;
    out.push_back(std::move(trouble));
  }
}

// R5.8. One ill allocation and all of them ill are two states; which ones are not.
void add_health(const AppliedState& applied, std::vector<Trouble>& out) {
  struct Tally {
    std::size_t running = 0;
    std::vector<std::string> ill;
  };
  std::map<JobName, Tally> jobs;
  for (const auto& [key, allocation] : applied.allocations) {
    if (!allocation.running) continue;
    Tally& tally = jobs[key.job];
    ++tally.running;
    if (allocation.health == Health::kUnhealthy) tally.ill.push_back(key.str());
  }
  for (auto& [job, tally] : jobs) {
    if (tally.ill.empty()) continue;
    const bool all = tally.ill.size() == tally.running;
    Trouble trouble;
    trouble.key = "health/" + job.str();
    trouble.state = all ? "AllUnhealthy" : "Unhealthy";
    trouble.urgency = all ? Urgency::kError : Urgency::kWarning;
    trouble.title = "job " + job.str() + " is unhealthy on " + std::to_string(tally.ill.size()) + " of " +
                    std::to_string(tally.running) + (tally.running == 1 ? " worker" : " workers");
    trouble.jobs = {job.str()};
    trouble.allocations = std::move(tally.ill);
    out.push_back(std::move(trouble));
  }
}

// R5.9. Which of them and how is not part of the state: it is told once for a job.
void add_drift(const AppliedState& applied, std::vector<Trouble>& out) {
  std::map<JobName, Trouble> jobs;
  for (const auto& [key, allocation] : applied.allocations) {
    const DriftKind kind = drift_kind(allocation.drift);
    if (kind == DriftKind::kNone) continue;
    const bool heals = allocation.drift->heal;
    Trouble& trouble = jobs[key.job];
    // What is about to be put right counts less.
    if (trouble.state.empty() || (trouble.state == "Heals" && !heals))
      trouble.state = heals ? "Heals" : to_string(kind);
    trouble.urgency = heals && trouble.state == "Heals" ? Urgency::kInfo : Urgency::kWarning;
    trouble.allocations.push_back(key.str());
    if (trouble.sentences.size() < kMostSentences)
      trouble.sentences.push_back(sentence(key.worker.str() + ": " + drift_words(*allocation.drift)));
  }
  for (auto& [job, trouble] : jobs) {
    trouble.key = "drift/" + job.str();
    trouble.title = "job " + job.str() + " has drifted on " + std::to_string(trouble.allocations.size()) +
                    (trouble.allocations.size() == 1 ? " worker" : " workers");
    trouble.jobs = {job.str()};
    out.push_back(std::move(trouble));
  }
}

void add_bucket(const Facts& facts, std::vector<Trouble>& out) {
  if (!facts.store_problem.empty()) {
    out.push_back({.key = "store",
                   .state = "NotWritable",
                   .urgency = Urgency::kError,
                   .title = "the state store cannot be written",
                   .sentences = {sentence(facts.store_problem), "No worker is touched until it can."}});
  }
  if (!facts.notes_problem.empty()) {
    out.push_back({.key = "notes",
                   .state = "NotPushed",
                   .urgency = Urgency::kWarning,
                   .title = "git notes cannot be pushed",
                   .sentences = {sentence(facts.notes_problem), "They are kept and tried again."},
                   .patience = kPassing});
  }
}

}  // namespace

const char* to_string(Urgency urgency) {
  switch (urgency) {
    case Urgency::kInfo:
      return "info";
    case Urgency::kWarning:
      return "warning";
    case Urgency::kError:
      return "error";
  }
  return "error";
}

Urgency urgency_from(std::string_view word) {
  if (word == "info") return Urgency::kInfo;
  return word == "warning" ? Urgency::kWarning : Urgency::kError;
}

std::vector<Trouble> troubles(const Facts& facts) {
  std::vector<Trouble> out;
  add_source(facts, out);
  add_bucket(facts, out);
  if (facts.status) {
    add_commit(*facts.status, out);
    add_jobs(*facts.status, out);
    if (facts.set_aside) add_workers(*facts.set_aside, out);
  }
  if (facts.applied) add_health(*facts.applied, out);
  if (facts.applied) add_drift(*facts.applied, out);
  std::stable_sort(out.begin(), out.end(), [](const Trouble& a, const Trouble& b) { return a.key < b.key; });
  // Two reasons for one job: the first is told.
  out.erase(
      std::unique(out.begin(), out.end(), [](const Trouble& a, const Trouble& b) { return a.key == b.key; }),
      out.end());
  return out;
}

bool is_known(const Facts& facts, std::string_view key) {
  if (key == "source") return !facts.source_state.empty() && facts.source_state != "Unknown";
  if (key == "commit") return facts.status != nullptr;
  // A refused commit says nothing of the jobs that go on with an older one.
  if (key.starts_with("job/")) return facts.status && facts.status->state != PassState::kRefused;
  if (key.starts_with("worker/")) return facts.status && facts.set_aside;
  if (key.starts_with("health/") || key.starts_with("drift/")) return facts.applied != nullptr;
  return true;
}

}  // namespace maand
