#include "reconciler/cli/health_round.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "executor/remote_runner.h"
#include "executor/ssh_transport.h"
#include "reconciler/cli/context.h"
#include "reconciler/cli/settings.h"
#include "reconciler/core/text.h"
#include "reconciler/core/watch_list.h"

namespace maand {
namespace {

constexpr std::size_t kJobsAtOnce = 16;

// Answers of one round; shared with the runner.
struct Answers {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t awaited = 0;
  std::vector<std::pair<Health, std::string>> given;
};

void ask_once(Runner& runner, CheckedJob& job) {
  const auto answers = std::make_shared<Answers>();
  answers->given.resize(job.allocations.size());
  std::vector<std::size_t> asked;
  for (std::size_t i = 0; i < job.allocations.size(); ++i) {
    if (job.allocations[i].asked) asked.push_back(i);
  }
  answers->awaited = asked.size();
  for (const std::size_t i : asked) {
    runner.probe(job.allocations[i].endpoint, job.spec, [answers, i](Health health, std::string detail) {
      const std::lock_guard lock(answers->mutex);
      answers->given[i] = {health, std::move(detail)};
      --answers->awaited;
      answers->changed.notify_all();
    });
  }
  std::unique_lock lock(answers->mutex);
  answers->changed.wait(lock, [&] { return answers->awaited == 0; });
  for (const std::size_t i : asked) {
    job.allocations[i].health = answers->given[i].first;
    job.allocations[i].detail = answers->given[i].second;
  }
}

// Probes ship nothing and run no target.
class NoBlobs : public Blobs {
 public:
  std::shared_ptr<const std::string> read(const BlobId&) override {
    throw SourceError(SourceProblem::kOther, "a probe reads no file");
  }
};
class NoOutput : public OutputSink {
 public:
  void output(const AllocationKey&, const OperationId&, std::string_view) override {}
};

bool failed(const CheckedAllocation& one) { return one.health == Health::kUnhealthy; }

void check(Runner& runner, CheckedJob& job, bool wait) {
  for (int attempt = 1;; ++attempt) {
    ask_once(runner, job);
    const bool passed = std::none_of(job.allocations.begin(), job.allocations.end(), failed);
    job.result = passed ? CheckedJob::Result::kPassed : CheckedJob::Result::kFailed;
    // What is not running is no better after a wait: nobody starts it here.
    const bool hopeless = std::any_of(job.allocations.begin(), job.allocations.end(),
                                      [](const CheckedAllocation& one) { return !one.asked && failed(one); });
    if (passed || hopeless || !wait || attempt >= job.spec.attempts) return;
    std::this_thread::sleep_for(job.spec.interval);
  }
}

CheckedJob job_to_check(const DesiredState& desired, const DesiredJob& job, const AppliedState& applied,
                        const PlanSettings& settings, const WatchList& watched) {
  CheckedJob out;
  out.job = job.name;
  if (!job.job) {
    out.detail = "its content does not load";
    return out;
  }
  if (job.health.checks.empty()) {
    out.detail = "it has no health checks";
    return out;
  }
  out.spec = job.health;
  for (const std::uint32_t index : job.workers) {
    const Worker& worker = desired.workers[index];
    CheckedAllocation one;
    one.key = {job.name, worker.host};
    one.endpoint = endpoint_of(worker, settings.ssh);
    if (desired.disabled.covers(one.key)) continue;
    const AppliedAllocation* known = applied.find(one.key);
    if (known && known->stopped_by) continue;
    const auto place = std::lower_bound(
        watched.watched.begin(), watched.watched.end(), one.key,
        [](const WatchedAllocation& each, const AllocationKey& key) { return each.key < key; });
    if (!known || !known->running) {
      one.asked = false;
      one.health = Health::kUnhealthy;
      one.detail = "it is not running";
    } else if (known->last == LastResult::kFailed) {
      // Asked by nobody until it is tried again, so that its last answer counts.
      one.asked = false;
      one.health = Health::kUnhealthy;
      one.detail = "it failed when it was acted on last; `maand why` tells more, `maand retry` tries again";
    } else if (place == watched.watched.end() || place->key != one.key || !place->spec) {
      one.asked = false;
      one.detail = "not asked: it does not run yet what these checks belong to";
    }
    out.allocations.push_back(std::move(one));
  }
  if (out.allocations.empty()) out.detail = "it has no active allocation";
  return out;
}

}  // namespace

const char* to_string(CheckedJob::Result result) {
  switch (result) {
    case CheckedJob::Result::kPassed:
      return "passed";
    case CheckedJob::Result::kFailed:
      return "failed";
    case CheckedJob::Result::kSkipped:
      return "skipped";
  }
  return "";
}

std::vector<CheckedJob> jobs_to_check(const DesiredState& desired, const AppliedState& applied,
                                      const PlanSettings& settings, const std::vector<std::string>& names) {
  std::vector<std::string_view> known;
  for (const auto& [name, job] : desired.jobs) known.push_back(name.str());
  std::vector<std::string> wanted;
  for (const std::string& name : names) {
    wanted.emplace_back(trim(name));
    if (desired.jobs.count(JobName(wanted.back())) > 0) continue;
    const auto near = nearest(wanted.back(), known);
    throw CommandError(kExitUsage, "there is no job " + quote(wanted.back()) +
                                       (near ? "; did you mean `" + *near + "`?"
                                             : "; `maand status` lists the jobs that run"));
  }
  const WatchList watched =
      make_watch_list(desired, make_plan(desired, applied, settings), applied, settings.ssh);
  std::vector<CheckedJob> out;
  for (const auto& [name, job] : desired.jobs) {
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), name.str()) == wanted.end()) continue;
    out.push_back(job_to_check(desired, job, applied, settings, watched));
  }
  return out;
}

void check_jobs(Runner& runner, std::vector<CheckedJob>& jobs, bool wait) {
  std::vector<CheckedJob*> open;
  for (CheckedJob& job : jobs) {
    if (!job.allocations.empty()) open.push_back(&job);
  }
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < open.size(); i = next++) check(runner, *open[i], wait);
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < std::min(kJobsAtOnce, open.size()); ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
}

void check_jobs(const Bucket& bucket, std::vector<CheckedJob>& jobs, bool wait) {
  SshTransport transport(ssh_options(bucket));
  NoBlobs blobs;
  NoOutput output;
  RemoteRunner runner(runner_options(bucket), transport, blobs, output);
  check_jobs(runner, jobs, wait);
}

}  // namespace maand
