#include "reconciler/cli/commands/cat.h"

#include <chrono>
#include <iostream>
#include <string>
#include <string_view>

#include "reconciler/cli/bucket.h"
#include "reconciler/cli/certificate_listing.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/cli/listing_text.h"
#include "reconciler/cli/settings.h"
#include "reconciler/cli/status_document.h"
#include "reconciler/cli/status_view.h"
#include "reconciler/core/names.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

// Of the commit that the daemon judged last, or else the newest one.
JudgedHead known_head(const Context& context, bool reveal) {
  const Bucket bucket = open_bucket(context);
  const StatusView status = parse_status(status_document(bucket));
  JudgedHead head = judge_head(bucket, {status.head, "", reveal});
  if (head.desired) return head;
  std::string problems = head.label + " is refused:";
  for (const Diagnostic& one : head.workspace.commit.all()) problems += "\n  " + to_string(one);
  throw CommandError(kExitHeld, problems);
}

int print(const Context& context, const Listing& listing) {
  std::cout << (context.json ? json_of(listing) + "\n" : table_of(listing, context));
  return kExitDone;
}

}  // namespace

int run_cat_workers(const Context& context, const CatOptions& options) {
  const JudgedHead head = known_head(context, false);
  return print(context, list_workers(head, with_labels(head, options.filter)));
}

int run_cat_jobs(const Context& context, const CatOptions& options) {
  return print(context, list_jobs(known_head(context, false), options.filter));
}

int run_cat_allocations(const Context& context, const CatOptions& options) {
  const JudgedHead head = known_head(context, false);
  return print(context, list_allocations(head, with_labels(head, options.filter)));
}

int run_cat_deployments(const Context& context, const CatOptions& options) {
  return print(context, list_deployments(known_head(context, false), options.filter));
}

int run_cat_prometheus(const Context& context, const CatOptions& options) {
  return print(context, list_prometheus(known_head(context, false), options.filter));
}

int run_cat_job_ports(const Context& context, const CatOptions& options) {
  return print(context, list_job_ports(known_head(context, false), options.filter));
}

int run_cat_job_commands(const Context& context, const CatOptions& options) {
  return print(context, list_job_commands(known_head(context, false), options.filter));
}

int run_cat_kv(const Context& context, const CatOptions& options) {
  return print(context, list_variables(known_head(context, false), options.filter));
}

int run_cat_certs(const Context& context, const CatOptions& options) {
  const Bucket bucket = open_bucket(context);
  return print(context, list_certificates(known_head(context, false), options.filter,
                                          certificate_rules(bucket), std::chrono::system_clock::now()));
}

int run_cat_prometheus_scrape(const Context& context, const CatOptions& options) {
  const std::string yaml = scrape_yaml(known_head(context, false), options.filter);
  if (yaml.empty()) {
    throw CommandError(kExitFailed,
                       "nothing is scraped: no job ships prometheus.yml, or none of these has "
                       "_prometheus/scrape.yaml with a target; `maand cat prometheus` shows what there is");
  }
  std::cout << (context.json ? JsonObject().text("scrape_configs", yaml).str() + "\n" : yaml);
  return kExitDone;
}

int run_cat_prometheus_get(const Context& context, const CatFileOptions& options) {
  constexpr std::string_view kFolder = "_prometheus/";
  const JudgedHead head = known_head(context, false);
  require_known(head, {{options.job}, {}});
  const std::string path =
      options.path.starts_with(kFolder) ? options.path : std::string(kFolder) + options.path;
  const std::string whole = "jobs/" + options.job + "/" + path;
  if (const auto problem = path_problem(path))
    throw CommandError(kExitUsage, quote(options.path) + " " + *problem + "; name a file below " + whole);
  const auto text = head.read_path(whole);
  if (!text) {
    throw CommandError(kExitFailed, "there is no " + printable(whole, 500) + " in " + head.label +
                                        "; `maand cat prometheus --jobs " + options.job +
                                        "` lists what there is");
  }
  std::cout << (context.json
                    ? JsonObject().text("job", options.job).text("path", path).text("content", *text).str() +
                          "\n"
                    : *text);
  return kExitDone;
}

int run_cat_kv_get(const Context& context, const CatValueOptions& options) {
  const Listing listing =
      show_variable(known_head(context, options.reveal), options.ns, options.key, options.reveal);
  if (context.json) {
    std::cout << json_of(listing) << "\n";
    return kExitDone;
  }
  for (std::size_t i = 0; i < listing.columns.size(); ++i) {
    const std::string& name = listing.columns[i].name;
    const std::string& cell = listing.rows[0][i];
    // What is shown is there, and what follows from the commit was never written.
    if (name == "deleted" || (name == "written_at" && cell.empty())) continue;
    std::cout << name << ": " << cell << "\n";
  }
  return kExitDone;
}

}  // namespace maand
