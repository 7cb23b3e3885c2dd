// A real Prometheus takes what the catalogue assembles, scrapes where the
// placeholders point, and shows the pages (workspace.md 13).
#include <gtest/gtest.h>
#include <httplib.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>

#include "reconciler/core/prometheus/port_target.h"
#include "reconciler/core/prometheus/server_files.h"
#include "tests/support/process.h"
#include "tests/support/run_program.h"

namespace maand {
namespace {

using namespace std::chrono_literals;
using testing::TempDirectory;

// Something that is scraped, and tells when it was.
class Target {
 public:
  Target(std::string address, int port) : address_(std::move(address)) {
    server_.Get("/metrics", [this](const httplib::Request&, httplib::Response& response) {
      response.set_content("catalogue_answer 42\n", "text/plain; version=0.0.4");
      const std::lock_guard lock(mutex_);
      ++scrapes_;
      changed_.notify_all();
    });
    bound_ = server_.bind_to_port(address_, port);
    thread_ = std::thread([this] { server_.listen_after_bind(); });
  }
  ~Target() {
    server_.stop();
    thread_.join();
  }
  bool bound() const { return bound_; }
  bool wait_for_scrapes(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 60s, [&] { return scrapes_ >= count; });
  }

 private:
  std::string address_;
  httplib::Server server_;
  bool bound_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  int scrapes_ = 0;
  std::thread thread_;
};

CatalogueJob job(const std::string& name, const std::vector<CatalogueFile>& files,
                 std::map<std::string, int> ports, std::vector<ScrapeWorker> active) {
  Diagnostics diagnostics;
  CatalogueJob out;
  for (const auto& [port, number] : ports) out.declared_ports.push_back({port, number});
  out.ports = std::move(ports);
  out.active = std::move(active);
  out.catalogue = load_catalogue(JobName(name), files, out.declared_ports, diagnostics);
  for (const Diagnostic& one : diagnostics.all()) ADD_FAILURE() << to_string(one);
  return out;
}

std::string get(const std::string& address, int port, const std::string& path) {
  httplib::Client client(address, port);
  client.set_read_timeout(20s);
  const auto response = client.Get(path);
  if (!response) return "no answer";
  return std::to_string(response->status) + "\n" + response->body;
}

class PrometheusCatalogue : public ::testing::Test {
 protected:
  void SetUp() override {
    first_ = testing::loopback_address(1);
    second_ = testing::loopback_address(2);
    metrics_ = testing::free_port(first_);
    web_ = testing::free_port("127.0.0.1");
    const std::vector<ScrapeWorker> workers = {{WorkerHost("w1"), first_}, {WorkerHost("w2"), second_}};
    jobs_ = {job("api",
                 {{"_prometheus/scrape.yaml",
                   "- job_name: maand:job\n"
                   "  honor_labels: yes\n"
                   "  scrape_interval: 500ms\n"
                   "  scrape_timeout: 500ms\n"
                   "  static_configs:\n"
                   "    - targets: [\"maand:port/_implicit\"]\n"
                   "      labels: {team: maand:job, code: 0755, odd: 'yes', text: \"a: b # {{ c }}\"}\n"
                   "  metric_relabel_configs:\n"
                   "    - {source_labels: [__name__], regex: 'drop_(.*)', action: drop}\n"},
                  {"_prometheus/alerts/deep/api.yaml",
                   "# kept\ngroups:\n- name: api\n  interval: 1m\n  rules:\n"
                   "  - {record: 'api:up', expr: sum(up)}\n"
                   "  - alert: ApiDown\n    expr: up == 0\n    for: 5m\n    annotations:\n"
                   "      runbook: >-  # see there\n        api down\n"
                   "      summary: '{{ $labels.instance }}'\n"},
                  {"_prometheus/runbooks/api down.md",
                   "# When {{ api }} is down\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[x](/q?{{y}})\n"},
                  {"_prometheus/dashboards/board.html", "<title>Board</title>{{ query \"up\" | len }}"}},
                 {{"api_metrics_port", metrics_}}, workers),
             job("mon", {}, {{"mon_http", web_}}, workers)};
    jobs_[1].is_server = true;
    EXPECT_TRUE(check_catalogues(jobs_).empty());
  }

  // The directory of the server's allocation, prometheus.yml rendered.
  void lay_out(const std::filesystem::path& directory) {
    EXPECT_EQ(server_port_name(jobs_[1].declared_ports), "mon_http");
    for (const AssembledFile& file : assemble_server_files(jobs_, {"127.0.0.1", web_})) {
      std::filesystem::create_directories((directory / file.path).parent_path());
      testing::write_file(directory / file.path, file.bytes);
    }
    Diagnostics diagnostics;
    testing::write_file(directory / "prometheus.yml",
                        "global: {evaluation_interval: 1s}\n" + rule_files(jobs_) +
                            "scrape_configs:" + scrape_configs(jobs_, diagnostics) + "\n");
    EXPECT_TRUE(diagnostics.all().empty());
  }

