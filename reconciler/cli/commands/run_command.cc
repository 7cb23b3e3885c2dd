#include "reconciler/cli/commands/run_command.h"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <iterator>
#include <thread>

#include "gitsource/git_source.h"
#include "reconciler/cli/accepted_head.h"
#include "reconciler/cli/errand_round.h"
#include "reconciler/cli/errand_workers.h"
#include "reconciler/cli/health_round.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/cli/settings.h"
#include "reconciler/core/duration.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

// What was touched gets so long before it is asked for its health (workspace.md 11.2).
constexpr std::chrono::seconds kSettling{10};

std::string read_script(const Bucket& bucket, const CommitId& commit, const std::string& command) {
  std::string script = command;
  std::string where = "the command";
  if (command == "-") {
    where = "what came on stdin";
    script.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else if (command.empty()) {
    const std::string root = bucket.config.git.path;
    where = (root.empty() || root == "." ? "" : root + "/") + std::string("command.sh");
    GitSource source(git_options(bucket));
    const auto text = source.open_view(commit)->read(where);
    if (!text) {
      throw CommandError(kExitUsage,
                         "there is no command to run: write it behind `maand run_command`, say `-` to "
                         "read it from stdin, or commit " +
                             where);
    }
    script = *text;
  }
  const std::string problem = script_problem(script);
  if (!problem.empty()) throw CommandError(kExitUsage, where + " " + problem);
  return script;
}

std::chrono::seconds limit_of(const std::string& text) {
  const auto limit = parse_duration(text);
  if (!limit)
    throw CommandError(kExitUsage, "--timeout: " + quote(text) + " is no time; " + kDurationGrammar);
  return std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(*limit));
}

// Tells who is ill on stderr; stdout is the workers'.
bool all_healthy(const Bucket& bucket, const JudgedHead& head, const ErrandRound& round) {
  for (auto tenths = kSettling.count() * 10; tenths > 0 && !round.interrupted(); --tenths)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  if (round.interrupted()) return false;
  std::vector<CheckedJob> jobs = jobs_to_check(*head.desired, head.applied, head.settings, {});
  check_jobs(bucket, jobs, true);
  bool well = true;
  for (const CheckedJob& job : jobs) {
    if (job.result != CheckedJob::Result::kFailed) continue;
    well = false;
    for (const CheckedAllocation& one : job.allocations) {
      if (one.health != Health::kUnhealthy) continue;
      std::cerr << "health check failed: " << one.key.str() << ": " << printable(one.detail, 500) << "\n";
    }
  }
  return well;
}

}  // namespace

int run_run_command(const Context& context, const RunCommandOptions& options) {
  const Bucket bucket = open_bucket(context);
  const std::chrono::seconds limit = limit_of(options.timeout);
  ErrandRound round(bucket);
  const JudgedHead head = accepted_head(bucket, "going to workers by");
  const std::vector<Worker> workers = choose_workers(head.desired->workers, options.workers, options.labels);
  const std::string script = read_script(bucket, head.commit, options.command);
  const std::string root = bucket.config.worker_root + "/" + bucket.config.bucket_id.str();

  std::vector<RoundErrand> errands;
  for (const Worker& worker : workers) {
    Errand errand;
    errand.endpoint = endpoint_of(worker, head.settings.ssh);
    errand.script = script;
    errand.bash = true;
    errand.environment = {{"BUCKET_ID", bucket.config.bucket_id.str()}, {"WORKER_IP", worker.address}};
    errand.directory = root;
    errand.limit = limit;
    errands.push_back({worker.host.str(), std::move(errand)});
  }
  bool healthy = true;
  RoundRules rules;
  rules.batch = static_cast<std::size_t>(options.concurrency);
  rules.stop_at_failure = !options.keep_going;
  if (options.health_check)
    rules.after_batch = [&] { return (healthy = all_healthy(bucket, head, round)) || options.keep_going; };
  const std::vector<RoundResult> results = round.run(errands, rules, context);

  std::string problem = failures_in(results, "the command");
  if (!healthy && !round.interrupted())
    problem += (problem.empty() ? "" : "\n") + std::string("jobs are not healthy");
  if (context.json) {
    std::cout << JsonObject().flag("succeeded", problem.empty()).raw("workers", json_of(results)).str()
              << "\n";
  }
  if (!problem.empty()) throw CommandError(kExitFailed, problem);
  return kExitDone;
}

}  // namespace maand
