// The catalogues of all jobs together: what does not go together, the variables
// of maand/prometheus, and what the template functions `scrapeConfigs` and
// `ruleFiles` give (workspace.md 13.1, 13.2, 13.4).
//
// Every function takes all jobs, sorted by name. When none of them is a server,
// nothing is judged, and everything is empty.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "reconciler/core/diagnostics.h"
#include "reconciler/core/prometheus/catalogue.h"

namespace maand {

// One job of the commit that is being planned.
struct CatalogueJob {
  JobCataloguePtr catalogue;  // never null; its template rendered (with_rendered_scrape)
  bool is_server = false;     // ships_prometheus()
  std::vector<PortBinding> declared_ports;
  std::map<std::string, int> ports;  // name → number
  std::vector<ScrapeWorker> active;  // where it runs and is not disabled, by (position, host)
};

bool has_prometheus(std::span<const CatalogueJob> jobs);

// Jobs that load, each by itself, and do not go together.
struct CatalogueConflict {
  std::vector<JobName> jobs;  // sorted, never empty
  Diagnostic diagnostic;
};

// Names of alerts and of scrape jobs are unique everywhere; a server to which
// alerts link has a port that can be told (port_target.h). Looks at nothing but
// catalogues, is_server and declared_ports.
std::vector<CatalogueConflict> check_catalogues(std::span<const CatalogueJob> jobs);

struct PrometheusValues {
  std::map<std::string, std::string> entries;  // namespace maand/prometheus, all of it
  std::map<JobName, std::string> job_names;    // key `job_name` of maand/job/<job>, where it changes
};
PrometheusValues prometheus_values(std::span<const CatalogueJob> jobs);

// YAML to stand below `scrape_configs:`: each line begins with a line feed and two
// blanks; "" when no job is scraped. A job that cannot be expanded is told to
// `diagnostics` and left out.
std::string scrape_configs(std::span<const CatalogueJob> jobs, Diagnostics& diagnostics);

// `rule_files:` and an item for each file that assemble_server_files puts below
// `rules/`, each line with its line feed.
std::string rule_files(std::span<const CatalogueJob> jobs);

}  // namespace maand
