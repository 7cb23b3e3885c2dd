// `maand cat …`: tables of what is known (interface.md).
#pragma once

#include <string>

#include "reconciler/cli/context.h"
#include "reconciler/cli/listing.h"

namespace maand {

struct CatOptions {
  ListingFilter filter;
  bool active = false;  // kv: said in words what goes without saying
};

int run_cat_workers(const Context& context, const CatOptions& options);
int run_cat_jobs(const Context& context, const CatOptions& options);
int run_cat_allocations(const Context& context, const CatOptions& options);
int run_cat_deployments(const Context& context, const CatOptions& options);
int run_cat_prometheus(const Context& context, const CatOptions& options);
int run_cat_job_ports(const Context& context, const CatOptions& options);
int run_cat_job_commands(const Context& context, const CatOptions& options);
int run_cat_kv(const Context& context, const CatOptions& options);
int run_cat_certs(const Context& context, const CatOptions& options);
// What a server scrapes, as YAML. kExitFailed: nothing.
int run_cat_prometheus_scrape(const Context& context, const CatOptions& options);

struct CatFileOptions {
  std::string job;
  std::string path;  // below `_prometheus/` of the job, which may be left out
};
// A file of a job's catalogue as it stands in the commit, byte for byte.
int run_cat_prometheus_get(const Context& context, const CatFileOptions& options);

struct CatValueOptions {
  std::string ns;
  std::string key;
  bool reveal = false;  // a secret in the clear
};
int run_cat_kv_get(const Context& context, const CatValueOptions& options);

}  // namespace maand
