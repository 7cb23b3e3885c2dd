#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/cli/listing.h"
#include "reconciler/core/desired_variables.h"
#include "reconciler/core/prometheus/scrape_file.h"
#include "reconciler/core/prometheus/yaml_text.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

std::string text_at(const YamlValue& item, std::string_view key) {
  const YamlValue* found = item.find(key);
  return found ? found->text : "";
}

std::vector<std::string> targets_of(const YamlValue& item) {
  std::vector<std::string> out;
  const YamlValue* configs = item.find("static_configs");
  if (!configs) return out;
  for (const YamlValue& config : configs->items) {
    const YamlValue* targets = config.find("targets");
    if (!targets) continue;
    for (const YamlValue& target : targets->items) out.push_back(target.text);
  }
  return out;
}

// nullopt: nothing is, or its list cannot be expanded, which holds the server, and that tells why.
std::optional<YamlValue> scraped_of(const CatalogueJob& job) {
  if (!job.catalogue->scrape) return std::nullopt;
  Diagnostics ignored;
  return expand_scrape(*job.catalogue->scrape, job.catalogue->job, job.ports, job.active, Site(ignored, ""));
}

void add_scrapes(const CatalogueJob& job, Listing& out) {
  const auto items = scraped_of(job);
  if (!items) return;
  for (const YamlValue& item : items->items)
    out.rows.push_back(
        {"scrape", job.catalogue->job.str(), text_at(item, "job_name"), comma_list(targets_of(item))});
}

void add_files(const JobCatalogue& catalogue, Listing& out) {
  const std::string& job = catalogue.job.str();
  for (const AlertFile& file : catalogue.alerts)
    out.rows.push_back({"rules", job, "rules/" + job + "/" + file.basename, comma_list(file.alerts)});
  for (const Runbook& runbook : catalogue.runbooks)
    out.rows.push_back({"runbook", job, runbook.slug, runbook.title});
  for (const Dashboard& dashboard : catalogue.dashboards)
    out.rows.push_back({"dashboard", job, dashboard.path, dashboard.title});
}

}  // namespace

std::string scrape_yaml(const JudgedHead& head, const ListingFilter& filter) {
  require_known(head, filter);
  const DesiredVariables variables(*head.desired, head.workspace, head.sources);
  YamlValue all;
  all.kind = YamlValue::Kind::kList;
  for (const CatalogueJob& job : variables.catalogues()) {
    if (!filter.names_job(job.catalogue->job)) continue;
    std::optional<YamlValue> items = scraped_of(job);
    if (items) std::move(items->items.begin(), items->items.end(), std::back_inserter(all.items));
  }
  std::string out;
  if (all.items.empty()) return out;
  for (const std::string& line : yaml_lines(all)) out += line + "\n";
  return out;
}

Listing list_prometheus(const JudgedHead& head, const ListingFilter& filter) {
  require_known(head, filter);
  const DesiredVariables variables(*head.desired, head.workspace, head.sources);
  Listing out{{{"kind"}, {"job"}, {"name"}, {"detail", false, true}}, {}};
  for (const CatalogueJob& job : variables.catalogues()) {
    if (!filter.names_job(job.catalogue->job)) continue;
    if (job.is_server) {
      std::vector<std::string> where;
      for (const ScrapeWorker& one : job.active) where.push_back(one.address);
      out.rows.push_back({"server", job.catalogue->job.str(), job.catalogue->job.str(), comma_list(where)});
    }
    add_scrapes(job, out);
    add_files(*job.catalogue, out);
  }
  return out;
}

}  // namespace maand
