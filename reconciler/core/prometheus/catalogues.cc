#include "reconciler/core/prometheus/catalogues.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "reconciler/core/prometheus/port_target.h"
#include "reconciler/core/prometheus/scrape_json.h"
#include "reconciler/core/prometheus/yaml_scalar.h"
#include "reconciler/core/prometheus/yaml_text.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

std::string path_in(const JobName& job, std::string_view path) {
  return "jobs/" + job.str() + "/" + std::string(path);
}

struct NameUse {
  JobName job;
  std::string path;  // from the workspace
};
using NameUses = std::map<std::string, std::vector<NameUse>>;

void tell_twice(const NameUses& uses, const std::string& what, std::vector<CatalogueConflict>& out) {
  for (const auto& [name, places] : uses) {
    if (places.size() < 2) continue;
    CatalogueConflict conflict;
    std::vector<std::string> paths;
    for (const NameUse& use : places) {
      conflict.jobs.push_back(use.job);
      paths.push_back(use.path);
    }
    std::sort(conflict.jobs.begin(), conflict.jobs.end());
    conflict.jobs.erase(std::unique(conflict.jobs.begin(), conflict.jobs.end()), conflict.jobs.end());
    paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
    constexpr std::size_t kShown = 5;
    if (paths.size() > kShown) {
      const std::string more = std::to_string(paths.size() - kShown + 1) + " more";
      paths.resize(kShown - 1);
      paths.push_back(more);
    }
    const bool one_file = paths.size() == 1;
    conflict.diagnostic = {Severity::kError, places.back().path, "",
                           "the " + what + " " + quote(name) + " is used " +
                               (one_file ? "twice in this file" : "by " + join_words(paths)),
                           "give each a name of its own"};
    out.push_back(std::move(conflict));
  }
}

void check_servers(std::span<const CatalogueJob> jobs, std::vector<CatalogueConflict>& out) {
  const auto linking = std::find_if(jobs.begin(), jobs.end(),
                                    [](const CatalogueJob& job) { return job.catalogue->links_runbooks(); });
  if (linking == jobs.end()) return;
  for (const CatalogueJob& server : jobs) {
    if (!server.is_server || server_port_name(server.declared_ports)) continue;
    const JobName& name = server.catalogue->job;
    out.push_back({{name},
                   {Severity::kError, path_in(name, "manifest.json"), "resources.ports",
                    "alerts of " + linking->catalogue->job.str() +
                        " link to runbooks of this server, and no port says where it is found",
                    "name the port of its web pages prometheus_port_http"}});
  }
}

// Whether the job is among the three values that tell of all jobs.
bool is_scraped(const CatalogueJob& job) {
  const auto& scrape = job.catalogue->scrape;
  return scrape && !(scrape->uses_ports() && job.active.empty());
}

}  // namespace

bool has_prometheus(std::span<const CatalogueJob> jobs) {
  return std::any_of(jobs.begin(), jobs.end(), [](const CatalogueJob& job) { return job.is_server; });
}

std::vector<CatalogueConflict> check_catalogues(std::span<const CatalogueJob> jobs) {
  std::vector<CatalogueConflict> out;
  if (!has_prometheus(jobs)) return out;
  NameUses alerts;
  NameUses scrapes;
  for (const CatalogueJob& job : jobs) {
    const JobCatalogue& catalogue = *job.catalogue;
    for (const AlertFile& file : catalogue.alerts) {
      for (const std::string& name : file.alerts)
        alerts[name].push_back({catalogue.job, path_in(catalogue.job, file.path)});
    }
    if (!catalogue.scrape) continue;
    const std::string path =
        path_in(catalogue.job, catalogue.scrape_template ? kScrapeTemplatePath : kScrapePath);
    for (const std::string& name : catalogue.scrape->job_names)
      scrapes[name].push_back({catalogue.job, path});
  }
  tell_twice(alerts, "alert", out);
  tell_twice(scrapes, "job_name", out);
  check_servers(jobs, out);
  return out;
}

PrometheusValues prometheus_values(std::span<const CatalogueJob> jobs) {
  PrometheusValues out;
  std::string all;
  std::string names;
  std::size_t count = 0;
  const bool anybody_reads = has_prometheus(jobs);
  for (const CatalogueJob& job : jobs) {
    const JobCatalogue& catalogue = *job.catalogue;
    if (!catalogue.scrape || !anybody_reads) continue;
    const std::string json = scrape_json(catalogue.scrape->items);
    if (!catalogue.scrape->job_names.empty())
      out.job_names[catalogue.job] = catalogue.scrape->job_names.front();
    if (is_scraped(job) && json.size() > 2) {
      all += (all.empty() ? "" : ",") + json.substr(1, json.size() - 2);
      names += (count > 0 ? "," : "") + catalogue.job.str();
      ++count;
    }
    out.entries["scrape/" + catalogue.job.str()] = json;
  }
  out.entries["scrape_configs"] = "[" + all + "]";
  out.entries["scrape_jobs"] = names;
  out.entries["scrape_jobs_length"] = std::to_string(count);
  return out;
}

std::string scrape_configs(std::span<const CatalogueJob> jobs, Diagnostics& diagnostics) {
  YamlValue all;
  all.kind = YamlValue::Kind::kList;
  if (!has_prometheus(jobs)) return "";
  for (const CatalogueJob& job : jobs) {
    if (!is_scraped(job)) continue;
    const JobCatalogue& catalogue = *job.catalogue;
    const Site site(diagnostics,
                    path_in(catalogue.job, catalogue.scrape_template ? kScrapeTemplatePath : kScrapePath));
    std::optional<YamlValue> items =
        expand_scrape(*catalogue.scrape, catalogue.job, job.ports, job.active, site);
    if (!items) continue;
    std::move(items->items.begin(), items->items.end(), std::back_inserter(all.items));
  }
  std::string out;
  if (all.items.empty()) return out;
  for (const std::string& line : yaml_lines(all)) out += "\n  " + line;
  return out;
}

std::string rule_files(std::span<const CatalogueJob> jobs) {
  if (!has_prometheus(jobs)) return "";
  std::string out = "rule_files:\n  - rules/maand/certs.yaml\n";
  for (const CatalogueJob& job : jobs) {
    for (const AlertFile& file : job.catalogue->alerts)
      out += "  - " + yaml_string("rules/" + job.catalogue->job.str() + "/" + file.basename) + "\n";
  }
  return out;
}

}  // namespace maand
