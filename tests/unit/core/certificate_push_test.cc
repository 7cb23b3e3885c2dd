// Which Prometheus is told of certificates, with which login, and what.
#include "reconciler/core/certificate_push.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconciler/core/base64.h"

namespace maand {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// One allocation of a job.
struct Placed {
  std::string worker;
  std::string address;
  bool running = true;
  std::string file = "prometheus.yml";
  std::string job = "prometheus";
};

AppliedState state(const std::vector<Placed>& placed, PortNumbers ports) {
  AppliedState out;
  for (const Placed& one : placed) {
    AppliedAllocation allocation;
    allocation.key = {JobName(one.job), WorkerHost(one.worker)};
    allocation.endpoint.address = one.address;
    allocation.running = one.running;
    auto files = std::make_shared<FileSet>();
    files->files.push_back({.path = one.file});
    allocation.files = files;
    out.allocations[allocation.key] = allocation;
  }
  if (!ports.empty()) out.ports[JobName("prometheus")] = std::move(ports);
  return out;
}

TEST(CertificatePush, GoesToTheLowestAddressWhereAPrometheusRuns) {
  const PortNumbers web = {{"other", 1}, {"prometheus_port_http", 9090}};
  const struct {
    const char* what;
    AppliedState state;
    std::string url;
  } table[] = {
      {"nothing runs", {}, ""},
      {"one", state({{"w1", "10.0.0.1"}}, web), "http://10.0.0.1:9090/api/v1/write"},
      {"a template", state({{"w1", "10.0.0.1", true, "prometheus.yml.tpl"}}, web),
       "http://10.0.0.1:9090/api/v1/write"},
      {"numbers and not text", state({{"w1", "10.0.0.10"}, {"w2", "10.0.0.9"}}, web),
       "http://10.0.0.9:9090/api/v1/write"},
      {"an IPv4 address before others", state({{"w1", "::1"}, {"w2", "10.0.0.9"}, {"w3", "a.example"}}, web),
       "http://10.0.0.9:9090/api/v1/write"},
      {"text that only looks like one", state({{"w1", "10.0.0.256"}, {"w2", "9.9.9"}}, web),
       "http://10.0.0.256:9090/api/v1/write"},
      {"an IPv6 address", state({{"w1", "fd00::1"}}, web), "http://[fd00::1]:9090/api/v1/write"},
      {"a host without an address", state({{"w1.example", ""}}, web), "http://w1.example:9090/api/v1/write"},
      {"the lowest is stopped", state({{"w1", "10.0.0.1", false}, {"w2", "10.0.0.2"}}, web),
       "http://10.0.0.2:9090/api/v1/write"},
      {"all are stopped", state({{"w1", "10.0.0.1", false}}, web), ""},
      {"no prometheus.yml", state({{"w1", "10.0.0.1", true, "prometheus.yaml"}}, web), ""},
      {"only below a directory", state({{"w1", "10.0.0.1", true, "etc/prometheus.yml"}}, web), ""},
      {"another port", state({{"w1", "10.0.0.1"}}, {{"http", 9090}}), ""},
      {"no ports", state({{"w1", "10.0.0.1"}}, {}), ""},
      {"another job", state({{"w1", "10.0.0.1", true, "prometheus.yml", "prometheus2"}}, web), ""},
  };
  for (const auto& row : table) EXPECT_EQ(push_url(row.state), row.url) << row.what;
}

TEST(CertificatePush, LogsInWithBothSecretsOrWithNone) {
  using Values = std::map<std::string, std::string>;
  const struct {
    const char* what;
    Values git, stored;
    const char* username;
    const char* password;
    const char* problem;
  } table[] = {
      {"none", {}, {}, "", "", ""},
      {"stored", {}, {{"admin_username", "u"}, {"admin_password", "p"}}, "u", "p", ""},
      {"in git", {{"admin_username", "u"}, {"admin_password", "p"}}, {}, "u", "p", ""},
      {"in both",
       {{"admin_password", "new"}},
       {{"admin_username", "u"}, {"admin_password", "p"}},
       "u",
       "new",
       ""},
      {"an empty password", {}, {{"admin_username", "u"}, {"admin_password", ""}}, "u", "", ""},
      {"no password",
       {},
       {{"admin_username", "u"}},
       "",
       "",
       "admin_password of secrets/job/prometheus is not there, and admin_username is: put both, or none"},
      {"no username",
       {{"admin_password", "p"}},
       {},
       "",
       "",
       "admin_username of secrets/job/prometheus is not there"},
      {"a colon", {}, {{"admin_username", "u:x"}, {"admin_password", "p"}}, "", "", "hold a colon"},
      {"no key",
       {},
       {{"admin_username", "u"}, {"admin_password", "damaged"}},
       "",
       "",
       "admin_password of secrets/job/prometheus cannot be read: no key for it"},
      {"no key in git",
       {{"admin_username", "damaged"}},
       {{"admin_password", "p"}},
       "",
       "",
       "admin_username of secrets/job/prometheus cannot be read: no key for it"},
  };
  const auto open = [](const std::string& sealed) -> RevealedSecret {
    if (sealed == "damaged") return {RevealedSecret::State::kNoKey, "", "no key for it"};
    return {RevealedSecret::State::kOpened, sealed, ""};
  };
  for (const auto& row : table) {
    Job job;
    job.name = JobName("prometheus");
    job.sealed_secrets = row.git;
    auto values = std::make_shared<NamespaceValues>();
    for (const auto& [key, value] : row.stored) {
      StoredValue one;
      one.value = value;
      one.secret = true;
      (*values)[key] = one;
    }
    auto snapshot = std::make_shared<ValueSnapshot>();
    if (!values->empty()) snapshot->namespaces["secrets/job/prometheus"] = values;
    VariableSources sources;
    sources.stored = snapshot;
    sources.reveal = [&](const StoredValue& value) { return open(value.value); };
    sources.open = [&](const JobName&, const std::string&, const std::string& sealed) {
      return open(sealed);
    };
    const PushLogin login = push_login(&job, sources);
    EXPECT_EQ(login.username, row.username) << row.what;
    EXPECT_EQ(login.password, row.password) << row.what;
    EXPECT_THAT(login.problem, HasSubstr(row.problem)) << row.what;
    EXPECT_EQ(login.problem.empty(), std::string(row.problem).empty()) << row.what;
  }
  EXPECT_EQ(push_login(nullptr, {}).problem, "");
}

TEST(CertificatePush, TellsThreeFamiliesOfEachCertificateWithoutControlCharacters) {
  const WallTime now{1000h};
  const std::vector<RemoteSample> samples = pushed_samples(
      certificate_series(CertificateFacts{.common_name = "a\x1b\xff", .not_after = now + 100h}, now + 1h,
                         {{JobName("api"), WorkerHost("w1"), "tls", "api", now + 20h, 20h, false},
                          {JobName("api"), WorkerHost("w2"), "tls", "api", now, 20h, true}},
                         now),
      now);
  ASSERT_EQ(samples.size(), 9u);
  const auto told = [&](std::size_t at) {
    std::string text = samples[at].metric;
    for (const auto& [name, value] : samples[at].labels) text += " " + name + "=" + value;
    return text + " " + std::to_string(static_cast<int>(samples[at].value));
  };
  EXPECT_EQ(
      told(0),
      "maand_cert_not_after_seconds scope=ca job= worker= cert=ca common_name=a\\x1b\\xff status=ok 3960000");
  EXPECT_EQ(told(1),
            "maand_cert_not_after_seconds scope=job job=api worker=w1 cert=tls common_name=api "
            "status=expiring 3672000");
  EXPECT_EQ(told(4),
            "maand_cert_expiring scope=job job=api worker=w1 cert=tls common_name=api status=expiring 1");
  EXPECT_EQ(told(7),
            "maand_cert_expired scope=job job=api worker=w1 cert=tls common_name=api status=expiring 0");
  EXPECT_EQ(told(8),
            "maand_cert_expired scope=job job=api worker=w2 cert=tls common_name=api status=expired 1");
  for (const RemoteSample& one : samples) EXPECT_EQ(one.at, now);
  EXPECT_TRUE(pushed_samples({}, now).empty());
}

TEST(CertificatePush, WaitsTwoSecondsThenTwiceAsLongAndAtMostFifteen) {
  EXPECT_EQ(kMostPushTries, 5);
  const std::chrono::milliseconds delays[] = {2s, 4s, 8s, 15s, 15s};
  for (int failures = 1; failures <= 5; ++failures)
    EXPECT_EQ(push_delay(failures), delays[failures - 1]) << failures;
  EXPECT_EQ(push_delay(1'000'000), 15s);
}

TEST(Base64, IsThatOfRfc4648) {
  const std::pair<const char*, const char*> table[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : table) EXPECT_EQ(base64(plain), text);
  EXPECT_EQ(base64("\xff\xfe\xfb"), "//77");
}

}  // namespace
}  // namespace maand
