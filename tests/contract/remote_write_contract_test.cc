// What leaves a RemoteWriter, as a real Prometheus takes it, and what comes back of one that does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <csignal>
#include <future>
#include <nlohmann/json.hpp>

#include "reconciler/outbound/courier.h"
#include "reconciler/outbound/remote_writer.h"
#include "tests/support/process.h"
#include "tests/support/word_server.h"

namespace maand::testing {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using ::testing::HasSubstr;

// bcrypt of `hunter22`, as --web.config.file has passwords.
constexpr const char* kLogin =
    "basic_auth_users:\n  ops: \"$2b$05$FNQJaN6sFE32PuTm0lJefekeo31pgbVLvHOwO9ZMamUbDnyBgMImC\"\n";

class Prometheus {
 public:
  explicit Prometheus(std::vector<std::string> more, const std::string& web_config = "") {
    port_ = free_port("127.0.0.1");
    write_file(directory_.path() / "prometheus.yml", "global: {}\n");
    Isolation isolation;
    isolation.log = directory_.path() / "log";
    std::vector<std::string> argv = {"/usr/bin/prometheus",
                                     "--config.file=" + (directory_.path() / "prometheus.yml").string(),
                                     "--storage.tsdb.path=" + (directory_.path() / "tsdb").string(),
                                     "--web.listen-address=127.0.0.1:" + std::to_string(port_)};
    if (!web_config.empty()) {
      write_file(directory_.path() / "web.yml", web_config);
      argv.push_back("--web.config.file=" + (directory_.path() / "web.yml").string());
    }
    for (std::string& one : more) argv.push_back(std::move(one));
    process_ = IsolatedProcess(isolation, argv);
    wait_for_listener(process_, "127.0.0.1", port_, isolation.log, 60s);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/api/v1/write"; }
  // `result` of an instant query.
  Json ask(const std::string& query) const {
    httplib::Client client("127.0.0.1", port_);
    client.set_read_timeout(20s);
    const auto answer = client.Post("/api/v1/query", httplib::Params{{"query", query}});
    if (!answer || answer->status != 200) {
      ADD_FAILURE() << (answer ? answer->body : "no answer");
      return {};
    }
    return Json::parse(answer->body)["data"]["result"];
  }

 private:
  TempDirectory directory_{"maand-remote-write"};
  IsolatedProcess process_;
  int port_ = 0;
};

class RemoteWriting : public ::testing::Test {
 protected:
  RemoteWriting() { std::signal(SIGPIPE, SIG_IGN); }
  // Prometheus answers 503 until it has read its disk.
  Reply write(const RemoteWrite& what) {
    Reply reply = writer_.write(what);
    for (int i = 0; i < 300 && reply.status == 503; ++i) {
      std::this_thread::sleep_for(100ms);  // lint-allow-sleep: another process starts
      reply = writer_.write(what);
    }
    return reply;
  }
  static RemoteWrite samples(const std::string& url) {
    const WallTime now = std::chrono::system_clock::now();
    return {.url = url,
            .samples = {{"maand_cert_expired", {{"scope", "ca"}, {"job", ""}, {"cert", "ca"}}, 0, now},
                        {"maand_cert_not_after_seconds",
                         {{"worker", "w1"}, {"job", "api"}, {"common_name", "größer \"x\" \\ \n"}},
                         1'900'000'000,
                         now}}};
  }

