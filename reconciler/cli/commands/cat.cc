#include "reconciler/cli/commands/cat.h"

#include <iostream>
#include <string>

#include "reconciler/cli/bucket.h"
#include "reconciler/cli/listing_text.h"
#include "reconciler/cli/status_document.h"
#include "reconciler/cli/status_view.h"

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
  return print(context, list_workers(known_head(context, false), options.filter));
}

int run_cat_jobs(const Context& context, const CatOptions& options) {
  return print(context, list_jobs(known_head(context, false), options.filter));
}

int run_cat_allocations(const Context& context, const CatOptions& options) {
  return print(context, list_allocations(known_head(context, false), options.filter));
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

int run_cat_kv_get(const Context& context, const CatValueOptions& options) {
  const Listing listing =
      show_variable(known_head(context, options.reveal), options.ns, options.key, options.reveal);
  if (context.json) {
    std::cout << json_of(listing) << "\n";
    return kExitDone;
  }
  for (std::size_t i = 0; i < listing.columns.size(); ++i) {
    std::cout << listing.columns[i].name << ": " << listing.rows[0][i] << "\n";
  }
  return kExitDone;
}

}  // namespace maand
