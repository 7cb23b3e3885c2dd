#include "reconciler/cli/errand_verbs.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

#include "reconciler/cli/commands/collect_facts.h"
#include "reconciler/cli/commands/doctor.h"
#include "reconciler/cli/commands/gc.h"
#include "reconciler/cli/commands/job_command.h"
#include "reconciler/cli/commands/job_target.h"
#include "reconciler/cli/commands/run_command.h"

namespace maand {

void add_job_target_verbs(CLI::App& job, Run& run) {
  const auto target = [&](CLI::App& made, const std::shared_ptr<JobTargetOptions>& options) {
    made.add_option("JOB", options->job, "The job")->required();
    made.add_option("--allocations", options->allocations, "On these workers alone: a,b")->delimiter(',');
    made.add_option("--timeout", options->timeout,
                    "How long it may take on each: 90s, 1h (default: rollout.lifecycle_timeout)");
    made.add_flag("--health_check", options->health_check,
                  "Probe the job after each batch, and go on if it is well");
  };
  const auto status = std::make_shared<JobTargetOptions>();
  target(verb(job, run, "status", "Ask make status of the job where it runs", run_job_status, status),
         status);
  const auto other = std::make_shared<JobTargetOptions>();
  CLI::App& make =
      verb(job, run, "run", "Run a target of the job's Makefile where it runs", run_job_run, other);
  target(make, other);
  make.add_option("--target", other->target, "The target; none of the lifecycle's")->required();
}

void add_errand_verbs(CLI::App& app, Run& run) {
  const auto command = std::make_shared<RunCommandOptions>();
  CLI::App& shell =
      verb(app, run, "run_command", "Run a shell script on workers, now", run_run_command, command);
  shell.add_option("CMD", command->command,
                   "The script; - reads it from stdin (default: command.sh of the workspace)");
  auto* workers =
      shell.add_option("-w,--workers", command->workers, "On these workers alone: a,b")->delimiter(',');
  shell.add_option("-l,--labels", command->labels, "On workers with one of these labels: a,b")
      ->delimiter(',')
      ->excludes(workers);
  shell.add_option("-c,--concurrency", command->concurrency, "Workers at once")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  shell.add_flag("--keep-going", command->keep_going,
                 "Go on after a failure (default: the rest is left alone)");
  shell.add_option("--timeout", command->timeout, "How long it may take on each: 90s, 1h")
      ->capture_default_str();
  shell.add_flag("--health_check", command->health_check,
                 "Probe all jobs after each batch, and go on if they are well");

  for (const char* name : {"job_command", "jobcommand"}) {  // as the original calls it, too
    const auto hook = std::make_shared<JobCommandOptions>();
    CLI::App& by_hand =
        verb(app, run, name, "Run a command of jobs for the event cli on this host", run_job_command, hook);
    by_hand.add_option("NAME", hook->command, "The command: command_...")->required();
    by_hand.add_option("JOB", hook->job, "The job (default: every job that has it)");
    by_hand.add_option("--concurrency", hook->concurrency, "Allocations of a job at once")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
  }

  const auto which = [](CLI::App& made, std::vector<std::string>& names, std::vector<std::string>& labels) {
    auto* named = made.add_option("-w,--workers", names, "These workers alone: a,b")->delimiter(',');
    made.add_option("-l,--labels", labels, "Workers with one of these labels: a,b")
        ->delimiter(',')
        ->excludes(named);
  };
  const auto doctor = std::make_shared<DoctorOptions>();
  which(verb(app, run, "doctor", "Tell what would keep workers from being deployed to", run_doctor, doctor),
        doctor->workers, doctor->labels);

  CLI::App* collect = app.add_subcommand("collect", "Ask workers what they are");
  collect->require_subcommand(1);
  const auto facts = [&](CLI::App& parent, const std::string& name) {
    const auto options = std::make_shared<CollectFactsOptions>();
    CLI::App& made = verb(parent, run, name, "CPU and memory of workers", run_collect_facts, options);
    which(made, options->workers, options->labels);
    made.add_flag("--generate-workers", options->generate_workers,
                  "Write them into workers.json of the checkout, and leave the rest of it as it is");
  };
  facts(*collect, "facts");
  facts(app, "worker_facts");

  const auto gc = std::make_shared<GcOptions>();
  CLI::App& sweep = verb(app, run, "gc", "Remove what jobs that left have kept, and old history", run_gc, gc);
  sweep.add_option("--retain-days", gc->retain_days, "What is younger stays")
      ->check(CLI::Range(0, 36500))
      ->capture_default_str();
  auto* look = sweep.add_flag("--dry-run", gc->dry_run, "Show it alone");
  sweep.add_flag("--yes", gc->yes, "Do not ask")->excludes(look);
}

}  // namespace maand
