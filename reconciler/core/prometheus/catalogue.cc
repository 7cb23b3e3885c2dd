#include "reconciler/core/prometheus/catalogue.h"

#include <algorithm>
#include <map>
#include <utility>

#include "reconciler/core/names.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::string_view kAlerts = "_prometheus/alerts/";
constexpr std::string_view kRunbooks = "_prometheus/runbooks/";
constexpr std::string_view kDashboards = "_prometheus/dashboards/";
constexpr std::string_view kIgnoreFile = "_prometheus/dashboards/.dashboardignore";

bool is_yaml(std::string_view path) { return path.ends_with(".yaml") || path.ends_with(".yml"); }

class Loader {
 public:
  Loader(const JobName& job, std::span<const CatalogueFile> files, const std::vector<PortBinding>& ports,
         Diagnostics& diagnostics)
      : ports_(ports), diagnostics_(diagnostics) {
    out_.job = job;
    for (const CatalogueFile& file : files) {
      if (!file.path.starts_with(kCatalogueDirectory)) continue;
      if (const auto problem = path_problem(file.path)) {
        site(printable(file.path)).error("its name " + *problem, "rename it");
      } else {
        files_[file.path] = &file.text;
      }
    }
  }

  JobCataloguePtr load() {
    load_scrape();
    load_runbooks();
    load_alerts();
    load_dashboards();
    check_job_name();
    return std::make_shared<const JobCatalogue>(std::move(out_));
  }

 private:
  Site site(std::string_view path) {
    return Site(diagnostics_, "jobs/" + out_.job.str() + "/" + std::string(path));
  }

  const std::string* file(std::string_view path) const {
    const auto found = files_.find(path);
    return found == files_.end() ? nullptr : found->second;
  }

  void load_scrape() {
    const std::string* plain = file(kScrapePath);
    const std::string* rendered = file(kScrapeTemplatePath);
    if (plain && rendered) {
      site(kScrapePath).error("stands beside scrape.yaml.tpl", "keep one of the two");
    } else if (plain) {
      out_.scrape = parse_scrape(*plain, out_.job, ports_, site(kScrapePath));
    } else if (rendered) {
      out_.scrape_template = *rendered;
    }
    for (const std::string_view near : {"_prometheus/scrape.yml", "_prometheus/scrape.yml.tpl"}) {
      if (file(near))
        site(near).warning("is not read under this name", "call it scrape.yaml or scrape.yaml.tpl");
    }
  }

  void load_runbooks() {
    for (const auto& [path, text] : files_) {
      if (!path.starts_with(kRunbooks) || !path.ends_with(".md")) continue;
      const std::string_view name = std::string_view(path).substr(kRunbooks.size());
      if (name.find('/') != std::string_view::npos) {
        site(path).warning("is not read: runbooks lie in _prometheus/runbooks/ itself", "move it up");
        continue;
      }
      std::string slug(name.substr(0, name.size() - 3));
      if (slug.empty()) {
        site(path).error("has no name before .md", "rename it");
        continue;
      }
      out_.runbooks.push_back(render_runbook(std::move(slug), *text, site(path)));
      slugs_.insert(out_.runbooks.back().slug);
    }
    std::sort(out_.runbooks.begin(), out_.runbooks.end(),
              [](const Runbook& a, const Runbook& b) { return a.slug < b.slug; });
  }

  void load_alerts() {
    std::map<std::string, std::string, std::less<>> basenames;  // → path
    for (const auto& [path, text] : files_) {
      if (!path.starts_with(kAlerts) || !is_yaml(path)) continue;
      out_.alerts.push_back(parse_alert_file(path, *text, slugs_, site(path)));
      const std::string& basename = out_.alerts.back().basename;
      const auto [first, fresh] = basenames.emplace(basename, path);
      if (!fresh) {
        site(path).error("has the same name as " + first->second + ", and both would be shipped to one place",
                         "rename one of the two");
      }
      if (basename.find_first_of("*?[") != std::string::npos)
        site(path).error("Prometheus would read its name as a pattern", "rename it without `*`, `?` and `[`");
      if (out_.job.str() == "maand" && basename == "certs.yaml")
        site(path).error("rules/maand/certs.yaml is maand's own file", "rename it");
    }
  }

  void load_dashboards() {
    std::vector<std::string> ignored;
    if (const std::string* ignore = file(kIgnoreFile))
      ignored = parse_dashboard_ignore(*ignore, site(kIgnoreFile));
    for (const auto& [path, text] : files_) {
      if (path.starts_with(kDashboards))
        out_.dashboards.push_back(make_dashboard(path.substr(kDashboards.size()), *text, ignored));
    }
  }

  // The pages of a job lie in a directory of its name, beside these two files.
  void check_job_name() {
    const bool taken = out_.job.str() == "index.html" || out_.job.str() == "style.css";
    if (taken && !(out_.runbooks.empty() && out_.dashboards.empty()))
      site("_prometheus")
          .error("the pages of a job of this name would hide those of others", "rename the job");
  }

  const std::vector<PortBinding>& ports_;
  Diagnostics& diagnostics_;
  std::map<std::string, const std::string*, std::less<>> files_;
  std::set<std::string, std::less<>> slugs_;
  JobCatalogue out_;
};

}  // namespace

bool JobCatalogue::links_runbooks() const {
  return std::any_of(alerts.begin(), alerts.end(), [](const AlertFile& file) { return !file.edits.empty(); });
}

JobCataloguePtr load_catalogue(const JobName& job, std::span<const CatalogueFile> files,
                               const std::vector<PortBinding>& ports, Diagnostics& diagnostics) {
  return Loader(job, files, ports, diagnostics).load();
}

JobCataloguePtr with_rendered_scrape(const JobCatalogue& catalogue, std::string_view rendered,
                                     const std::vector<PortBinding>& ports, Diagnostics& diagnostics) {
  auto out = std::make_shared<JobCatalogue>(catalogue);
  const Site site(diagnostics, "jobs/" + catalogue.job.str() + "/" + std::string(kScrapeTemplatePath));
  out->scrape = parse_scrape(rendered, catalogue.job, ports, site);
  return out;
}

bool ships_prometheus(const FileSet& files) {
  return std::any_of(files.files.begin(), files.files.end(), [](const ShippedFile& file) {
    return file.path == "prometheus.yml" || file.path == "prometheus.yml.tpl";
  });
}

}  // namespace maand
