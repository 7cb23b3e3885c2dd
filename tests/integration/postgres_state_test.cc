// A bucket whose state is in PostgreSQL: the real binary, a real server, real sshd workers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/bucket_world.h"
#include "tests/support/postgres_server.h"
#include "tests/support/process.h"

namespace maand {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::BucketWorld;
using testing::eventually;
using testing::GitChanges;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ProgramResult;
using Lines = std::vector<std::string>;

constexpr const char* kPassword = "hunter2";  // of PostgresServer

class PostgresState : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = PostgresServer::missing()) GTEST_SKIP() << *why;
    server_ = std::make_unique<PostgresServer>();
    world_ = std::make_unique<BucketWorld>(2);
    const std::string host = server_->address() + ":" + std::to_string(server_->port());
    testing::write_file(world_->bucket() / "secrets/pgpass", host + ":bucket:maand:" + kPassword + "\n",
                        0600);
    world_->set("state", "url = \"postgresql://maand@" + host + "/bucket\"");
    world_->set("git", "poll_interval = \"1s\"");
    world_->set("http", "health_listen = \"127.0.0.1:" + std::to_string(health_port_) + "\"");
  }

  std::string deploy(const std::string& version) {
    GitChanges changes = BucketWorld::job("api", version);
    changes["workers.json"] = world_->workers_json(2);
    return world_->commit(changes);
  }

  // What anybody may see of a bucket. None of it ever shows the password.
  std::string said(std::vector<std::string> arguments, int status = 0) {
    const ProgramResult result = world_->maand(std::move(arguments));
    EXPECT_EQ(result.status, status) << result.out << result.err;
    EXPECT_THAT(result.out + result.err, Not(HasSubstr(kPassword)));
    return result.out + result.err;
  }

  std::string metrics() const {
    httplib::Client client("127.0.0.1", health_port_);
    const auto response = client.Get("/metrics");
    return response ? response->body : "";
  }

  const int health_port_ = testing::free_port("127.0.0.1");
  std::unique_ptr<PostgresServer> server_;
  std::unique_ptr<BucketWorld> world_;
};

TEST_F(PostgresState, A_daemon_converges_its_workers_and_outlives_a_crash_of_the_server) {
  world_->serve();
  world_->wait_for_note(deploy("1.0.0"), "applied");
  EXPECT_EQ(world_->events(0, "api"), Lines{"start 0.0.0 1.0.0 1 none"});

  server_->crash();
  world_->wait_for_note(deploy("1.1.0"), "applied");
  const Lines expected = {"start 0.0.0 1.0.0 1 none", "restart 1.0.0 1.1.0 1 none"};
  EXPECT_EQ(world_->events(0, "api"), expected);
  EXPECT_EQ(world_->events(1, "api"), expected);

  // The next daemon goes on with what this one kept.
  EXPECT_EQ(world_->stop_daemon(), 0);
  world_->serve();
  EXPECT_EQ(world_->reconcile().status, 0);
  EXPECT_EQ(world_->events(0, "api"), expected) << "what is confirmed does not run again";
  EXPECT_FALSE(fs::exists(world_->bucket() / "data/state.db"));
  EXPECT_FALSE(fs::exists(world_->bucket() / "secrets/kv.db"));
}

TEST_F(PostgresState, Every_command_reads_it_there_or_says_what_to_do_instead_and_shows_no_password) {
  EXPECT_THAT(said({"history"}), Not(HasSubstr("1.0.0")));  // nothing was ever kept
  deploy("1.0.0");
  EXPECT_EQ(world_->reconcile().status, 0) << "without a daemon";
  EXPECT_THAT(said({"status"}), HasSubstr("applied"));
  EXPECT_THAT(said({"info"}), HasSubstr("postgresql://maand@" + server_->address()));
  world_->serve();
  said({"suspend", "api", "--reason", "a test", "--for", "1h"});
  EXPECT_THAT(said({"audit"}), HasSubstr("a test"));
  EXPECT_THAT(said({"history", "--json"}), HasSubstr("\"commit\""));
  const std::string backup = (world_->bucket() / "backup").string();
  EXPECT_THAT(said({"backup", backup}, 2), HasSubstr("pg_dump"));
  EXPECT_THAT(said({"restore", backup}, 2), HasSubstr("pg_restore"));
  EXPECT_FALSE(fs::exists(backup));
  EXPECT_THAT(metrics(), HasSubstr("maand_build_info"));
  EXPECT_THAT(metrics(), Not(HasSubstr(kPassword)));
  EXPECT_THAT(world_->daemon_log(), Not(HasSubstr(kPassword)));

  // A password in the URL is nobody's to see either, and a wrong one is told without it.
  world_->kill_daemon();
  fs::remove(world_->bucket() / "secrets/pgpass");
  world_->set("state",
              "url = \"" + PostgresServer::url(server_->address(), server_->port(), "hunter2more") + "\"");
  said({"status"}, 1);
  said({"serve"}, 1);
  world_->set("state", "url = \"" + server_->url() + "\"");
  EXPECT_THAT(said({"status", "--json"}), HasSubstr("\"applied\""));
  EXPECT_THAT(said({"info", "--json"}), HasSubstr("postgresql://maand@"));
  world_->serve();
  const std::string directory = "/proc/" + std::to_string(world_->daemon_pid());
  EXPECT_THAT(testing::read_file(directory + "/cmdline"), Not(HasSubstr(kPassword)));
  EXPECT_THAT(metrics() + world_->daemon_log(), Not(HasSubstr(kPassword)));
}

}  // namespace
}  // namespace maand
