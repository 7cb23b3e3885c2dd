// What `maand cat` shows: facts of the judged head and the applied state as rows.
//
// One shape for the table on a terminal and for `--json`, so that the two cannot
// tell different things.
#pragma once

#include <string>
#include <vector>

#include "reconciler/cli/judged_head.h"

namespace maand {

struct Listing {
  struct Column {
    std::string name;       // of the member in JSON; upper-case as a heading
    bool number = false;    // aligned to the right, a number in JSON
    bool flexible = false;  // cut first when the terminal is narrow
  };
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;  // one cell for each column
};

// Which rows. Empty = all of them.
struct ListingFilter {
  std::vector<std::string> jobs;
  std::vector<std::string> workers;
  std::vector<std::string> labels;  // in `workers` once with_labels() was asked
  bool active = false;              // deployments: of what is placed and not disabled
  bool deleted = false;             // variables: what was, instead of what is

  bool names_job(const JobName& job) const;
  bool names_worker(const WorkerHost& worker) const;
};

// CommandError (kExitUsage) for a name in the filter that nobody has. REQUIRES: head.desired.
void require_known(const JudgedHead& head, const ListingFilter& filter);

// `filter` with the workers that have all of its labels, and are named if any are. CommandError
// (kExitUsage) where there is none. REQUIRES: head.desired.
ListingFilter with_labels(const JudgedHead& head, ListingFilter filter);

// What the active allocations of a worker reserve together. REQUIRES: head.desired.
Reservation reserved_on(const JudgedHead& head, std::uint32_t worker);

// REQUIRES of all: head.desired. All begin with require_known().
Listing list_workers(const JudgedHead& head, const ListingFilter& filter);       // reserved against capacity
Listing list_jobs(const JudgedHead& head, const ListingFilter& filter);          // waves, reservations, holds
Listing list_allocations(const JudgedHead& head, const ListingFilter& filter);   // where what runs
Listing list_job_ports(const JudgedHead& head, const ListingFilter& filter);     // numbers of ports
Listing list_job_commands(const JudgedHead& head, const ListingFilter& filter);  // commands and demands
Listing list_deployments(const JudgedHead& head, const ListingFilter& filter);  // what workers have confirmed
// What stands below `scrape_configs:` of a server: YAML, without indent. Empty: nothing of these
// jobs is scraped.
std::string scrape_yaml(const JudgedHead& head, const ListingFilter& filter);
// The assembled catalogue: servers, scrape jobs with their targets, rule files with
// their alerts, runbooks, dashboards. Empty where no job is a Prometheus server.
Listing list_prometheus(const JudgedHead& head, const ListingFilter& filter);
// Every variable; with jobs in the filter, of the namespaces their allocations read. With
// `deleted`, those that hooks or operators took away and that are not trimmed yet, without
// their values. Secrets are `[encrypted]`.
Listing list_variables(const JudgedHead& head, const ListingFilter& filter);

// One variable in full: members namespace, key, value, version, written_at, deleted. A secret is
// `[encrypted]` unless `reveal`. CommandError (kExitUsage) when it is not there.
Listing show_variable(const JudgedHead& head, const std::string& ns, const std::string& key, bool reveal);

}  // namespace maand
