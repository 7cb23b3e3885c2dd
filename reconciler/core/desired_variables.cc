#include "reconciler/core/desired_variables.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "reconciler/core/certificate_files.h"
#include "reconciler/core/prometheus/port_target.h"
#include "reconciler/core/prometheus/server_files.h"
#include "reconciler/core/shipped_authority.h"

namespace maand {

DesiredVariables::DesiredVariables(const DesiredState& desired, const Workspace& workspace,
                                   const VariableSources& sources)
    : desired_(desired), workspace_(workspace), sources_(sources) {
  bool server = false;
  for (const auto& [name, job] : desired.jobs) {
    if (!job.job) continue;
    placed_[name] = {job.job.get(), &job.workers};
    server = server || job.job->is_prometheus;
  }
  if (server) read_catalogues();
  prometheus_ = prometheus_values(catalogues_);
  variables_ = std::make_unique<Variables>(make_variables());
}

Variables DesiredVariables::make_variables() const {
  return Variables({desired_.workers, desired_.disabled, placed_, desired_.ports, workspace_.bucket.values,
                    workspace_.bucket_jobs.jobs, sources_, prometheus_.entries, prometheus_.job_names});
}

void DesiredVariables::read_catalogues() {
  const Variables early = make_variables();  // nothing of maand/prometheus yet (13.3)
  for (const auto& [name, placed] : placed_) {
    const Job& job = *placed.job;
    CatalogueJob one;
    one.catalogue = rendered(job, early);
    one.is_server = job.is_prometheus;
    one.declared_ports = job.resources.ports;
    const auto ports = desired_.ports.find(name);
    if (ports != desired_.ports.end()) one.ports = ports->second;
    catalogue_inputs_ += name.str() + " " + job.tree.str();
    for (const auto& [port, number] : one.ports) catalogue_inputs_ += " " + std::to_string(number);
    for (const std::uint32_t worker : early.active_workers(name)) {
      one.active.push_back({desired_.workers[worker].host, early.address(worker)});
      catalogue_inputs_ += " " + early.address(worker);
    }
    catalogue_inputs_ += "\n";
    catalogues_.push_back(std::move(one));
  }
  conflicts_ = check_catalogues(catalogues_);
  Diagnostics problems;
  scrape_.scrape_configs = scrape_configs(catalogues_, problems);
  scrape_.rule_files = rule_files(catalogues_);
  if (problems.has_errors()) scrape_.problem = to_string(problems.all().front());
}

JobCataloguePtr DesiredVariables::rendered(const Job& job, const Variables& early) {
  if (!job.catalogue) {
    auto empty = std::make_shared<JobCatalogue>();
    empty->job = job.name;
    return empty;
  }
  if (!job.catalogue->scrape_template) return job.catalogue;
  const auto fail = [&](TemplateProblem problem) {
    failures_[job.name].push_back({std::string(kScrapeTemplatePath), std::move(problem)});
    return job.catalogue;
  };
  auto parsed = parse_template(*job.catalogue->scrape_template);
  if (auto* problem = std::get_if<TemplateProblem>(&parsed)) return fail(std::move(*problem));
  TemplateData data;
  data.job = job.name.str();
  data.current_version = job.version;
  data.new_version = job.version;
  data.job_only = true;
  const ScrapeTexts none{"", "", "a scrape file cannot be made of scrape files"};
  AllocationValues values(early, job, std::nullopt, none);
  auto result = maand::render(*std::get<TemplatePtr>(parsed), data, values);
  if (auto* problem = std::get_if<TemplateProblem>(&result)) {
    if (problem->kind != TemplateProblem::Kind::kMissingValue) return fail(std::move(*problem));
    MissingValues missing;
    const Template& scrape = *std::get<TemplatePtr>(parsed);
    for (TemplateProblem& one : missing.all_of(scrape, data, values, std::move(*problem)))
      fail(std::move(one));
    return job.catalogue;
  }
  Diagnostics found;
  JobCataloguePtr out =
      with_rendered_scrape(*job.catalogue, std::get<Rendered>(result).text, job.resources.ports, found);
  if (!found.has_errors()) return out;
  const Diagnostic& first = found.all().front();
  return fail(
      {TemplateProblem::Kind::kExecution, 1, 1, "what it gives is no scrape file: " + first.message, "", ""});
}

std::string DesiredVariables::make_files(const Job& job, std::uint32_t worker, MadeFiles& out) const {
  add_server_files(job, worker, out);
  if (job.certs.empty()) {
    if (auto authority = authority_file(job, sources_)) out.files.push_back(std::move(*authority));
    return {};
  }
  CertificateFiles made = certificate_files(job, variables_->address(worker), sources_);
  for (ShippedFile& file : made.files) out.files.push_back(std::move(file));
  out.inputs += made.inputs;
  return std::move(made.problem);
}

void DesiredVariables::add_server_files(const Job& job, std::uint32_t worker, MadeFiles& out) const {
  if (!job.is_prometheus || catalogues_.empty()) return;
  ServerPlace place{variables_->address(worker), 0};
  if (const auto name = server_port_name(job.resources.ports)) {
    const auto ports = desired_.ports.find(job.name);
    if (ports != desired_.ports.end() && ports->second.count(*name) > 0) place.port = ports->second.at(*name);
  }
  for (AssembledFile& one : assemble_server_files(catalogues_, place)) {
    ShippedFile file;
    file.path = std::move(one.path);
    file.content = sha256(one.bytes);
    file.size_bytes = one.bytes.size();
    file.text = std::make_shared<const std::string>(std::move(one.bytes));
    out.files.push_back(std::move(file));
  }
  out.inputs = catalogue_inputs_;
}

}  // namespace maand
