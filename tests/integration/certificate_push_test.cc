// The bucket's own Prometheus, a job like any other, is told of certificates by the daemon that deployed
// them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "reconciler/store/kv_store.h"
#include "tests/support/bucket_world.h"
#include "tests/support/process.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

// bcrypt of `hunter22`.
constexpr const char* kWebConfig =
    "basic_auth_users:\n  ops: \"$2b$05$FNQJaN6sFE32PuTm0lJefekeo31pgbVLvHOwO9ZMamUbDnyBgMImC\"\n";
constexpr const char* kMakefile = R"(.PHONY: start stop restart reload
start restart reload:
	@mkdir -p data; if [ -s data/pid ]; then kill $$(cat data/pid) 2>/dev/null; while kill -0 $$(cat data/pid) 2>/dev/null; do :; done; fi
	@read address < address; setsid /usr/bin/prometheus --config.file=prometheus.yml --storage.tsdb.path=data/tsdb --web.listen-address=$$address --web.config.file=web.yml $$(cat flags) </dev/null >>data/log 2>&1 & echo $$! > data/pid
stop:
	@kill $$(cat data/pid)
)";

class CertificatePushWorld : public ::testing::Test {
 protected:
  CertificatePushWorld() : port_(free_port(address())) {}
  void TearDown() override {
    world_.kill_daemon();
    std::ifstream in(world_.job_directory(0, "prometheus") / "data" / "pid");
    pid_t pid = 0;
    if (in >> pid) kill(pid, SIGKILL);
  }
  std::string address() { return world_.fleet().address(0); }
  // Two workers, of which the first has the Prometheus; `api` on both has a certificate.
  GitChanges workspace(const std::string& flags) {
    GitChanges changes =
        BucketWorld::job("api", "1.0.0", R"("certs": {"tls": {"subject": {"common_name": "the api"}}})");
    changes["workers.json"] = world_.workers_json(2, {{"monitor"}, {}});
    changes["jobs/prometheus/manifest.json"] = R"({"version": "1.0.0", "selectors": ["monitor"],
      "resources": {"ports": {"prometheus_port_http": )" +
                                               std::to_string(port_) + R"(}},
      "health_check": {"checks": [{"type": "tcp", "port": "prometheus_port_http"}]}})";
    changes["jobs/prometheus/Makefile"] = kMakefile;
    changes["jobs/prometheus/prometheus.yml"] = "global: {}\n";
    changes["jobs/prometheus/web.yml"] = kWebConfig;
    changes["jobs/prometheus/flags"] = flags;
    changes["jobs/prometheus/address.tpl"] = "{{.WorkerIP}}:" + std::to_string(port_) + "\n";
    return changes;
  }
  void put_secret(const std::string& key, const std::string& value) {
    open_kv_store(world_.bucket() / "secrets")
        ->write({{ValueChange::Kind::kPutSecret, "secrets/job/prometheus", key, value}},
                std::chrono::system_clock::now());
  }
  // `result` of an instant query, and nothing while Prometheus does not answer.
  Json ask(const std::string& query) {
    httplib::Client client(address(), port_);
    client.set_basic_auth("ops", "hunter22");
    client.set_read_timeout(std::chrono::seconds(20));
    const auto answer = client.Post("/api/v1/query", httplib::Params{{"query", query}});
    if (!answer || answer->status != 200) return Json::array();
    return Json::parse(answer->body)["data"]["result"];
  }

  BucketWorld world_{2};
  const int port_;
};

TEST_F(CertificatePushWorld, WhatWasIssuedIsInThePrometheusThatWasDeployedWithIt) {
  put_secret("admin_username", "ops");
  put_secret("admin_password", "hunter22");
  world_.commit(workspace("--web.enable-remote-write-receiver\n"));
  world_.serve();
  world_.reconcile();
  ASSERT_TRUE(eventually([&] { return ask("maand_cert_not_after_seconds").size() == 3; }))
      << ask("maand_cert_not_after_seconds") << world_.daemon_log();
  std::set<std::string> told;
  for (const Json& one : ask("maand_cert_not_after_seconds")) {
    const Json& labels = one["metric"];
    told.insert(labels["scope"].get<std::string>() + " " + labels.value("job", "") + " " +
                labels.value("worker", "") + " " + labels["cert"].get<std::string>() + " " +
                labels["status"].get<std::string>());
    if (labels["scope"] == "job") {
      EXPECT_EQ(labels["common_name"], "the api");
    }
    EXPECT_GT(std::stod(one["value"][1].get<std::string>()), 1.6e9);
  }
  EXPECT_THAT(told, UnorderedElementsAre("ca   ca ok", "job api " + world_.fleet().address(0) + " tls ok",
                                         "job api " + world_.fleet().address(1) + " tls ok"));
  EXPECT_EQ(ask("maand_cert_expired == 0").size(), 3u);
  EXPECT_EQ(ask("maand_cert_expiring == 0").size(), 3u);
  EXPECT_EQ(world_.daemon_log().find("could not be told"), std::string::npos) << world_.daemon_log();
  EXPECT_EQ(world_.daemon_log().find("hunter22"), std::string::npos);
  EXPECT_EQ(world_.stop_daemon(), 0);
}

TEST_F(CertificatePushWorld, OnePassWithoutADaemonTellsItAsWellAndAFailureIsAWordInTheLog) {
  put_secret("admin_username", "ops");
  world_.commit(workspace("\n"));
  EXPECT_THAT(world_.reconcile().err, HasSubstr("admin_password of secrets/job/prometheus is not there"));
  put_secret("admin_password", "hunter22");
  world_.commit({{"jobs/prometheus/flags", "--log.level=info\n"}});
  const ProgramResult off = world_.reconcile();
  EXPECT_EQ(off.status, 0) << off.err;
  EXPECT_THAT(off.err, HasSubstr("started with --web.enable-remote-write-receiver"));
  world_.commit({{"jobs/prometheus/flags", "--web.enable-remote-write-receiver\n"}});
  const ProgramResult on = world_.reconcile();
  EXPECT_EQ(on.status, 0) << on.err;
  EXPECT_EQ(on.err.find("could not be told"), std::string::npos) << on.err;
  EXPECT_EQ(ask("maand_cert_not_after_seconds").size(), 3u) << on.err;
}

}  // namespace
}  // namespace maand::testing
