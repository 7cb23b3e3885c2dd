// workspace.md 13.2 and 13.4: scrape files, their placeholders and expansion.
#include <gtest/gtest.h>

#include "reconciler/core/prometheus/port_target.h"
#include "reconciler/core/prometheus/scrape_file.h"
#include "reconciler/core/prometheus/scrape_json.h"
#include "tests/unit/core/told.h"

namespace maand {
namespace {

using Lines = std::vector<std::string>;

const std::vector<PortBinding> kPorts = {{"api_http", 8080}, {"api_metrics_port", std::nullopt}};
const std::map<std::string, int> kNumbers = {{"api_http", 8080}, {"api_metrics_port", 30001}};
const JobName kApi("api");

Lines told_of(const std::string& text) {
  Diagnostics diagnostics;
  parse_scrape(text, kApi, kPorts, Site(diagnostics, "scrape.yaml"));
  return testing::told(diagnostics);
}

std::string item(const std::string& target) {
  return "- job_name: x\n  static_configs:\n  - targets: [" + target + "]\n";
}

TEST(ScrapeFile, SaysWhatIsWrong) {
  const std::string fine = "static_configs: [{targets: [a:1]}]";
  const struct {
    std::string text;
    Lines told;
  } table[] = {
      {item("a:1"), {}},
      {item("maand:port/api_http"), {}},
      {item("maand:port/api_http/10.0.0.1"), {}},
      {item("maand:port/_implicit"), {}},
      {"", {"error must be a list of at least one scrape configuration"}},
      {"[]", {"error must be a list of at least one scrape configuration"}},
      {"job_name: x\n", {"error must be a list of at least one scrape configuration"}},
      {"- x\n", {"error [0]: line 1: must be a map, and is text"}},
      {"- {" + fine + "}", {"error [0].job_name: line 1: must be text that is not blank"}},
      {"- {job_name: ' ', " + fine + "}", {"error [0].job_name: line 1: must be text that is not blank"}},
      {"- {job_name: 12, " + fine + "}", {"error [0].job_name: line 1: must be text that is not blank"}},
      {"- {job_name: '12', " + fine + "}", {}},
      {"- {job_name: x, http_sd_configs: [], " + fine + "}",
       {"error [0].http_sd_configs: line 1: service discovery is not available here"}},
      {"- {job_name: x, other_sd_configs: [], " + fine + "}", {}},
      {"- {job_name: x}", {"error [0].static_configs: line 1: must be a list of at least one item"}},
      {"- {job_name: x, static_configs: []}",
       {"error [0].static_configs: line 1: must be a list of at least one item"}},
      {"- {job_name: x, static_configs: [{}]}",
       {"error [0].static_configs[0].targets: line 1: must be a list of at least one target"}},
      {item("[]"), {"error [0].static_configs[0].targets[0]: line 3: must be text"}},
      {item("maand:port/nope"),
       {"error [0].static_configs[0].targets[0]: line 3: the job declares no port \"nope\""}},
      {item("maand:port/"),
       {"error [0].static_configs[0].targets[0]: line 3: \"maand:port/\" is no placeholder of a port"}},
      {item("maand:port/api_http/"),
       {"error [0].static_configs[0].targets[0]: line 3: \"maand:port/api_http/\" is no placeholder of a "
        "port"}},
      {item("!x a:1"), {"error line 3: the tag \"!x\" is not understood"}},
  };
  for (const auto& row : table) EXPECT_EQ(told_of(row.text), row.told) << row.text;
}

TEST(ScrapeFile, ImplicitIsTheMetricsPortOfTheJob) {
  const struct {
    std::vector<PortBinding> declared;
    std::string name, problem;
  } table[] = {
      {{{"api_metrics_port", 1}, {"metrics_port", 2}, {"x_metrics_port", 3}}, "api_metrics_port", ""},
      {{{"metrics_port", 2}, {"x_metrics_port", 3}}, "metrics_port", ""},
      {{{"http", 2}, {"x_metrics_port", 3}}, "x_metrics_port", ""},
      {{{"x_metrics_port", 3}, {"y_metrics_port", 3}},
       "",
       "_implicit could be x_metrics_port and y_metrics_port"},
      {{{"http", 2}}, "", "_implicit stands for a port that ends in metrics_port, and the job declares none"},
  };
  for (const auto& row : table) {
    std::string problem;
    EXPECT_EQ(resolve_port({"_implicit", ""}, kApi, row.declared, problem).value_or(""), row.name);
    EXPECT_EQ(problem, row.problem);
  }
}

TEST(ScrapeFile, AServerIsFoundAtItsPortForPages) {
  const struct {
    std::vector<PortBinding> declared;
    std::string name;
  } table[] = {
      {{{"prometheus_port_http", 1}, {"web_http", 2}}, "prometheus_port_http"},
      {{{"grpc", 1}, {"mon_http_port", 2}}, "mon_http_port"},
      {{{"a_http", 1}, {"b_http", 2}}, ""},
      {{{"web", 1}}, "web"},
      {{{"web", 1}, {"https_web", 2}}, ""},
      {{}, ""},
  };
  for (const auto& row : table) EXPECT_EQ(server_port_name(row.declared).value_or(""), row.name);
}

TEST(ScrapeFile, PlaceholdersBecomeWhereTheJobRuns) {
  const std::vector<ScrapeWorker> both = {{WorkerHost("w1"), "10.0.0.1"}, {WorkerHost("w2"), "2001:db8::2"}};
  const struct {
    std::string text;
    std::vector<ScrapeWorker> active;
    std::string json;
    Lines told;
  } table[] = {
      {"- {job_name: maand:job, static_configs: [{targets: [maand:port/api_http, lit:1], labels: {job: "
       "maand:job, x: "
       "maand:job2}}]}",
       both,
       R"([{"job_name":"api","static_configs":[{"labels":{"job":"api","x":"maand:job2"},"targets":["10.0.0.1:8080","[2001:db8::2]:8080","lit:1"]}]}])",
       {}},
      {item("maand:port/_implicit/w2"),
       both,
       R"([{"job_name":"x","static_configs":[{"targets":["[2001:db8::2]:30001"]}]}])",
       {}},
      {item("maand:port/api_http/10.0.0.1"),
       both,
       R"([{"job_name":"x","static_configs":[{"targets":["10.0.0.1:8080"]}]}])",
       {}},
      {item("maand:port/api_http/w3"),
       both,
       "",
       {"error [0].static_configs[0].targets[0]: \"maand:port/api_http/w3\" names a worker on which the job "
        "does not "
        "run"}},
      {item("maand:port/api_http"), {}, "[]", {}},
      {item("maand:port/api_http/w3"), {}, "[]", {}},
      {item("lit:1"), {}, R"([{"job_name":"x","static_configs":[{"targets":["lit:1"]}]}])", {}},
  };
  for (const auto& row : table) {
    Diagnostics diagnostics;
    const Site site(diagnostics, "scrape.yaml");
    const ScrapeFile file = parse_scrape(row.text, kApi, kPorts, site);
    const auto expanded = expand_scrape(file, kApi, kNumbers, row.active, site);
    EXPECT_EQ(expanded ? scrape_json(*expanded) : "", row.json);
    EXPECT_EQ(testing::told(diagnostics), row.told);
  }
}

TEST(ScrapeFile, ItsExpansionIsLimited) {
  std::string targets;
  for (int i = 0; i < 2000; ++i) targets += "maand:port/api_http,";
  std::vector<ScrapeWorker> active;
  for (int i = 0; i < 100; ++i)
    active.push_back({WorkerHost("w" + std::to_string(i)), "w" + std::to_string(i)});
  Diagnostics diagnostics;
  const Site site(diagnostics, "scrape.yaml");
  const ScrapeFile file = parse_scrape(item(targets), kApi, kPorts, site);
  EXPECT_FALSE(expand_scrape(file, kApi, kNumbers, active, site));
  EXPECT_EQ(testing::told(diagnostics),
            Lines{"error [0].static_configs[0].targets[1000]: stands for more than 100000 targets"});
}

}  // namespace
}  // namespace maand
