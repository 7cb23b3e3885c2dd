// What one job's `_prometheus` directory says (workspace.md 13).
//
// Pure and total: any bytes give a catalogue and diagnostics that name file and
// field. Without a job that ships prometheus.yml nobody reads any of it: the
// caller then drops the diagnostics (workspace.md 13.1).
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/diagnostics.h"
#include "reconciler/core/files.h"
#include "reconciler/core/ids.h"
#include "reconciler/core/model.h"
#include "reconciler/core/prometheus/alert_file.h"
#include "reconciler/core/prometheus/dashboard.h"
#include "reconciler/core/prometheus/runbook.h"
#include "reconciler/core/prometheus/scrape_file.h"

namespace maand {

// Which files below a job directory load_catalogue wants to see.
inline constexpr std::string_view kCatalogueDirectory = "_prometheus/";

struct CatalogueFile {
  std::string path;  // below the job directory: `_prometheus/alerts/disk.yaml`
  std::string text;
};

struct JobCatalogue {
  JobName job;
  std::optional<std::string> scrape_template;  // scrape.yaml.tpl, not rendered yet
  std::optional<ScrapeFile> scrape;            // scrape.yaml, or what the template gave
  std::vector<AlertFile> alerts;               // by path
  std::vector<Runbook> runbooks;               // by slug
  std::vector<Dashboard> dashboards;           // by path

  // Whether some alert links to a runbook, so that a server needs an address.
  bool links_runbooks() const;
};
using JobCataloguePtr = std::shared_ptr<const JobCatalogue>;

inline constexpr std::string_view kScrapePath = "_prometheus/scrape.yaml";
inline constexpr std::string_view kScrapeTemplatePath = "_prometheus/scrape.yaml.tpl";

// `files` in any order; those outside `_prometheus/` are none of its business.
// `ports` are those the manifest declares. Paths in `diagnostics` begin with
// `jobs/<job>/`. Never null; with errors it must not be applied.
JobCataloguePtr load_catalogue(const JobName& job, std::span<const CatalogueFile> files,
                               const std::vector<PortBinding>& ports, Diagnostics& diagnostics);

// The same catalogue with what its scrape.yaml.tpl gave (workspace.md 13.3). Never
// null. REQUIRES: scrape_template.
JobCataloguePtr with_rendered_scrape(const JobCatalogue& catalogue, std::string_view rendered,
                                     const std::vector<PortBinding>& ports, Diagnostics& diagnostics);

// Whether a job with these files is a Prometheus server: it ships `prometheus.yml`
// or `prometheus.yml.tpl` at its top.
bool ships_prometheus(const FileSet& files);

}  // namespace maand
