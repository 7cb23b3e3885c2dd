#include "reconciler/cli/commands/job_target.h"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>

#include "reconciler/cli/accepted_head.h"
#include "reconciler/cli/errand_round.h"
#include "reconciler/cli/health_round.h"
#include "reconciler/cli/hook_request.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/core/duration.h"
#include "reconciler/core/hook_commands.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

// The job's directory of this bucket on this worker, or nothing is run. What is not the target's
// business leaves its environment.
constexpr const char* kScript = R"sh(
cd "$MAAND_ROOT" || exit 66
b='' w='' i=''
{ read -r b w i _ <.maand/instance; } 2>/dev/null
if [ "$b" != "$BUCKET_ID" ] || { [ "$w" != "$MAAND_WORKER" ] && [ "$w" != "$MAAND_WAS" ]; } ||
  { [ -n "$MAAND_INSTANCE" ] && [ "$i" != "$MAAND_INSTANCE" ]; }; then
  echo "maand: $MAAND_ROOT/.maand/instance says bucket ${b:-none}, worker ${w:-none}:" \
    "this is not where the job was deployed to" >&2
  exit 66
fi
cd "jobs/$MAAND_JOB" || exit 66
set -- "$MAAND_TARGET"
unset MAAND_ROOT MAAND_WORKER MAAND_WAS MAAND_INSTANCE MAAND_JOB MAAND_TARGET b w i
exec make -s -- "$1"
)sh";

const Worker* worker_of(const DesiredState& desired, const WorkerHost& host) {
  for (const Worker& worker : desired.workers) {
    if (worker.host == host) return &worker;
  }
  return nullptr;
}

void check_job(const JudgedHead& head, const JobName& job) {
  std::vector<std::string_view> known;
  for (const auto& [name, desired] : head.desired->jobs) known.push_back(name.str());
  for (const auto& [key, allocation] : head.applied.allocations) known.push_back(key.job.str());
  if (std::find(known.begin(), known.end(), job.str()) != known.end()) return;
  const auto near = nearest(job.str(), known);
  throw CommandError(kExitUsage,
                     "there is no job " + quote(job.str()) +
                         (near ? "; did you mean `" + *near + "`?" : "; `maand cat jobs` lists them"));
}

// Where it runs, or what of that `workers` names.
std::vector<const AppliedAllocation*> running(const JudgedHead& head, const JobName& job,
                                              const std::vector<std::string>& workers) {
  std::vector<const AppliedAllocation*> all;
  for (const auto& [key, allocation] : head.applied.allocations) {
    if (key.job == job && allocation.running) all.push_back(&allocation);
  }
  if (all.empty())
    throw CommandError(kExitFailed,
                       "job " + job.str() + " runs nowhere; `maand why " + job.str() + "` tells why");
  if (workers.empty()) return all;
  std::vector<const AppliedAllocation*> chosen;
  for (const std::string& one : workers) {
    const std::string word = lower(trim(one));
    const auto place = std::find_if(all.begin(), all.end(), [&](const AppliedAllocation* allocation) {
      return lower(allocation->key.worker.str()) == word;
    });
    if (place == all.end()) {
      std::vector<std::string> hosts;
      for (const AppliedAllocation* allocation : all) hosts.push_back(allocation->key.worker.str());
      throw CommandError(kExitUsage, "job " + job.str() + " does not run on " + quote(word) +
                                         "; it runs on " + join_words(hosts));
    }
    if (std::find(chosen.begin(), chosen.end(), *place) == chosen.end()) chosen.push_back(*place);
  }
  return chosen;
}

RoundErrand errand_for(const Bucket& bucket, const JudgedHead& head, const AppliedAllocation& allocation,
                       const std::string& target, Seconds limit) {
  const WorkerHost& host = allocation.key.worker;
  const Worker* worker = worker_of(*head.desired, host);
  const auto record = head.applied.workers.find(host);
  const auto desired = head.desired->jobs.find(allocation.key.job);
  const bool known = desired != head.desired->jobs.end() && desired->second.job;
  WorkerHost was = worker ? worker->was : WorkerHost();
  if (record != head.applied.workers.end() && !record->second.was.empty()) was = record->second.was;
  Errand errand;
  errand.endpoint = worker ? endpoint_of(*worker, head.settings.ssh) : allocation.endpoint;
  errand.script = kScript;
  errand.limit = limit;
  errand.environment = {
      {"BUCKET_ID", bucket.config.bucket_id.str()},
      {"WORKER_IP", errand.endpoint.address},
      {"CURRENT_VERSION", allocation.version},
      {"NEW_VERSION", known ? desired->second.job->version : allocation.version},
      {"MAAND_ROOT", bucket.config.worker_root + "/" + bucket.config.bucket_id.str()},
      {"MAAND_WORKER", host.str()},
      {"MAAND_WAS", was.empty() ? host.str() : was.str()},
      {"MAAND_INSTANCE", record == head.applied.workers.end() ? "" : record->second.instance},
      {"MAAND_JOB", allocation.key.job.str()},
      {"MAAND_TARGET", target},
  };
  return {host.str(), std::move(errand)};
}

