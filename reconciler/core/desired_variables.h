// The variables of a desired state as its templates read them, and what a
// Prometheus server in it gets (workspace.md 6.1, 13).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "reconciler/core/allocation_values.h"
#include "reconciler/core/applied.h"
#include "reconciler/core/desired.h"
#include "reconciler/core/files.h"
#include "reconciler/core/prometheus/catalogues.h"
#include "reconciler/core/rendering.h"
#include "reconciler/core/variables.h"
#include "reconciler/core/workspace.h"

namespace maand {

class DesiredVariables {
 public:
  // Refers to all of them, which must outlive it and stay where they are.
  DesiredVariables(const DesiredState& desired, const Workspace& workspace, const VariableSources& sources);
  DesiredVariables(const DesiredVariables&) = delete;
  DesiredVariables& operator=(const DesiredVariables&) = delete;

  const Variables& all() const { return *variables_; }
  const ScrapeTexts& scrape() const { return scrape_; }
  // Of every job, sorted by name; empty where there is no server.
  const std::vector<CatalogueJob>& catalogues() const { return catalogues_; }

  // Jobs whose scrape.yaml.tpl could not be rendered, and those whose catalogues do
  // not go together once it is. Such a job scrapes nothing.
  const std::map<JobName, std::vector<RenderFailure>>& failures() const { return failures_; }
  const std::vector<CatalogueConflict>& conflicts() const { return conflicts_; }

  // Files of the job on the i-th worker that neither git nor a template gives: its
  // certificates, and what is assembled for a Prometheus server. Returns why one is not
  // there, or "".
  std::string make_files(const Job& job, std::uint32_t worker, MadeFiles& out) const;

 private:
  void add_server_files(const Job& job, std::uint32_t worker, MadeFiles& out) const;
  Variables make_variables() const;
  void read_catalogues();
  JobCataloguePtr rendered(const Job& job, const Variables& early);

  const DesiredState& desired_;
  const Workspace& workspace_;
  const VariableSources& sources_;
  std::map<JobName, PlacedJob> placed_;
  std::vector<CatalogueJob> catalogues_;  // empty where there is no server
  std::string catalogue_inputs_;          // what they were made from
  PrometheusValues prometheus_;
  ScrapeTexts scrape_;
  std::map<JobName, std::vector<RenderFailure>> failures_;
  std::vector<CatalogueConflict> conflicts_;
  std::unique_ptr<Variables> variables_;
};

}  // namespace maand
