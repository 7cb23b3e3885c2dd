// load_catalogue over anything: whatever it accepts can be checked, shipped and
// read again, and nothing else of the text changed.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/prometheus/server_files.h"
#include "tests/fuzz/check.h"

namespace {

using namespace maand;

// `path\ntext` separated by lines of `====`; a text without a path is each kind of
// file at once.
std::vector<CatalogueFile> split(std::string_view input) {
  std::vector<CatalogueFile> out;
  while (!input.empty()) {
    const std::size_t end = std::min(input.find("\n====\n"), input.size());
    std::string_view part = input.substr(0, end);
    input.remove_prefix(std::min(end + 6, input.size()));
    const std::size_t line = part.find('\n');
    if (part.starts_with("_prometheus/") && line != std::string_view::npos) {
      out.push_back({std::string(part.substr(0, line)), std::string(part.substr(line + 1))});
      continue;
    }
    for (const char* path :
         {"_prometheus/scrape.yaml", "_prometheus/alerts/a.yaml", "_prometheus/runbooks/disk.md",
          "_prometheus/dashboards/.dashboardignore", "_prometheus/dashboards/a.html"})
      out.push_back({path, std::string(part)});
  }
  return out;
}

void check_shipped(const AlertFile& file) {
  std::set<std::string, std::less<>> slugs;
  for (const RunbookEdit& edit : file.edits) slugs.insert(edit.slug);
  Diagnostics again;
  const AlertFile shipped =
      parse_alert_file(file.path, alert_text(file, "http://h:1/r/"), slugs, Site(again, "again"));
  FUZZ_CHECK(shipped.alerts == file.alerts);
  if (file.edits.empty()) FUZZ_CHECK(alert_text(file, "http://h:1/r/") == file.text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<CatalogueFile> files = split({reinterpret_cast<const char*>(data), size});
  Diagnostics diagnostics;
  CatalogueJob job;
  job.is_server = true;
  job.declared_ports = {{"api_metrics_port", 1}, {"http", 2}};
  job.ports = {{"api_metrics_port", 1}, {"http", 2}};
  job.active = {{WorkerHost("w1"), "10.0.0.1"}, {WorkerHost("w2"), "2001:db8::1"}};
  job.catalogue = load_catalogue(JobName("api"), files, job.declared_ports, diagnostics);
  fuzz::check_messages(diagnostics);
  if (diagnostics.has_errors()) return 0;
  if (job.catalogue->scrape_template) {
    job.catalogue = with_rendered_scrape(*job.catalogue, *job.catalogue->scrape_template, job.declared_ports,
                                         diagnostics);
    if (diagnostics.has_errors()) return 0;
  }
  const std::vector<CatalogueJob> jobs = {job};
  for (const CatalogueConflict& one : check_catalogues(jobs)) {
    FUZZ_CHECK(!one.jobs.empty());
    diagnostics.error(one.diagnostic.path, one.diagnostic.field, one.diagnostic.message,
                      one.diagnostic.advice);
  }
  fuzz::check_messages(diagnostics);
  for (const AlertFile& file : job.catalogue->alerts) check_shipped(file);

  Diagnostics expanding;
  const std::string yaml = scrape_configs(jobs, expanding);
  fuzz::check_messages(expanding);
  if (job.catalogue->scrape && !expanding.has_errors()) {
    // What is written is read again as what was meant.
    Diagnostics reading;
    const Site site(reading, "written");
    const auto meant = expand_scrape(*job.catalogue->scrape, JobName("api"), job.ports, job.active, site);
    const ScrapeFile written = parse_scrape(yaml, JobName("api"), job.declared_ports, site);
    FUZZ_CHECK(meant && (!reading.has_errors() || yaml.size() > kMaxYamlBytes));
    FUZZ_CHECK(written.items.items.size() == meant->items.size() || yaml.size() > kMaxYamlBytes);
  }
  FUZZ_CHECK(prometheus_values(jobs).entries.contains("scrape_configs"));
  std::set<std::string> paths;
  for (const AssembledFile& file : assemble_server_files(jobs, {"10.0.0.9", 9090}))
    FUZZ_CHECK(paths.insert(file.path).second);
  FUZZ_CHECK(paths.contains("rules/maand/certs.yaml") && !rule_files(jobs).empty());
  return 0;
}
