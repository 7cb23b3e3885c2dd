// Verbs below `maand cat`.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "reconciler/cli/command_line.h"
#include "reconciler/cli/commands/cat.h"

namespace maand {
namespace {

// What narrows a table down, of which it has which.
struct CatFilters {
  bool workers = false, labels = false, active = false;
};

CLI::App& add_cat(CLI::App& parent, Run& run, const std::string& name, const std::string& about,
                  int (*function)(const Context&, const CatOptions&), const CatFilters& filters) {
  const auto options = std::make_shared<CatOptions>();
  CLI::App& table = verb(parent, run, name, about, function, options);
  table.add_option("--jobs", options->filter.jobs, "Of these jobs alone: a,b")->delimiter(',');
  if (filters.workers)
    table.add_option("--workers", options->filter.workers, "Of these workers alone: a,b")->delimiter(',');
  if (filters.labels)
    table.add_option("--labels", options->filter.labels, "Of workers with all of these labels: a,b")
        ->delimiter(',');
  if (filters.active)
    table.add_flag("--active", options->filter.active, "Of what is placed and not disabled");
  // CLI11 runs the callback of a table after that of a verb below it as well.
  table.callback([&run, &table, function, options] {
    if (!table.get_subcommands().empty()) return;
    run = [function, options](const Context& context) { return function(context, *options); };
  });
  return table;
}

void add_cat_prometheus(CLI::App& cat, Run& run) {
  CLI::App& table =
      add_cat(cat, run, "prometheus", "What Prometheus scrapes, its rules, runbooks and dashboards",
              run_cat_prometheus, {});
  const auto file = std::make_shared<CatFileOptions>();
  CLI::App& get = verb(table, run, "get", "One file of a job's catalogue, as it stands in the commit",
                       run_cat_prometheus_get, file);
  get.add_option("JOB", file->job, "The job")->required();
  get.add_option("PATH", file->path, "Below its _prometheus/, like alerts/disk.yaml")->required();
  const auto scrape = std::make_shared<CatOptions>();
  verb(table, run, "scrape", "What a server scrapes, with every target: YAML", run_cat_prometheus_scrape,
       scrape)
      .add_option("--jobs", scrape->filter.jobs, "Of these jobs alone: a,b")
      ->delimiter(',');
}

}  // namespace

void add_catalogue_verbs(CLI::App& app, Run& run) {
  CLI::App* cat = app.add_subcommand(
      "cat",
      "Show tables of workers, jobs, allocations, deployments, ports, commands, certificates, variables");
  cat->require_subcommand(1);
  add_cat(*cat, run, "workers", "Workers, and what is reserved of them", run_cat_workers,
          {.workers = true, .labels = true});
  add_cat(*cat, run, "jobs", "Jobs: versions, waves, reservations", run_cat_jobs, {});
  add_cat(*cat, run, "allocations", "Which job is on which worker", run_cat_allocations,
          {.workers = true, .labels = true});
  add_cat(*cat, run, "deployments", "What workers have confirmed, and when", run_cat_deployments,
          {.workers = true, .active = true});
  add_cat(*cat, run, "job_ports", "Numbers of declared ports", run_cat_job_ports, {});
  add_cat(*cat, run, "job_commands", "Commands of jobs and what they demand", run_cat_job_commands, {});
  add_cat(*cat, run, "certs", "Certificates, and when they end", run_cat_certs, {.workers = true});
  add_cat_prometheus(*cat, run);

  const auto list = std::make_shared<CatOptions>();
  CLI::App& kv = verb(*cat, run, "kv", "Variables that templates read", run_cat_kv, list);
  kv.add_option("--jobs", list->filter.jobs, "Those that allocations of these jobs read: a,b")
      ->delimiter(',');
  auto* active = kv.add_flag("--active", list->active, "Those that are, as without it");
  kv.add_flag("--deleted", list->filter.deleted, "Those that were taken away, and when")->excludes(active);
  kv.callback([&run, &kv, list] {
    if (!kv.get_subcommands().empty()) return;
    run = [list](const Context& context) { return run_cat_kv(context, *list); };
  });
  const auto one = std::make_shared<CatValueOptions>();
  CLI::App& get = verb(kv, run, "get", "One variable in full", run_cat_kv_get, one);
  get.add_option("NAMESPACE", one->ns, "For example maand/bucket")->required();
  get.add_option("KEY", one->key, "The key in it")->required();
  get.add_flag("--reveal", one->reveal, "A secret in the clear instead of [encrypted]");
}

}  // namespace maand
