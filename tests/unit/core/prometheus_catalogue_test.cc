// workspace.md 13: one job's catalogue, all of them together, and a server's files.
#include <gtest/gtest.h>

#include "reconciler/core/prometheus/server_files.h"
#include "tests/unit/core/told.h"

namespace maand {
namespace {

using Lines = std::vector<std::string>;
using Files = std::vector<CatalogueFile>;

std::string alerts(const std::string& name, const std::string& annotations = "{}") {
  return "groups: [{name: g, rules: [{alert: " + name + ", expr: up, annotations: " + annotations + "}]}]\n";
}

std::string scrape(const std::string& name, const std::string& target) {
  return "- job_name: " + name + "\n  static_configs:\n  - targets: [" + target + "]\n";
}

class Catalogues : public ::testing::Test {
 protected:
  CatalogueJob& add(const char* name, const Files& files, std::map<std::string, int> ports = {}) {
    CatalogueJob job;
    for (const auto& [port, number] : ports) job.declared_ports.push_back({port, number});
    job.ports = std::move(ports);
    job.catalogue = load_catalogue(JobName(name), files, job.declared_ports, diagnostics_);
    job.active = {{WorkerHost("w1"), "10.0.0.1"}};
    jobs_.push_back(std::move(job));
    return jobs_.back();
  }
  void add_server(const char* name = "prometheus") {
    add(name, {}, {{"prometheus_port_http", 9090}}).is_server = true;
  }
  Lines conflicts() const {
    Lines out;
    for (const CatalogueConflict& one : check_catalogues(jobs_)) {
      std::string names;
      for (const JobName& name : one.jobs) names += name.str() + " ";
      out.push_back(names + to_string(one.diagnostic).substr(0, to_string(one.diagnostic).find(" — ")));
      EXPECT_FALSE(one.diagnostic.advice.empty());
    }
    return out;
  }
  std::map<std::string, std::string> assemble() const {
    std::map<std::string, std::string> out;
    for (const AssembledFile& file : assemble_server_files(jobs_, {"10.0.0.9", 9090})) {
      EXPECT_TRUE(out.empty() || out.rbegin()->first < file.path) << "sorted and different";
      out[file.path] = file.bytes;
    }
    return out;
  }

