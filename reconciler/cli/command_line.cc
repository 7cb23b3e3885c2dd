#include "reconciler/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <utility>

#include "reconciler/cli/commands/adopt.h"
#include "reconciler/cli/commands/audit.h"
#include "reconciler/cli/commands/backup.h"
#include "reconciler/cli/commands/events.h"
#include "reconciler/cli/commands/health_check.h"
#include "reconciler/cli/commands/history.h"
#include "reconciler/cli/commands/info.h"
#include "reconciler/cli/commands/init.h"
#include "reconciler/cli/commands/job_create.h"
#include "reconciler/cli/commands/job_order.h"
#include "reconciler/cli/commands/logs.h"
#include "reconciler/cli/commands/note.h"
#include "reconciler/cli/commands/notify.h"
#include "reconciler/cli/commands/orders.h"
#include "reconciler/cli/commands/plan.h"
#include "reconciler/cli/commands/reconcile.h"
#include "reconciler/cli/commands/render.h"
#include "reconciler/cli/commands/serve.h"
#include "reconciler/cli/commands/status.h"
#include "reconciler/cli/commands/validate.h"
#include "reconciler/cli/commands/version.h"
#include "reconciler/cli/commands/why.h"
#include "reconciler/cli/errand_verbs.h"

namespace maand {
namespace {

void add_bucket_verbs(CLI::App& app, Run& run) {
  const auto init = std::make_shared<InitOptions>();
  CLI::App& make = verb(app, run, "init", "Make a bucket for a repository", run_init, init);
  make.add_option("--repo", init->repo, "The repository: https://, ssh://, user@host:path or file://")
      ->required();
  make.add_option("--branch", init->branch, "The branch that says what runs")->capture_default_str();
  make.add_option("--path", init->path, "The folder of workers.json in the repository")
      ->capture_default_str();
  make.add_option("--bucket-id", init->bucket_id,
                  "Names the bucket's files on workers (default: a random UUID)");
  make.add_option("DIR", init->directory, "The directory to make it in")->capture_default_str();
}

void add_workspace_verbs(CLI::App& app, Run& run) {
  const auto validate = std::make_shared<ValidateOptions>();
  CLI::App& check =
      verb(app, run, "validate", "Tell every problem of a workspace directory", run_validate, validate);
  check.add_option("DIR", validate->directory,
                   "A workspace, or a checkout with workspace/ in it (default: the current checkout)");
  check.add_option("--format", validate->format, "text, or github to annotate files in GitHub Actions")
      ->check(CLI::IsMember({"text", "github"}))
      ->capture_default_str();

  CLI::App* job = app.add_subcommand("job", "Work on a job of the workspace, or where it runs");
  job->require_subcommand(1);
  add_job_target_verbs(*job, run);
  const auto create = std::make_shared<JobCreateOptions>();
  CLI::App& scaffold =
      verb(*job, run, "create", "Write a new job with every target explained", run_job_create, create);
  scaffold.add_option("NAME", create->name, "Name of the job and of its directory")->required();
  scaffold
      .add_option("-s,--selectors", create->selectors, "Labels a worker needs to run it, all of them: a,b")
      ->delimiter(',');

  const auto order = [&](const char* name, const char* about,
                         int (*function)(const Context&, const JobOrderOptions&)) {
    const auto options = std::make_shared<JobOrderOptions>();
    CLI::App& by_hand = verb(*job, run, name, about, function, options);
    by_hand.add_option("JOB", options->job, "The job")->required();
    by_hand.add_option("--allocations", options->allocations, "On these workers alone: a,b")->delimiter(',');
    by_hand.add_flag("--health_check", options->health_check,
                     "Each batch has to come up healthy before the next one begins");
    return std::pair(&by_hand, options);
  };
  order("start", "Start what was stopped, batch by batch", run_job_start);
  const auto [stop, stopping] =
      order("stop", "Stop it until `maand job start`, batch by batch", run_job_stop);
  stop->add_option("--reason", stopping->reason, "Why; shown to whoever finds it stopped");
  stop->add_option("--for", stopping->span, "How long (2h, 1h30m); then it starts by itself");
  order("restart", "Restart what runs, batch by batch", run_job_restart);
}

void add_daemon_verbs(CLI::App& app, Run& run) {
  const auto serve = std::make_shared<ServeOptions>();
  CLI::App& daemon =
      verb(app, run, "serve", "Run the daemon: follow the branch, roll out what it says", run_serve, serve);
  daemon
      .add_option(
          "--bucket", serve->buckets,
          "The bucket's directory; more than once: one daemon serves all of them, apart from each other")
      ->type_name("DIR")
      ->allow_extra_args(false);  // else --bucket would take the words behind it as well
  daemon.add_option("--buckets", serve->directory,
                    "Serve every bucket in this directory; SIGHUP looks again");
  daemon.add_option(
      "--listen", serve->listen,
      "Of several buckets: API and dashboards (default: MAAND__HTTP__LISTEN, else 127.0.0.1:8484)");
  daemon.add_option("--health-listen", serve->health_listen,
                    "Of several buckets: health and metrics (default: MAAND__HTTP__HEALTH_LISTEN, else "
                    "127.0.0.1:8485)");
  daemon.add_option("--webhook-listen", serve->webhook_listen,
                    "Of several buckets: webhooks (default: MAAND__HTTP__WEBHOOK_LISTEN, else none)");
  daemon.add_option("--tls-cert", serve->tls_cert, "Of several buckets: the listeners' certificate, a file");
  daemon.add_option("--tls-key", serve->tls_key, "Of several buckets: its key, a file");
  daemon.add_flag("--allow-plaintext", serve->allow_plaintext,
                  "Of several buckets: beyond loopback without TLS, where a proxy in front speaks it");

  const auto reconcile = std::make_shared<ReconcileOptions>();
  verb(app, run, "reconcile", "Look at the branch now; without a daemon, do one pass and end", run_reconcile,
       reconcile)
      .add_flag("--wait", reconcile->wait, "Wait until the daemon has done it, and tell the outcome");

  const auto plan = std::make_shared<PlanOptions>();
  CLI::App& show = verb(app, run, "plan", "Show what would change and why, touching nothing", run_plan, plan);
  auto* commit =
      show.add_option("--commit", plan->commit, "Of this commit (default: the newest of the branch)");
  show.add_option("--workspace", plan->workspace, "Of this directory instead of a commit")->excludes(commit);
  show.add_option("--jobs", plan->jobs, "Of these jobs alone: a,b")->delimiter(',');
  show.add_flag("-v,--verbose", plan->verbose,
                "Diffs of the files, ports, reservations and warnings as well");

  const auto render = std::make_shared<RenderOptions>();
  CLI::App& files = verb(app, run, "render", "Print the files an allocation would get", run_render, render);
  files.add_option("JOB[@WORKER]", render->subject, "The job, or one allocation of it")->required();
  files.add_option("--file", render->file, "Only this file of the job");
  auto* render_commit =
      files.add_option("--commit", render->commit, "Of this commit (default: the newest of the branch)");
  files.add_option("--workspace", render->workspace, "Of this directory instead of a commit")
      ->excludes(render_commit);
  files.add_flag("--reveal", render->reveal, "Secrets in the clear instead of <secret>");

  const auto retry = std::make_shared<RetryOptions>();
  verb(app, run, "retry", "Try a job again that is held after a failure", run_retry, retry)
      .add_option("JOB", retry->job, "The job")
      ->required();

  const auto release = std::make_shared<ReleaseOptions>();
  CLI::App& let =
      verb(app, run, "release", "Let a job or a commit pass that a policy holds", run_release, release);
  let.add_option("COMMIT|JOB", release->subject, "The job, or the commit at the head of the branch")
      ->required();
  auto* why = let.add_option("--reason", release->reason,
                             "With --unsigned: why; kept with who said it, and shown in the note");
  let.add_flag("--unsigned", release->unsigned_commits,
               "The commit and all before it may be applied though nobody trusted signed them")
      ->needs(why);

  const auto suspend = std::make_shared<SuspendOptions>();
  CLI::App& pause =
      verb(app, run, "suspend", "Begin nothing more of a job, or of all, for a while", run_suspend, suspend);
  pause.add_option("JOB", suspend->job, "The job (default: every job of the bucket)");
  pause.add_option("--reason", suspend->reason, "Why: shown to whoever finds it suspended")->required();
  pause.add_option("--for", suspend->span, "How long: 90s, 2h, 1d12h")->required();

  const auto resume = std::make_shared<ResumeOptions>();
  verb(app, run, "resume", "End a suspension or a pin", run_resume, resume)
      .add_option("JOB", resume->job, "The job (default: what is suspended as a whole)");

  const auto pin = std::make_shared<PinOptions>();
  CLI::App& stay = verb(app, run, "pin", "Bring the bucket to a commit and hold it there", run_pin, pin);
  stay.add_option("COMMIT", pin->to, "The commit, workers and all")->required();
  stay.add_option("--reason", pin->reason, "Why: shown to whoever finds it pinned")->required();
  stay.add_option("--for", pin->span, "How long: 2h, 7d (default: until `maand resume`)");

  const auto rollback = std::make_shared<RollbackOptions>();
  CLI::App& back =
      verb(app, run, "rollback", "Bring a job to the content of another commit and hold it there",
           run_rollback, rollback);
  back.add_option("JOB", rollback->job, "The job")->required();
  back.add_option("--to", rollback->to, "The commit its content is taken from")->required();
  back.add_option("--reason", rollback->reason, "Why: shown to whoever finds it pinned")->required();
  back.add_option("--for", rollback->span, "How long: 2h, 7d (default: until `maand resume JOB`)");
}

void add_recovery_verbs(CLI::App& app, Run& run) {
  const auto adopt = std::make_shared<AdoptOptions>();
  CLI::App& taking =
      verb(app, run, "adopt", "Take over what an original maand deployed, without running any target",
           run_adopt, adopt);
  taking.add_flag("--dry-run", adopt->dry_run,
                  "Tell what would be taken over and what comes next; change nothing");
  taking.add_flag("--without-unreachable", adopt->without_unreachable,
                  "Believe the database of workers that cannot be read");
  taking.add_flag("--with-held", adopt->with_held,
                  "Also take over jobs that are held at the head; their first good commit restarts them");
  taking.add_option("--repo", adopt->repo, "The repository of the workspace, where maand.conf names none");
  taking.add_option("--branch", adopt->branch, "The branch that says what runs (default: main)");
  taking.add_option("--path", adopt->path,
                    "The folder of workers.json in the repository (default: workspace)");

  const auto takeover = std::make_shared<TakeoverOptions>();
  verb(app, run, "takeover", "Claim the workers: after a lost or restored store, or from another controller",
       run_takeover, takeover)
      .add_option("--reason", takeover->reason, "Why: kept with who did it");

  const auto forget = std::make_shared<ForgetOptions>();
  verb(app, run, "forget", "Drop the record of an allocation that cannot be stopped", run_forget, forget)
      .add_option("JOB@WORKER", forget->allocation, "The allocation")
      ->required();

  const auto backup = std::make_shared<BackupOptions>();
  verb(app, run, "backup", "Copy what only this bucket has, state and secrets, also while a daemon runs",
       run_backup, backup)
      .add_option("DIR", backup->directory, "The directory to make for it")
      ->required();

  const auto restore = std::make_shared<RestoreOptions>();
  verb(app, run, "restore", "Put a backup's state back, and secrets that are missing", run_restore, restore)
      .add_option("DIR", restore->directory, "The directory that `maand backup` made")
      ->required();

  CLI::App* worker = app.add_subcommand("worker", "Say what became of a worker");
  worker->require_subcommand(1);
  const auto host = [&](const std::string& name, const std::string& about,
                        int (*function)(const Context&, const WorkerOptions&)) {
    const auto options = std::make_shared<WorkerOptions>();
    CLI::App& made = verb(*worker, run, name, about, function, options);
    made.add_option("HOST", options->host, "The worker, as workers.json names it")->required();
    if (name == "trust")
      made.add_flag("--replaced", options->replaced, "The machine or its disk is another one now");
  };
  host("reset", "It was wiped or is new: ask it what it keeps, and deploy what it lacks", run_worker_reset);
  host("trust", "What is on record lies on it, whatever its marker says; runs nothing", run_worker_trust);
  host("forget", "It left the workspace and does not come back", run_worker_forget);
  host("undrain", "Let what belongs on a drained worker start there again", run_worker_undrain);
  const auto drain = std::make_shared<DrainOptions>();
  CLI::App& empty = verb(*worker, run, "drain", "Stop what is on it, and start nothing there until undrained",
                         run_worker_drain, drain);
  empty.add_option("HOST", drain->host, "The worker, as workers.json names it")->required();
  empty.add_option("--reason", drain->reason, "Why: shown to whoever finds it drained");
  empty.add_option("--for", drain->span, "How long: 2h, 7d (default: until `maand worker undrain`)");
  empty.add_flag("--force", drain->force, "Also where more of a job would be out than may be");
}

void add_looking_verbs(CLI::App& app, Run& run) {
  const auto status = std::make_shared<StatusOptions>();
  verb(app, run, "status", "Show commit, state, allocations, and what is held or waits", run_status, status)
      .add_flag("--watch", status->watch, "Show it again and again, until Ctrl-C");

  const auto why = std::make_shared<WhyOptions>();
  verb(app, run, "why", "Tell why a job is as it is, and what it waits for", run_why, why)
      .add_option("JOB[@WORKER]", why->subject, "The job, or one allocation of it")
      ->required();

  const auto health = std::make_shared<HealthCheckOptions>();
  CLI::App& check = verb(app, run, "health_check", "Probe the jobs that run, now", run_health_check, health);
  check.add_option("--jobs", health->jobs, "These jobs alone: a,b")->delimiter(',');
  check.add_flag("--wait", health->wait, "Probe until they are healthy, as often as their manifests say");
  check.add_flag("-v,--verbose", health->verbose, "Healthy allocations as well");

  const auto history = std::make_shared<HistoryOptions>();
  verb(app, run, "history", "List past passes, newest first", run_history, history)
      .add_option("--limit", history->limit, "How many at most")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();

  verb(app, run, "info", "Show what this bucket is: repository, head, applied commit, sizes, versions",
       run_info, std::make_shared<InfoOptions>());

  const auto audit = std::make_shared<AuditOptions>();
  CLI::App& orders = verb(app, run, "audit", "List what people ordered, newest first", run_audit, audit);
  orders.add_option("--limit", audit->limit, "How many at most")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  orders.add_option("--actor", audit->actor, "Of this person or token alone");
  orders.add_option("--about", audit->subject, "About this job, allocation, worker or commit alone");

  const auto events = std::make_shared<EventsOptions>();
  verb(app, run, "events", "Print what happens in the daemon, newest last", run_events, events)
      .add_flag("-f,--follow", events->follow, "Go on with what comes, until Ctrl-C");

  const auto note = std::make_shared<NoteOptions>();
  verb(app, run, "note", "Print what was said about a commit in its git note", run_note, note)
      .add_option("REV", note->rev, "The commit (default: the newest that was judged)");

  const auto logs = std::make_shared<LogsOptions>();
  CLI::App& output = verb(app, run, "logs", "Print what an allocation's targets printed", run_logs, logs);
  output.add_option("JOB@WORKER", logs->allocation, "The allocation")->required();
  output.add_flag("-f,--follow", logs->follow, "Go on with what comes, until Ctrl-C");

  verb(app, run, "version", "Print the version", run_version, std::make_shared<VersionOptions>());
}

void add_notify_verbs(CLI::App& app, Run& run) {
  CLI::App* notify = app.add_subcommand("notify", "Word to people: chat, mail, webhook");
  notify->require_subcommand(1);
  verb(*notify, run, "test", "Send one message to every channel and tell what came of it", run_notify_test,
       std::make_shared<NotifyTestOptions>());
}

}  // namespace

CLI::App& add_verb(CLI::App& parent, Run& run, const std::string& name, const std::string& about,
                   const Run& function) {
  CLI::App* app = parent.add_subcommand(name, about);
  app->footer(kExitStatuses);
  app->callback([&run, function] { run = function; });
  return *app;
}

void add_verbs(CLI::App& app, Run& run) {
  add_bucket_verbs(app, run);
  add_workspace_verbs(app, run);
  add_daemon_verbs(app, run);
  add_recovery_verbs(app, run);
  add_looking_verbs(app, run);
  add_catalogue_verbs(app, run);
  add_secret_verbs(app, run);
  add_errand_verbs(app, run);
  add_notify_verbs(app, run);
  add_paper_verbs(app, run);
}

}  // namespace maand
