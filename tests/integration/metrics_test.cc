// The daemon's /metrics as Prometheus, promtool, the dashboard and the alert rules
// see it.
#include <gtest/gtest.h>
#include <httplib.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/support/bucket_world.h"
#include "tests/support/exposition.h"
#include "tests/support/process.h"

namespace maand {
namespace {

using namespace std::chrono_literals;
using testing::BucketWorld;
using testing::call_program;
using testing::Exposition;
using testing::GitChanges;
using testing::ProgramResult;
using testing::TempDirectory;

const std::string kTree = MAAND_TREE;
const std::string kWatching = kTree + "/charts/maand/files";  // alerts and dashboard
// Rendered by parts of the daemon that are off in this world: webhooks, previews, channels outward, other
// buckets.
const std::set<std::string> kOffHere = {"maand_bucket_failed_starts_total",
                                        "maand_bucket_up",
                                        "maand_cert_expired",
                                        "maand_cert_expiring",
                                        "maand_cert_not_after_seconds",
                                        "maand_certificate_pushes_total",
                                        "maand_commits_unannounced_total",
                                        "maand_webhook_deliveries_total",
                                        "maand_channel_broken",
                                        "maand_deliveries_total",
                                        "maand_leader",
                                        "maand_letters_dropped_total",
                                        "maand_outbox_letters",
                                        "maand_previews_judged_total",
                                        "maand_previews_left_out",
                                        "maand_previews_notes_waiting",
                                        "maand_previews_open",
                                        "maand_previews_seconds_total"};

std::string get(int port, const std::string& path, const httplib::Params& form = {}) {
  httplib::Client client("127.0.0.1", port);
  client.set_read_timeout(20s);
  const auto response = form.empty() ? client.Get(path) : client.Post(path, form);
  return response ? response->body : "no answer";
}

// Every expression of the dashboard, its variables filled in.
std::vector<std::string> expressions(const nlohmann::json& json) {
  std::vector<std::string> out;
  if (json.is_object() && json.contains("expr")) {
    std::string text = json["expr"];
    for (const auto& [variable, value] :
         std::vector<std::pair<std::string, std::string>>{{"$__rate_interval", "1m"},
                                                          {"$__interval", "1m"},
                                                          {"$instance", ".*"},
                                                          {"$bucket", ".*"},
                                                          {"$maand_job", ".*"}}) {
      for (std::size_t at = text.find(variable); at != std::string::npos; at = text.find(variable, at)) {
        text.replace(at, variable.size(), value);
      }
    }
    out.push_back(text);
  }
  if (!json.is_structured()) return out;
  for (const auto& member : json) {
    for (std::string& text : expressions(member)) out.push_back(std::move(text));
  }
  return out;
}

std::set<std::string> metrics_in(const std::string& text) {
  static const std::regex kName("\\b(maand|process)_[a-z0-9_]+");
  std::set<std::string> out;
  for (std::sregex_iterator it(text.begin(), text.end(), kName), end; it != end; ++it) out.insert(it->str());
  out.erase("maand_job");  // a label
  return out;
}

// A daemon that has deployed twice, and the second time for a push that it saw come.
class MetricsWorld : public ::testing::Test {
 protected:
  static BucketWorld& world() { return *world_; }
  static Exposition metrics() { return Exposition(text()); }
  static std::string text() { return get(port_, "/metrics"); }

  static void SetUpTestSuite() {
    port_ = testing::free_port("127.0.0.1");
    world_ = new BucketWorld(2, {{"http", "health_listen = \"127.0.0.1:" + std::to_string(port_) + "\""}});
    GitChanges files = {{"workers.json", world().workers_json(2)}};
    for (const char* job : {"api", "web"}) files.merge(BucketWorld::job(job, "1.0.0", kHealthy));
    world().commit(files);
    world().serve();
    world().reconcile();
    const std::string second = world().commit(BucketWorld::job("api", "1.1.0", kHealthy));
    world().reconcile();
    world().wait_for_note(second, "applied");
  }
  static void TearDownTestSuite() {
    delete world_;
    world_ = nullptr;
  }

