#include "reconciler/core/prometheus/server_files.h"

#include <algorithm>
#include <utility>

#include "reconciler/core/html_text.h"
#include "reconciler/core/prometheus/cert_alerts.h"
#include "reconciler/core/prometheus/page.h"
#include "reconciler/core/prometheus/page_style.h"

namespace maand {
namespace {

constexpr std::string_view kRunbooks = "consoles/runbooks/";
constexpr std::string_view kDashboards = "consoles/dashboards/";

// `a b/c.html` → `a%20b/c.html`
std::string url_path(std::string_view path) {
  std::string out;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    out += (at > 0 ? "/" : "") + url_component(path.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

class Assembler {
 public:
  Assembler(std::span<const CatalogueJob> jobs, const ServerPlace& place) : jobs_(jobs) {
    server_ = "http://" + host_and_port(place.address, place.port) + "/";
  }

  std::vector<AssembledFile> assemble() {
    add("rules/maand/certs.yaml", std::string(kCertAlerts));
    for (const CatalogueJob& job : jobs_) {
      const JobCatalogue& catalogue = *job.catalogue;
      const std::string base = server_ + std::string(kRunbooks) + url_component(catalogue.job.str()) + "/";
      for (const AlertFile& file : catalogue.alerts)
        add("rules/" + catalogue.job.str() + "/" + file.basename, alert_text(file, base));
      add_runbooks(catalogue);
      add_dashboards(catalogue);
    }
    add_index(kRunbooks, "Runbooks", runbooks_);
    add_index(kDashboards, "Dashboards", dashboards_);
    std::sort(out_.begin(), out_.end(),
              [](const AssembledFile& a, const AssembledFile& b) { return a.path < b.path; });
    return std::move(out_);
  }

 private:
  void add(std::string path, std::string bytes) { out_.push_back({std::move(path), std::move(bytes)}); }

  void add_runbooks(const JobCatalogue& catalogue) {
    if (catalogue.runbooks.empty()) return;
    const std::string& job = catalogue.job.str();
    LinkGroup& group = runbooks_.emplace_back(LinkGroup{job, {}});
    for (const Runbook& runbook : catalogue.runbooks) {
      const std::string path = job + "/" + runbook.slug + ".html";
      add(std::string(kRunbooks) + path,
          html_page(runbook.title, "<p><a href=\"../index.html\">Runbooks</a> / " + html_text(job) +
                                       "</p>\n" + runbook.body));
      group.links.push_back({url_path(path), runbook.title});
    }
  }

  void add_dashboards(const JobCatalogue& catalogue) {
    if (catalogue.dashboards.empty()) return;
    LinkGroup& group = dashboards_.emplace_back(LinkGroup{catalogue.job.str(), {}});
    for (const Dashboard& dashboard : catalogue.dashboards) {
      const std::string path = catalogue.job.str() + "/" + dashboard.path;
      add(std::string(kDashboards) + path, dashboard.bytes);
      if (dashboard.listed) group.links.push_back({url_path(path), dashboard.title});
    }
  }

  void add_index(std::string_view directory, std::string_view title, const std::vector<LinkGroup>& groups) {
    if (groups.empty()) return;
    add(std::string(directory) + "index.html", index_page(title, groups));
    add(std::string(directory) + "style.css", std::string(kPageStyle));
  }

  std::span<const CatalogueJob> jobs_;
  std::string server_;
  std::vector<AssembledFile> out_;
  std::vector<LinkGroup> runbooks_;
  std::vector<LinkGroup> dashboards_;
};

}  // namespace

std::vector<AssembledFile> assemble_server_files(std::span<const CatalogueJob> jobs,
                                                 const ServerPlace& place) {
  if (!has_prometheus(jobs)) return {};
  return Assembler(jobs, place).assemble();
}

}  // namespace maand
