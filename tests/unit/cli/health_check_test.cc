// `maand health_check` as a person calls it, without a daemon.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/process.h"
#include "tests/unit/cli/bucket.h"

namespace maand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// The kernel accepts; nobody reads.
class OpenPort {
 public:
  OpenPort() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* where = reinterpret_cast<sockaddr*>(&address);
    if (::bind(fd_, where, size) != 0 || ::listen(fd_, 16) != 0) throw std::runtime_error("no port");
    ::getsockname(fd_, where, &size);
    port_ = ntohs(address.sin_port);
  }
  ~OpenPort() { ::close(fd_); }
  int port() const { return port_; }

 private:
  const int fd_;
  int port_ = 0;
};

class HealthCheckCommand : public ::testing::Test {
 protected:
  HealthCheckCommand() {
    GitChanges changes = {{"workspace/workers.json", R"([{"host": "127.0.0.1"}])"}};
    const auto job = [&](const std::string& name, const std::string& more) {
      changes["workspace/jobs/" + name + "/manifest.json"] =
          R"({"version": "1.0.0", "selectors": ["worker"])" + more + "}";
      changes["workspace/jobs/" + name + "/Makefile"] = "start stop restart:\n\ttrue\n";
    };
    const auto checked = [](const std::string& name, int port) {
      return R"(, "resources": {"ports": {")" + name + R"(": )" + std::to_string(port) +
             R"(}}, "health_check": {"checks": [{"type": "tcp", "port": ")" + name +
             R"("}], "wait": {"attempts": 2}})";
    };
    job("down", checked("down_web", free_port("127.0.0.1")));
    job("none", "");
    job("up", checked("up_web", open_.port()));
    bucket_.git.commit(changes, "three jobs");
    EXPECT_EQ(bucket_.run({"plan"}).status, 3);
    for (const char* name : {"down", "none", "up"}) {
      AppliedAllocation allocation = running(name, "127.0.0.1", "1.0.0");
      allocation.tree = TreeId(bucket_.git.git({"rev-parse", std::string("HEAD:workspace/jobs/") + name}));
      bucket_.store()->settle({allocation}, {}, 0);
    }
  }

  OpenPort open_;
  MadeBucket bucket_;
};

TEST_F(HealthCheckCommand, TellsOfEachJobWhichWorkerAndWhichCheckFailed) {
  const ProgramResult all = bucket_.run({"health_check"});
  EXPECT_EQ(all.status, 1) << all.err;
  EXPECT_THAT(all.out, AllOf(HasSubstr("health check passed: job up\n"),
                             HasSubstr("health check skipped: job none (it has no health checks)\n"),
                             HasSubstr("health check failed: job down\n  down@127.0.0.1: tcp down_web: "),
                             HasSubstr("refused"), Not(HasSubstr("up@"))));
  const ProgramResult one = bucket_.run({"health_check", "--jobs", "up,none", "--verbose"});
  EXPECT_EQ(one.status, 0) << one.err;
  EXPECT_THAT(one.out, AllOf(HasSubstr("  up@127.0.0.1: healthy\n"), Not(HasSubstr("down"))));
  const ProgramResult waited = bucket_.run({"health_check", "--jobs", "down", "--wait"});
  EXPECT_EQ(waited.status, 1);
  EXPECT_THAT(waited.out, HasSubstr("health check failed: job down\n"));
}

TEST_F(HealthCheckCommand, PrintsJsonAndNamesTheNearestJob) {
  const ProgramResult json = bucket_.run({"health_check", "--jobs", "up", "--json"});
  EXPECT_EQ(json.status, 0) << json.err;
  EXPECT_EQ(json.out, R"({"passed":true,"jobs":[{"job":"up","result":"passed","detail":"",)"
                      R"("allocations":[{"worker":"127.0.0.1","health":"healthy","detail":""}]}]})"
                      "\n");
  const ProgramResult unknown = bucket_.run({"health_check", "--jobs", "dwn"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.err, HasSubstr("there is no job \"dwn\"; did you mean `down`?"));
  EXPECT_EQ(unknown.out, "");
}

}  // namespace
}  // namespace maand::testing