  static constexpr const char* kHealthy =
      R"("health_check": {"checks": [{"type": "ssh", "command": "true"}]})";
  static inline BucketWorld* world_ = nullptr;
  static inline int port_ = 0;
};

TEST_F(MetricsWorld, PromtoolFindsNothingToComplainOf) {
  const ProgramResult result =
      call_program({.argv = {"/usr/bin/promtool", "check", "metrics"}, .input = text()});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.out + result.err, "");
  const Exposition read = metrics();
  EXPECT_TRUE(read.problems().empty()) << read.problems().front();
}

TEST_F(MetricsWorld, WhatHappenedIsInIt) {
  const Exposition read = metrics();
  const std::string api = "maand_delivery_duration_seconds_count{maand_job=\"api\",stage=";
  for (const char* stage : {"\"seen\"}", "\"verified\"}", "\"applied\"}", "\"healthy\"}"}) {
    EXPECT_EQ(read.value(api + stage), 1) << stage;
  }
  EXPECT_EQ(read.value("maand_delivery_duration_seconds_count{maand_job=\"web\",stage=\"applied\"}"), 0);
  EXPECT_EQ(read.value("maand_operations_total{action=\"start\",outcome=\"succeeded\"}"), 4);
  EXPECT_EQ(read.value("maand_operations_total{action=\"restart\",outcome=\"succeeded\"}"), 2);
  EXPECT_GE(read.value("maand_ssh_connections_total{condition=\"none\"}"), 2);
  EXPECT_GE(read.value("maand_git_operations_total{operation=\"ls_remote\",problem=\"none\"}"), 2);
  EXPECT_EQ(read.value("maand_git_operations_total{operation=\"fetch\",problem=\"none\"}"), 2);
  EXPECT_EQ(read.value("maand_git_operations_total{operation=\"publish_notes\",problem=\"none\"}"), 2);
  EXPECT_EQ(read.value("maand_allocations_health{health=\"healthy\"}"), 4);
  EXPECT_EQ(read.value("maand_head_applied"), 1);
  EXPECT_EQ(read.value("maand_ready"), 1);
  EXPECT_GT(read.value("process_resident_memory_bytes"), 1e6);
  EXPECT_GT(read.value("process_cpu_seconds_total"), 0);
}

TEST_F(MetricsWorld, EveryNameOfTheDashboardAndTheAlertsExists) {
  std::set<std::string> known = metrics().names();
  known.insert(kOffHere.begin(), kOffHere.end());
  for (const char* file : {"/dashboard.json", "/alerts.yaml"}) {
    const std::set<std::string> used = metrics_in(testing::read_file(kWatching + file));
    EXPECT_GT(used.size(), 10u) << file;
    for (const std::string& name : used) EXPECT_TRUE(known.count(name)) << file << " asks for " << name;
  }
}

// A metric nobody can look up is of no use, and neither is a line about one that is gone.
TEST_F(MetricsWorld, EveryFamilyIsExplainedInTheDocumentAndNoOther) {
  std::set<std::string> families = kOffHere;
  const Exposition read = metrics();
  for (const auto& [name, type] : read.families()) families.insert(name);
  const std::string document = testing::read_file(kTree + "/docs/metrics.md");
  std::set<std::string> explained;
  static const std::regex kRow("\n\\| `([a-z0-9_]+)` \\|");
  for (std::sregex_iterator it(document.begin(), document.end(), kRow), end; it != end; ++it) {
    explained.insert((*it)[1]);
  }
  EXPECT_EQ(explained, families);
}

TEST(AlertRules, PromtoolAcceptsThemAndEachHasATest) {
  for (const std::vector<std::string>& argv : std::vector<std::vector<std::string>>{
           {"/usr/bin/promtool", "check", "rules", "--lint-fatal", kWatching + "/alerts.yaml"},
           {"/usr/bin/promtool", "test", "rules", "alerts_test.yaml"}}) {
    const ProgramResult result = call_program({.argv = argv, .cwd = kTree + "/tests/charts"});
    EXPECT_EQ(result.status, 0) << result.out << result.err;
  }
  const std::string rules = testing::read_file(kWatching + "/alerts.yaml");
  const std::string tests = testing::read_file(kTree + "/tests/charts/alerts_test.yaml");
  static const std::regex kAlert("- alert: (\\w+)");
  for (std::sregex_iterator it(rules.begin(), rules.end(), kAlert), end; it != end; ++it) {
    EXPECT_NE(tests.find("alertname: " + it->str(1) + "\n"), std::string::npos)
        << it->str(1) << " has no test";
  }
}

TEST_F(MetricsWorld, APrometheusScrapesTheDaemonAndAnswersTheDashboard) {
  const TempDirectory directory("maand-prometheus");
  const int web = testing::free_port("127.0.0.1");
  testing::write_file(
      directory.path() / "prometheus.yml",
      "global: {scrape_interval: 500ms, evaluation_interval: 1s}\n"
      "rule_files: [\"" +
          kWatching +
          "/alerts.yaml\"]\n"
          "scrape_configs:\n- job_name: maand\n  static_configs:\n  - targets: [\"127.0.0.1:" +
          std::to_string(port_) + "\"]\n");
  testing::Isolation isolation;
  isolation.log = directory.path() / "log";
  testing::IsolatedProcess prometheus(
      isolation, {"/usr/bin/prometheus", "--config.file=" + (directory.path() / "prometheus.yml").string(),
                  "--storage.tsdb.path=" + (directory.path() / "tsdb").string(),
                  "--web.listen-address=127.0.0.1:" + std::to_string(web)});
  testing::wait_for_listener(prometheus, "127.0.0.1", web, isolation.log, 60s);

  const auto query = [&](const std::string& text) {
    nlohmann::json answer =
        nlohmann::json::parse(get(web, "/api/v1/query", {{"query", text}}), nullptr, false);
    // While it starts it answers in words.
    return answer.is_object() ? answer : nlohmann::json{{"data", {{"result", nlohmann::json::array()}}}};
  };
  const auto value = [&](const std::string& text) -> std::string {
    const nlohmann::json answer = query(text);
    const nlohmann::json& result = answer["data"]["result"];
    return result.empty() ? "" : result[0]["value"][1].get<std::string>();
  };
  ASSERT_TRUE(testing::eventually([&] { return value("up{job=\"maand\"}") == "1"; }))
      << testing::read_file(isolation.log);
  ASSERT_TRUE(testing::eventually([&] { return value("maand_head_applied{job=\"maand\"}") == "1"; }));
  EXPECT_EQ(value("sum(maand_allocations)"), "4");
  EXPECT_EQ(value("count({exported_job!=\"\"})"), "") << "a label of ours is one of the scrape";

  const std::vector<std::string> asked =
      expressions(nlohmann::json::parse(testing::read_file(kWatching + "/dashboard.json")));
  EXPECT_GT(asked.size(), 40u);
  for (const std::string& text : asked) {
    const nlohmann::json answer = query(text);
    EXPECT_EQ(answer.value("status", ""), "success") << text << "\n" << answer.dump();
  }
  const nlohmann::json rules = nlohmann::json::parse(get(web, "/api/v1/rules"), nullptr, false);
  for (const nlohmann::json& group : rules["data"]["groups"]) {
    for (const nlohmann::json& rule : group["rules"]) EXPECT_EQ(rule["state"], "inactive") << rule.dump();
  }
  const nlohmann::json targets = nlohmann::json::parse(get(web, "/api/v1/targets"), nullptr, false);
  EXPECT_EQ(targets["data"]["activeTargets"][0]["lastError"], "");
}

}  // namespace
}  // namespace maand