bool healthy(const Bucket& bucket, const JudgedHead& head, const JobName& job) {
  std::vector<CheckedJob> jobs = jobs_to_check(*head.desired, head.applied, head.settings, {job.str()});
  check_jobs(bucket, jobs, true);
  bool well = true;
  for (const CheckedJob& one : jobs) {
    well = well && one.result != CheckedJob::Result::kFailed;
    for (const CheckedAllocation& allocation : one.allocations) {
      if (allocation.health == Health::kUnhealthy)
        std::cerr << "health check failed: " << allocation.key.str() << ": "
                  << printable(allocation.detail, 500) << "\n";
    }
  }
  return well;
}

Seconds limit_of(const std::string& text, Seconds usual) {
  if (text.empty()) return usual;
  const auto limit = parse_duration(text);
  if (!limit)
    throw CommandError(kExitUsage, "--timeout: " + quote(text) + " is no time; " + kDurationGrammar);
  return std::max(Seconds(1), std::chrono::ceil<Seconds>(*limit));
}

bool has_control(const JudgedHead& head, const JobName& job) {
  const auto desired = head.desired->jobs.find(job);
  return desired != head.desired->jobs.end() && desired->second.job &&
         has_hooks(desired->second.job->commands, HookEvent::kJobControl);
}

// 11.1: its job_control commands with TARGET, on this host, by whoever runs its other hooks.
int run_by_hooks(const Context& context, const Bucket& bucket, const JudgedHead& head,
                 const JobTargetOptions& options, const std::string& target) {
  const JobName job(options.job);
  if (!options.timeout.empty())
    throw CommandError(kExitUsage, "--timeout is for targets of a Makefile; the job_control commands of " +
                                       job.str() + " have hooks.timeout of maand.conf");
  std::string workers;
  for (const AppliedAllocation* allocation : running(head, job, options.allocations))
    workers += (workers.empty() ? "" : ",") + allocation->key.worker.str();
  const int exit = run_hook_request(
      context, bucket,
      {"job_control", "", options.job, 1, target, options.allocations.empty() ? "" : workers});
  if (exit == kExitDone && options.health_check && !healthy(bucket, head, job))
    throw CommandError(kExitFailed, "job " + job.str() + " is not healthy");
  return exit;
}

int run_target(const Context& context, const JobTargetOptions& options, const std::string& target,
               bool asks) {
  const Bucket bucket = open_bucket(context);
  auto round = std::make_unique<ErrandRound>(bucket);
  const JudgedHead head = accepted_head(bucket, "going to workers by");
  const JobName job(options.job);
  check_job(head, job);
  if (has_control(head, job)) {
    round.reset();  // signals are for whoever follows the hooks
    return run_by_hooks(context, bucket, head, options, target);
  }
  const Seconds limit = limit_of(options.timeout, head.settings.lifecycle_timeout);
  std::vector<RoundErrand> errands;
  for (const AppliedAllocation* allocation : running(head, job, options.allocations))
    errands.push_back(errand_for(bucket, head, *allocation, target, limit));

  const auto desired = head.desired->jobs.find(job);
  const bool known = desired != head.desired->jobs.end() && desired->second.job;
  bool well = true;
  RoundRules rules;
  rules.batch =
      static_cast<std::size_t>(known ? std::max(1, desired->second.job->max_concurrent_upgrades) : 1);
  rules.stop_at_failure = !asks;
  if (options.health_check && known) rules.after_batch = [&] { return well = healthy(bucket, head, job); };
  const std::vector<RoundResult> results = round->run(errands, rules, context);

  const std::string what = "make " + target + " of " + job.str();
  std::string problem = failures_in(results, what);
  if (!well) problem += (problem.empty() ? "" : "\n") + std::string("job ") + job.str() + " is not healthy";
  if (context.json) {
    std::cout << JsonObject()
                     .flag("succeeded", problem.empty())
                     .text("job", job.str())
                     .text("target", target)
                     .raw("workers", json_of(results))
                     .str()
              << "\n";
  }
  if (!problem.empty()) throw CommandError(kExitFailed, problem);
  if (!context.json) {
    std::cout << what << " succeeded on " << results.size() << (results.size() == 1 ? " worker" : " workers")
              << "\n";
  }
  return kExitDone;
}

}  // namespace

bool is_target_name(const std::string& text) {
  const auto letter = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  return !text.empty() && text.size() <= 255 && letter(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return letter(c) || c == '_' || c == '.' || c == '-'; });
}

int run_job_status(const Context& context, const JobTargetOptions& options) {
  return run_target(context, options, "status", true);
}

int run_job_run(const Context& context, const JobTargetOptions& options) {
  const std::string target(trim(options.target));
  if (!is_target_name(target)) {
    throw CommandError(kExitUsage,
                       "--target: " + quote(target) +
                           " is no target; use letters, digits, `_`, `.` and `-`, the first a letter "
                           "or digit");
  }
  const std::string word = lower(target);
  if (word == "start" || word == "stop" || word == "restart") {
    throw CommandError(kExitUsage, "`make " + word +
                                       "` changes what runs, which is kept on record: `maand job " + word +
                                       " " + printable(options.job) + "` does it");
  }
  if (word == "reload") {
    throw CommandError(kExitUsage,
                       "`make reload` is for new files: a commit brings them; `maand job restart " +
                           printable(options.job) + "` makes the job begin anew with those it has");
  }
  return run_target(context, options, word == "status" ? word : target, word == "status");
}

}  // namespace maand