  Diagnostics diagnostics_;
  std::vector<CatalogueJob> jobs_;
};

TEST_F(Catalogues, EveryProblemOfADirectoryIsTold) {
  add("api", {{"_prometheus/scrape.yaml", scrape("x", "maand:port/no")},
              {"_prometheus/scrape.yaml.tpl", ""},
              {"_prometheus/scrape.yml", ""},
              {"_prometheus/alerts/a.yaml", alerts("A", "{runbook: gone}")},
              {"_prometheus/alerts/deep/a.yaml", "groups: []"},
              {"_prometheus/alerts/deep/readme.txt", "["},
              {"_prometheus/alerts/[b].yml", alerts("B")},
              {"_prometheus/runbooks/a.md", "\xFF"},
              {"_prometheus/runbooks/deep/b.md", ""},
              {"_prometheus/runbooks/.md", ""},
              {"_prometheus/dashboards/a\x01.html", ""},
              {"_prometheus/dashboards/.dashboardignore", "["},
              {"other/alerts/a.yaml", "["}});
  Lines told = testing::told_with_path(diagnostics_);
  std::sort(told.begin(), told.end());
  EXPECT_EQ(
      told,
      (Lines{
          "jobs/api/_prometheus/alerts/[b].yml error Prometheus would read its name as a pattern",
          "jobs/api/_prometheus/alerts/a.yaml error groups[0].rules[0].annotations.runbook: line 1: there is "
          "no "
          "runbook \"gone\"",
          "jobs/api/_prometheus/alerts/deep/a.yaml error groups: must be a list of at least one group",
          "jobs/api/_prometheus/alerts/deep/a.yaml error has the same name as _prometheus/alerts/a.yaml, and "
          "both "
          "would be shipped to one place",
          "jobs/api/_prometheus/dashboards/.dashboardignore error line 1: \"[\" is no pattern",
          "jobs/api/_prometheus/dashboards/a\\x01.html error its name holds a control character",
          "jobs/api/_prometheus/runbooks/.md error has no name before .md",
          "jobs/api/_prometheus/runbooks/a.md error is not UTF-8 text",
          "jobs/api/_prometheus/runbooks/deep/b.md warning is not read: runbooks lie in "
          "_prometheus/runbooks/ itself",
          "jobs/api/_prometheus/scrape.yaml error stands beside scrape.yaml.tpl",
          "jobs/api/_prometheus/scrape.yml warning is not read under this name"}));
}

TEST_F(Catalogues, ATemplateIsReadWhenItIsRendered) {  // 13.3
  const CatalogueJob& job = add("api", {{"_prometheus/scrape.yaml.tpl", "{{ nothing yet"}}, {{"http", 80}});
  ASSERT_EQ(job.catalogue->scrape_template, "{{ nothing yet");
  EXPECT_FALSE(job.catalogue->scrape);
  EXPECT_FALSE(diagnostics_.has_errors());
  const auto rendered = with_rendered_scrape(*job.catalogue, scrape("maand:job", "maand:port/http"),
                                             job.declared_ports, diagnostics_);
  ASSERT_TRUE(rendered->scrape);
  EXPECT_EQ(rendered->scrape->job_names, Lines{"api"});
  with_rendered_scrape(*job.catalogue, "", job.declared_ports, diagnostics_);
  EXPECT_EQ(
      testing::told_with_path(diagnostics_),
      Lines{
          "jobs/api/_prometheus/scrape.yaml.tpl error must be a list of at least one scrape configuration"});
}

TEST_F(Catalogues, NamesAreUniqueEverywhere) {  // 13.2
  add("api", {{"_prometheus/scrape.yaml", scrape("maand:job", "a:1")},
              {"_prometheus/alerts/a.yaml", alerts("Down")}});
  add("db", {{"_prometheus/scrape.yaml", scrape("api", "a:1") + scrape("d", "a:1") + scrape("d", "b:1")},
             {"_prometheus/alerts/b.yaml", alerts("Down")}});
  EXPECT_EQ(conflicts(), Lines{}) << "nobody reads them without a server (13.1)";
  add_server();
  EXPECT_EQ(conflicts(),
            (Lines{"api db jobs/db/_prometheus/alerts/b.yaml: the alert \"Down\" is used by "
                   "jobs/api/_prometheus/alerts/a.yaml and jobs/db/_prometheus/alerts/b.yaml",
                   "api db jobs/db/_prometheus/scrape.yaml: the job_name \"api\" is used by "
                   "jobs/api/_prometheus/scrape.yaml and jobs/db/_prometheus/scrape.yaml",
                   "db jobs/db/_prometheus/scrape.yaml: the job_name \"d\" is used twice in this file"}));
}

TEST_F(Catalogues, AServerThatIsLinkedToHasAPort) {
  add("api",
      {{"_prometheus/runbooks/a.md", "x"}, {"_prometheus/alerts/a.yaml", alerts("A", "{runbook: a}")}});
  add("mon", {}, {{"a", 1}, {"b", 2}}).is_server = true;
  EXPECT_EQ(
      conflicts(),
      Lines{"mon jobs/mon/manifest.json: resources.ports: alerts of api link to runbooks of this server, "
            "and no port says where it is found"});
}

TEST_F(Catalogues, WithoutAServerThereIsNothing) {  // 13.1
  add("api", {{"_prometheus/scrape.yaml", scrape("x", "a:1")}, {"_prometheus/alerts/a.yaml", alerts("A")}});
  const std::map<std::string, std::string> none = {
      {"scrape_configs", "[]"}, {"scrape_jobs", ""}, {"scrape_jobs_length", "0"}};
  EXPECT_EQ(prometheus_values(jobs_).entries, none);
  EXPECT_TRUE(prometheus_values(jobs_).job_names.empty());
  EXPECT_EQ(scrape_configs(jobs_, diagnostics_), "");
  EXPECT_EQ(rule_files(jobs_), "");
  EXPECT_TRUE(assemble().empty());
}

TEST_F(Catalogues, TheVariablesHoldTheUnexpandedLists) {  // 13.2
  add("api", {{"_prometheus/scrape.yaml", scrape("maand:job", "maand:port/http") + scrape("b", "'<x>:1'")}},
      {{"http", 80}});
  add("db", {{"_prometheus/scrape.yaml", scrape("d", "maand:port/db_http")}}, {{"db_http", 81}})
      .active.clear();
  add("ext", {{"_prometheus/scrape.yaml", scrape("e", "a:1")}}).active.clear();
  add_server();
  const std::string api = R"({"job_name":"maand:job","static_configs":[{"targets":["maand:port/http"]}]},)"
                          R"({"job_name":"b","static_configs":[{"targets":["\u003cx\u003e:1"]}]})";
  const std::string ext = R"({"job_name":"e","static_configs":[{"targets":["a:1"]}]})";
  const std::map<std::string, std::string> expected = {
      {"scrape/api", "[" + api + "]"},
      {"scrape/db", R"([{"job_name":"d","static_configs":[{"targets":["maand:port/db_http"]}]}])"},
      {"scrape/ext", "[" + ext + "]"},
      {"scrape_configs", "[" + api + "," + ext + "]"},
      {"scrape_jobs", "api,ext"},
      {"scrape_jobs_length", "2"}};
  const PrometheusValues values = prometheus_values(jobs_);
  EXPECT_EQ(values.entries, expected);
  const std::map<JobName, std::string> names = {
      {JobName("api"), "api"}, {JobName("db"), "d"}, {JobName("ext"), "e"}};
  EXPECT_EQ(values.job_names, names);
}

TEST_F(Catalogues, ScrapeConfigsAreAFragmentOfYaml) {  // 13.4
  add("api", {{"_prometheus/scrape.yaml", scrape("maand:job", "maand:port/http") + "  honor_labels: yes\n"}},
      {{"http", 80}});
  add("db", {{"_prometheus/scrape.yaml", scrape("d", "maand:port/db_http")}}, {{"db_http", 81}})
      .active.clear();
  add("ext", {{"_prometheus/scrape.yaml", scrape("e", "a:1")}});
  add_server();
  EXPECT_EQ(scrape_configs(jobs_, diagnostics_),
            "\n  - honor_labels: yes"
            "\n    job_name: api"
            "\n    static_configs:"
            "\n      - targets:"
            "\n          - 10.0.0.1:80"
            "\n  - job_name: e"
            "\n    static_configs:"
            "\n      - targets:"
            "\n          - a:1");
  EXPECT_EQ(testing::told(diagnostics_), Lines{});
}

TEST_F(Catalogues, AJobThatCannotBeExpandedIsToldAndTheOthersStay) {
  add("api", {{"_prometheus/scrape.yaml", scrape("a", "maand:port/http/w7")}}, {{"http", 80}});
  add("ext", {{"_prometheus/scrape.yaml", scrape("e", "a:1")}});
  add_server();
  EXPECT_NE(scrape_configs(jobs_, diagnostics_).find("job_name: e"), std::string::npos);
  EXPECT_EQ(testing::told_with_path(diagnostics_),
            Lines{"jobs/api/_prometheus/scrape.yaml error [0].static_configs[0].targets[0]: "
                  "\"maand:port/http/w7\" names a "
                  "worker on which the job does not run"});
}

TEST_F(Catalogues, RuleFilesAreListed) {  // 13.4
  add("api",
      {{"_prometheus/alerts/z.yaml", alerts("Z")}, {"_prometheus/alerts/deep/a b: c.yml", alerts("A")}});
  add_server();
  EXPECT_EQ(rule_files(jobs_),
            "rule_files:\n"
            "  - rules/maand/certs.yaml\n"
            "  - 'rules/api/a b: c.yml'\n"
            "  - rules/api/z.yaml\n");
}

TEST_F(Catalogues, AServerGetsRulesAndPages) {  // 13.5
  add("api", {{"_prometheus/alerts/deep/a.yaml", alerts("A", "{runbook: disk full}")},
              {"_prometheus/runbooks/disk full.md", "# Disk {{ full }}\n"},
              {"_prometheus/dashboards/x/board.html", "<title>{{Board}}</title>"},
              {"_prometheus/dashboards/lib.js", "x"},
              {"_prometheus/dashboards/.dashboardignore", "*.js"}});
  add_server("mon");
  EXPECT_EQ(testing::told(diagnostics_), Lines{});
  auto files = assemble();
  Lines paths;
  for (const auto& [path, bytes] : files) paths.push_back(path);
  EXPECT_EQ(paths, (Lines{"consoles/dashboards/api/.dashboardignore", "consoles/dashboards/api/lib.js",
                          "consoles/dashboards/api/x/board.html", "consoles/dashboards/index.html",
                          "consoles/dashboards/style.css", "consoles/runbooks/api/disk full.html",
                          "consoles/runbooks/index.html", "consoles/runbooks/style.css", "rules/api/a.yaml",
                          "rules/maand/certs.yaml"}));
  EXPECT_EQ(files["rules/api/a.yaml"],
            alerts("A", "{runbook_url: \"http://10.0.0.9:9090/consoles/runbooks/api/disk%20full.html\"}"));
  EXPECT_EQ(files["consoles/dashboards/api/x/board.html"], "<title>{{Board}}</title>")
      << "templates by intent";
  EXPECT_NE(files["consoles/dashboards/index.html"].find(
                "<li><a href=\"api/x/board.html\">{{\"{{\"}}Board{{\"}}\"}}</a></li>"),
            std::string::npos);
  EXPECT_EQ(files["consoles/dashboards/index.html"].find("lib.js"), std::string::npos);
  EXPECT_NE(files["consoles/runbooks/index.html"].find("<a href=\"api/disk%20full.html\">Disk "),
            std::string::npos);
  EXPECT_NE(files["consoles/runbooks/api/disk full.html"].find("<h1>Disk {{\"{{\"}} full {{\"}}\"}}</h1>"),
            std::string::npos);
}

TEST_F(Catalogues, PagesExistOnlyWhenSomeJobHasAny) {
  add("api", {{"_prometheus/alerts/a.yaml", alerts("A")}});
  add_server();
  EXPECT_EQ(assemble().size(), 2u);
}

TEST_F(Catalogues, NothingHidesAFileOfAnotherJob) {
  add("maand", {{"_prometheus/alerts/certs.yaml", alerts("A")}});
  add("style.css", {{"_prometheus/runbooks/a.md", "x"}});
  EXPECT_EQ(
      testing::told_with_path(diagnostics_),
      (Lines{"jobs/maand/_prometheus/alerts/certs.yaml error rules/maand/certs.yaml is maand's own file",
             "jobs/style.css/_prometheus error the pages of a job of this name would hide those of others"}));
}

TEST(Server, IsAJobThatShipsPrometheusYml) {
  const auto files = [](const char* path) {
    ShippedFile file;
    file.path = path;
    return make_file_set({file});
  };
  EXPECT_TRUE(ships_prometheus(*files("prometheus.yml")));
  EXPECT_TRUE(ships_prometheus(*files("prometheus.yml.tpl")));
  EXPECT_FALSE(ships_prometheus(*files("conf/prometheus.yml")));
  EXPECT_FALSE(ships_prometheus(*files("prometheus.yaml")));
}

TEST_F(Catalogues, AHundredJobsAreNothing) {  // 100 jobs × 10 files of 10 rules; its time is a line of ctest
  const auto rules = [](const std::string& prefix) {
    std::string out = "groups:\n- name: g\n  rules:\n";
    for (int i = 0; i < 10; ++i) {
      out += "  - alert: " + prefix + std::to_string(i) +
             "\n    expr: up == 0\n    for: 5m\n    labels: {severity: page}\n" +
             "    annotations:\n      summary: '{{ $labels.instance }}'\n      runbook: book\n";
    }
    return out;
  };
  for (int job = 0; job < 100; ++job) {
    const std::string name = "job" + std::to_string(100 + job);
    Files files = {{"_prometheus/runbooks/book.md", "# Book\n\ntext\n"},
                   {"_prometheus/scrape.yaml", scrape("maand:job", "maand:port/" + name + "_http")}};
    for (int file = 0; file < 10; ++file)
      files.push_back({"_prometheus/alerts/f" + std::to_string(file) + ".yaml",
                       rules(name + "_" + std::to_string(file))});
    add(name.c_str(), files, {{name + "_http", 80}});
  }
  add_server();
  EXPECT_EQ(testing::told(diagnostics_), Lines{});
  EXPECT_EQ(conflicts(), Lines{});
  EXPECT_EQ(assemble().size(), 1u + 1000 + 100 + 2);
  EXPECT_FALSE(scrape_configs(jobs_, diagnostics_).empty());
}

}  // namespace
}  // namespace maand