  std::string first_, second_;
  int metrics_ = 0;
  int web_ = 0;
  std::vector<CatalogueJob> jobs_;
};

TEST_F(PrometheusCatalogue, PromtoolAcceptsWhatIsAssembled) {
  const TempDirectory directory("maand-promtool");
  lay_out(directory.path());
  const std::string config =
      testing::run_program({"promtool", "check", "config", directory.path() / "prometheus.yml"});
  EXPECT_NE(config.find("2 rule files found"), std::string::npos) << config;
  for (const char* file : {"rules/api/api.yaml", "rules/maand/certs.yaml"})
    EXPECT_NE(testing::run_program({"promtool", "check", "rules", directory.path() / file}).find("SUCCESS"),
              std::string::npos);
}

TEST_F(PrometheusCatalogue, APrometheusScrapesWhereThePlaceholdersPoint) {
  Target one(first_, metrics_);
  Target two(second_, metrics_);
  ASSERT_TRUE(one.bound() && two.bound());
  const TempDirectory directory("maand-prometheus");
  lay_out(directory.path());
  testing::Isolation isolation;
  isolation.log = directory.path() / "log";
  testing::IsolatedProcess prometheus(
      isolation, {"/usr/bin/prometheus", "--config.file=" + (directory.path() / "prometheus.yml").string(),
                  "--storage.tsdb.path=" + (directory.path() / "tsdb").string(),
                  "--web.console.templates=" + (directory.path() / "consoles").string(),
                  "--web.listen-address=127.0.0.1:" + std::to_string(web_)});
  testing::wait_for_listener(prometheus, "127.0.0.1", web_, isolation.log, 60s);

  // What is scraped is stored when the next scrape begins; one may have come too
  // late on a busy machine, so each of them is a reason to ask again.
  nlohmann::json samples;
  for (int scrape = 2; scrape < 40 && samples.size() < 2; ++scrape) {
    ASSERT_TRUE(one.wait_for_scrapes(scrape) && two.wait_for_scrapes(scrape))
        << testing::read_file(isolation.log);
    const std::string answer = get("127.0.0.1", web_, "/api/v1/query?query=catalogue_answer");
    ASSERT_TRUE(answer.starts_with("200\n")) << answer;
    samples = nlohmann::json::parse(answer.substr(4))["data"]["result"];
  }
  std::set<std::string> instances;
  for (const auto& sample : samples) {
    const auto& labels = sample["metric"];
    instances.insert(labels["instance"].get<std::string>());
    EXPECT_EQ(labels["job"], "api");
    EXPECT_EQ(labels["team"], "api");
    EXPECT_EQ(labels["code"], "0755") << "the author's text, and not 493";
    EXPECT_EQ(labels["odd"], "yes");
    EXPECT_EQ(labels["text"], "a: b # {{ c }}");
    EXPECT_EQ(sample["value"][1], "42");
  }
  EXPECT_EQ(instances, (std::set{host_and_port(first_, metrics_), host_and_port(second_, metrics_)}));

  const std::string base = "http://127.0.0.1:" + std::to_string(web_);
  const std::string page = "/consoles/runbooks/api/api%20down.html";
  const std::string rules = get("127.0.0.1", web_, "/api/v1/rules");
  EXPECT_NE(rules.find("\"runbook_url\":\"" + base + page + "\""), std::string::npos) << rules;
  EXPECT_NE(rules.find("maand cert expiring"), std::string::npos);
  const std::string runbook = get("127.0.0.1", web_, page);
  EXPECT_TRUE(runbook.starts_with("200\n")) << runbook;
  EXPECT_NE(runbook.find("<h1>When {{ api }} is down</h1>"), std::string::npos) << runbook;
  const std::string index = get("127.0.0.1", web_, "/consoles/runbooks/index.html");
  EXPECT_NE(index.find("<a href=\"api/api%20down.html\">When {{ api }} is down</a>"), std::string::npos)
      << index;
  EXPECT_NE(get("127.0.0.1", web_, "/consoles/dashboards/index.html").find(">Board</a>"), std::string::npos);
  EXPECT_EQ(get("127.0.0.1", web_, "/consoles/dashboards/api/board.html"), "200\n<title>Board</title>2");
}

}  // namespace
}  // namespace maand
