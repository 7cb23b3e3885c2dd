// Several buckets in one daemon: the real binary, a git remote and sshd workers for each.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/bucket_world.h"
#include "tests/support/exposition.h"
#include "tests/support/raw_socket.h"
#include "tests/support/webhook_delivery.h"

namespace maand::testing {
namespace {

using Events = std::vector<std::string>;
constexpr const char* kOtherId = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed";

class ManyBuckets : public ::testing::Test {
 protected:
  ManyBuckets() {
    prod_.set("", "name = \"prod\"");
    lab_.set("", "name = \"lab\"");
    lab_.set("webhook", "github_secret_file = \"webhook\"");
    write_file(lab_.bucket() / "secrets" / "webhook", std::string(kFixtureSecret) + "\n", 0600);
  }

  std::string deploy(BucketWorld& world, const std::string& version) {
    GitChanges changes = BucketWorld::job("api", version);
    changes["workers.json"] = world.workers_json(1);
    return world.commit(changes, version);
  }
  // The daemon is that of `prod_`, which has its log.
  void launch(std::vector<std::string> more) {
    std::vector<std::string> arguments = {"serve",           "--listen",       address(api_),
                                          "--health-listen", address(health_), "--webhook-listen",
                                          address(webhook_)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    prod_.launch(arguments);
  }
  void launch_both() { launch({"--bucket", lab_.bucket().string()}); }

  static std::string address(int port) { return "127.0.0.1:" + std::to_string(port); }
  static std::string get(int port, const std::string& path) {
    try {
      RawSocket socket(port);
      socket.send("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
      return socket.read_all();
    } catch (const std::runtime_error&) {
      return "";
    }
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }
  bool says(int port, const std::string& path, const std::string& text) {
    return eventually([&] { return has(get(port, path), text); });
  }
  Exposition metrics() {
    const std::string answer = get(health_, "/metrics");
    return Exposition(answer.substr(answer.find("\r\n\r\n") + 4));
  }

  BucketWorld prod_{1};
  BucketWorld lab_{1, {}, kOtherId};
  int api_ = free_port("127.0.0.1");
  int health_ = free_port("127.0.0.1");
  int webhook_ = free_port("127.0.0.1");
};

TEST_F(ManyBuckets, OneDaemonDeploysBothAndEachAnswersAsIfItWereAlone) {
  const std::string first = deploy(prod_, "1.0.0");
  const std::string other = deploy(lab_, "2.0.0");
  launch_both();
  prod_.wait_for_note(first, "applied");
  lab_.wait_for_note(other, "applied");
  EXPECT_EQ(prod_.events(0, "api"), Events{"start 0.0.0 1.0.0 1 none"});
  EXPECT_EQ(lab_.events(0, "api"), Events{"start 0.0.0 2.0.0 1 none"});
  // Commands find each over its own socket.
  for (const auto& [world, name] : {std::pair(&prod_, "prod"), std::pair(&lab_, "lab")}) {
    EXPECT_TRUE(has(world->maand({"status", "--json"}).out, "\"name\":\"" + std::string(name) + "\""));
    EXPECT_EQ(world->reconcile().status, 0);
    const std::string path = "/buckets/" + std::string(name);
    EXPECT_TRUE(has(get(api_, path + "/api/v1/status"), "\"name\":\"" + std::string(name) + "\""));
    EXPECT_TRUE(says(health_, path + "/readyz", "HTTP/1.1 200"));
  }
  EXPECT_TRUE(has(get(api_, "/"), "<a href=\"/buckets/lab/\">lab</a> ok"));
  EXPECT_TRUE(has(get(health_, "/readyz"), "ok\nlab: ok\nprod: ok\n"));
  EXPECT_TRUE(has(prod_.daemon_log(), "notice bucket=lab")) << prod_.daemon_log();

  const Exposition read = metrics();
  ASSERT_TRUE(read.problems().empty()) << read.problems().front();
  for (const char* name : {"prod", "lab"}) {
    const std::string label = "bucket=\"" + std::string(name) + "\"";
    EXPECT_EQ(read.value("maand_bucket_up{" + label + "}"), 1);
    EXPECT_EQ(read.value("maand_head_applied{" + label + "}"), 1);
    EXPECT_EQ(read.value("maand_operations_total{action=\"start\",outcome=\"succeeded\"," + label + "}"), 1);
  }
  EXPECT_GT(read.value("process_open_fds"), 0);

  EXPECT_EQ(prod_.stop_daemon(), 0) << prod_.daemon_log();
  for (const BucketWorld* world : {&prod_, &lab_})
    EXPECT_FALSE(std::filesystem::exists(world->bucket() / "data" / "maand.sock"));
  // Nothing is left behind that would keep either from being served alone, or make it do something twice.
  lab_.serve();
  const std::string third = deploy(lab_, "2.1.0");
  EXPECT_EQ(lab_.reconcile().status, 0);
  lab_.wait_for_note(third, "applied");
  EXPECT_EQ(lab_.events(0, "api"), (Events{"start 0.0.0 2.0.0 1 none", "restart 2.0.0 2.1.0 1 none"}));
}

TEST_F(ManyBuckets, OneThatIsBrokenIsToldAndTriedAgainAndTheOtherDoesNotNotice) {
  lab_.set("git", "poll_interval = \"soon\"");
  const std::string first = deploy(prod_, "1.0.0");
  launch_both();
  prod_.wait_for_note(first, "applied");
  EXPECT_TRUE(prod_.daemon_says("bucket=bucket  this bucket is not served, the others are"))
      << prod_.daemon_log();
  EXPECT_TRUE(says(health_, "/readyz", "HTTP/1.1 200"));
  EXPECT_TRUE(has(get(health_, "/healthz"), "HTTP/1.1 200"));
  // Its name was never read, so it is called like its directory.
  EXPECT_TRUE(has(get(health_, "/buckets/bucket/readyz"), "poll_interval"));
  EXPECT_TRUE(has(get(api_, "/buckets"), "poll_interval"));
  EXPECT_EQ(metrics().value("maand_bucket_up{bucket=\"bucket\"}"), 0);
  EXPECT_GE(metrics().value("maand_bucket_failed_starts_total{bucket=\"bucket\"}"), 1);

  lab_.set("git", "poll_interval = \"1h\"");
  const std::string other = deploy(lab_, "2.0.0");
  prod_.reload_daemon();
  lab_.wait_for_note(other, "applied");
  EXPECT_EQ(metrics().value("maand_bucket_up{bucket=\"lab\"}"), 1);
  EXPECT_TRUE(std::isnan(metrics().value("maand_bucket_up{bucket=\"bucket\"}")));

  // Broken again while it runs: the old settings stay, as in a daemon of its own.
  lab_.set("git", "poll_interval = \"soon\"");
  prod_.reload_daemon();
  EXPECT_TRUE(prod_.daemon_says("bucket=lab  maand.conf was not reloaded, the old settings stay"))
      << prod_.daemon_log();
  EXPECT_TRUE(has(get(health_, "/buckets/lab/readyz"), "HTTP/1.1 200"));
  const std::string second = deploy(prod_, "1.1.0");
  EXPECT_EQ(prod_.reconcile().status, 0);
  prod_.wait_for_note(second, "applied");
  EXPECT_EQ(prod_.stop_daemon(), 0);
}

TEST_F(ManyBuckets, OneThatAnotherDaemonHoldsIsServedOnceThatLetsGo) {
  lab_.serve();
  launch_both();
  EXPECT_TRUE(says(health_, "/buckets/lab/readyz", "HTTP/1.1 503")) << prod_.daemon_log();
  EXPECT_TRUE(says(health_, "/readyz", "prod: ok")) << prod_.daemon_log();
  EXPECT_EQ(lab_.stop_daemon(), 0);
  EXPECT_TRUE(says(health_, "/buckets/lab/readyz", "HTTP/1.1 200")) << prod_.daemon_log();
}

TEST_F(ManyBuckets, APushToTheSecondIsAppliedByItAndByNoOther) {
  deploy(prod_, "1.0.0");
  const std::string first = deploy(lab_, "1.0.0");
  launch_both();
  lab_.wait_for_note(first, "applied");
  EXPECT_TRUE(prod_.daemon_says("are taken at /buckets/lab/webhook/")) << prod_.daemon_log();
  const std::string second = deploy(lab_, "1.1.0");
  WebhookDelivery delivery = fixture_delivery("github_push");
  for (std::size_t at = 0; (at = delivery.body.find(kFixtureCommit, at)) != std::string::npos;)
    delivery.body.replace(at, std::strlen(kFixtureCommit), second);
  sign(delivery);
  std::string request = delivery.request();
  const auto deliver = [&](const std::string& bucket) {
    std::string to = request;
    to.replace(to.find("/webhook/"), 0, "/buckets/" + bucket);
    RawSocket socket(webhook_);
    socket.send(to);
    return socket.read_all();
  };
  EXPECT_TRUE(has(deliver("prod"), "HTTP/1.1 404")) << "prod has no secret";
  EXPECT_TRUE(has(deliver("lab"), "HTTP/1.1 202"));
  lab_.wait_for_note(second, "applied");
}

TEST_F(ManyBuckets, WhatComesIntoTheDirectoryOrLeavesItBeginsAndEndsWithASighup) {
  const TempDirectory parent("maand-buckets");
  const std::string first = deploy(prod_, "1.0.0");
  const std::string other = deploy(lab_, "2.0.0");
  launch({"--buckets", parent.path().string()});
  prod_.wait_for_note(first, "applied");
  // While there is one, its plain paths answer.
  EXPECT_TRUE(has(get(api_, "/api/v1/status"), "\"name\":\"prod\""));
  std::filesystem::create_directory_symlink(lab_.bucket(), parent.path() / "lab");
  prod_.reload_daemon();
  lab_.wait_for_note(other, "applied");
  EXPECT_TRUE(has(get(api_, "/api/v1/status"), "HTTP/1.1 404"));
  EXPECT_TRUE(has(get(api_, "/buckets/lab/api/v1/status"), "\"name\":\"lab\""));
  std::filesystem::remove(parent.path() / "lab");
  prod_.reload_daemon();
  EXPECT_TRUE(eventually([&] { return has(get(api_, "/buckets"), "lab") == false; })) << prod_.daemon_log();
  // It can be served by another now; nothing was done to its worker.
  lab_.serve();
  EXPECT_EQ(lab_.events(0, "api"), Events{"start 0.0.0 2.0.0 1 none"});
}

TEST_F(ManyBuckets, TheSameBucketTwiceIsRefusedWithASentence) {
  lab_.set("", "bucket_id = \"" + prod_.bucket_id() + "\"");
  launch_both();
  EXPECT_TRUE(prod_.daemon_says("bucket_id " + prod_.bucket_id() + " is that of ")) << prod_.daemon_log();
  lab_.set("", "bucket_id = \"" + std::string(kOtherId) + "\"");
  lab_.set("", "name = \"prod\"");
  prod_.reload_daemon();
  EXPECT_TRUE(prod_.daemon_says("name \"prod\" is that of ")) << prod_.daemon_log();
  EXPECT_TRUE(says(health_, "/readyz", "prod: ok"));
}

// What systemd is told, on a socket like its own.
class Notified {
 public:
  explicit Notified(const std::filesystem::path& path)
      : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("cannot bind " + path.string());
  }
  ~Notified() { ::close(fd_); }
  bool told(const std::string& what) {
    return eventually([&] {
      char text[256];
      for (ssize_t got = 0; (got = ::recv(fd_, text, sizeof text, MSG_DONTWAIT)) >= 0;)
        heard_.emplace_back(text, static_cast<std::size_t>(got));
      return std::count(heard_.begin(), heard_.end(), what) > 0;
    });
  }
  void forget() { heard_.clear(); }

 private:
  int fd_;
  Events heard_;
};

TEST_F(ManyBuckets, TheServiceManagerHearsReadyAlsoWithABrokenOneAndIsFed) {
  const TempDirectory place("maand-notify");
  Notified systemd(place.path() / "notify");
  lab_.set("git", "poll_interval = \"soon\"");
  ::setenv("NOTIFY_SOCKET", (place.path() / "notify").c_str(), 1);
  ::setenv("WATCHDOG_USEC", "300000", 1);
  launch_both();
  ::unsetenv("NOTIFY_SOCKET");
  ::unsetenv("WATCHDOG_USEC");
  EXPECT_TRUE(systemd.told("READY=1")) << prod_.daemon_log();
  for (int i = 0; i < 3; ++i) {
    systemd.forget();
    EXPECT_TRUE(systemd.told("WATCHDOG=1"));
  }
  EXPECT_EQ(prod_.stop_daemon(), 0);
  EXPECT_TRUE(systemd.told("STOPPING=1"));
}

TEST_F(ManyBuckets, OptionsOfSeveralAreRefusedForOneAndAMissingDirectoryAsWell) {
  const ProgramResult one = prod_.maand({"serve", "--listen", "127.0.0.1:0"});
  EXPECT_EQ(one.status, 2);
  EXPECT_TRUE(has(one.err, "[http] of its maand.conf")) << one.err;
  const ProgramResult missing = prod_.maand({"serve", "--buckets", "/nowhere/at/all"});
  EXPECT_EQ(missing.status, 2);
  EXPECT_TRUE(has(missing.err, "--buckets /nowhere/at/all cannot be read")) << missing.err;
  const ProgramResult half = prod_.maand({"serve", "--bucket", "x", "--tls-cert", "a.pem"});
  EXPECT_EQ(half.status, 2);
  EXPECT_TRUE(has(half.err, "give both")) << half.err;
}

}  // namespace
}  // namespace maand::testing