  CurlCourier courier_;
  CourierRemoteWriter writer_{courier_};
};

TEST_F(RemoteWriting, APrometheusHasWhatItIsTold) {
  const Prometheus prometheus({"--web.enable-remote-write-receiver"});
  const RemoteWrite first = samples(prometheus.url());
  const Reply reply = write(first);
  ASSERT_EQ(reply.status / 100, 2) << reply.status << reply.body << reply.problem;
  const Json end = prometheus.ask("maand_cert_not_after_seconds");
  ASSERT_EQ(end.size(), 1u) << end;
  EXPECT_EQ(end[0]["metric"], Json({{"__name__", "maand_cert_not_after_seconds"},
                                    {"worker", "w1"},
                                    {"job", "api"},
                                    {"common_name", "größer \"x\" \\ \n"}}));
  EXPECT_EQ(end[0]["value"][1], "1900000000");
  const Json expired = prometheus.ask("maand_cert_expired");
  ASSERT_EQ(expired.size(), 1u) << expired;
  EXPECT_EQ(expired[0]["metric"], Json({{"__name__", "maand_cert_expired"}, {"scope", "ca"}, {"cert", "ca"}}))
      << "an empty label is none";
  EXPECT_EQ(expired[0]["value"][1], "0");
  // Milliseconds since 1970.
  const Json at = prometheus.ask("timestamp(maand_cert_expired)");
  const auto told =
      std::chrono::duration_cast<std::chrono::milliseconds>(first.samples[0].at.time_since_epoch());
  EXPECT_NEAR(std::stod(at[0]["value"][1].get<std::string>()), static_cast<double>(told.count()) / 1000,
              0.001);

  RemoteWrite many = samples(prometheus.url());
  for (int i = 0; i < 20'000; ++i)
    many.samples.push_back(
        {"maand_cert_expiring", {{"worker", "w" + std::to_string(i)}}, 1, many.samples[0].at});
  EXPECT_EQ(write(many).status / 100, 2);
  EXPECT_EQ(prometheus.ask("sum(maand_cert_expiring)")[0]["value"][1], "20000");
}

TEST_F(RemoteWriting, APrometheusThatTakesNoneSaysHowItWould) {
  const Prometheus prometheus({});
  const Reply reply = write(samples(prometheus.url()));
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(judge_http(reply).verdict, Verdict::kRefused);
}

TEST_F(RemoteWriting, APrometheusThatWantsALoginLetsOnlyTheRightOneIn) {
  const Prometheus prometheus({"--web.enable-remote-write-receiver"}, kLogin);
  RemoteWrite what = samples(prometheus.url());
  EXPECT_EQ(write(what).status, 401);
  what.username = "ops";
  what.password = "hunter23";
  EXPECT_EQ(write(what).status, 401);
  what.password = "hunter22";
  EXPECT_EQ(write(what).status / 100, 2);
}

TEST_F(RemoteWriting, WhatAServerAnswersComesBackWithoutSecrets) {
  WordServer server("http");
  server.start();
  RemoteWrite what = samples(server.url("/api/v1/write"));
  what.username = "ops";
  what.password = "hunter22";
  const struct {
    const char* answer;
    int status;
    Verdict verdict;
  } table[] = {{"204", 204, Verdict::kDelivered},
               {"429 slow_down 7", 429, Verdict::kLater},
               {"500 hunter22", 500, Verdict::kLater},
               {"503", 503, Verdict::kLater},
               {"400 out_of_order", 400, Verdict::kRefused}};
  for (const auto& row : table) {
    server.answer(row.answer);
    const Reply reply = writer_.write(what);
    EXPECT_EQ(reply.status, row.status) << row.answer;
    EXPECT_EQ(judge_http(reply).verdict, row.verdict) << row.answer;
    EXPECT_EQ(reply.body.find("hunter22"), std::string::npos) << reply.body;
  }
  const Json got = Json::parse(server.wait_for(1)[0]);
  EXPECT_EQ(got["method"], "POST");
  EXPECT_EQ(got["path"], "/api/v1/write");
  const Json headers = got["headers"];
  EXPECT_EQ(headers["content-type"], "application/x-protobuf");
  EXPECT_EQ(headers["content-encoding"], "snappy");
  EXPECT_EQ(headers["x-prometheus-remote-write-version"], "0.1.0");
  EXPECT_EQ(headers["authorization"], "Basic b3BzOmh1bnRlcjIy");
}

TEST_F(RemoteWriting, WhereNobodyIsItIsTriedAgainAndAWriteThatHangsEndsWhenTheDaemonLeaves) {
  WordServer server("http");
  EXPECT_EQ(judge_http(writer_.write(samples(server.url("/")))).verdict, Verdict::kLater)
      << "nobody is there";
  server.start();
  server.answer("hang");
  auto reply = std::async(std::launch::async, [&] { return writer_.write(samples(server.url("/"))); });
  server.wait_for(1);
  courier_.interrupt();
  EXPECT_THAT(reply.get().problem, HasSubstr("leaving"));
  EXPECT_EQ(writer_.write(samples("file:///etc/passwd")).hopeless, true);
}

}  // namespace
}  // namespace maand::testing
