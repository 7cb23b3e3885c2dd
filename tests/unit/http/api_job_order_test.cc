// Orders on jobs over the API: `maand job start|stop|restart`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "reconciler/http/api.h"
#include "reconciler/http/client.h"
#include "tests/support/fake_daemon.h"
#include "tests/support/temp_dir.h"

namespace maand {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ApiJobOrder : public testing::Test {
 protected:
  std::string socket_path() const { return (directory_.path() / "maand.sock").string(); }
  int post(const std::string& route, const std::string& body) {
    return client_.post("/api/v1/" + route, body).status;
  }

  TempDir directory_;
  FakeDaemon daemon_;
  ApiServer server_{{"", socket_path()}, daemon_, daemon_, daemon_};
  ApiClient client_{socket_path()};
};

TEST_F(ApiJobOrder, IsGivenLookedAtAndCutShort) {
  EXPECT_EQ(
      post(
          "job",
          R"({"verb": "stop", "job": "api", "allocations": "w1,w2", "reason": "disk", "for": "2h", "actor": "ann"})"),
      200);
  EXPECT_EQ(post("job", R"({"verb": "restart", "job": "api", "health_check": true})"), 200);
  EXPECT_EQ(post("job", R"({"verb": "start", "job": "api", "health_check": false, "actor": "ann"})"), 200);
  EXPECT_EQ(post("cut", R"({"order": "42", "actor": "ann"})"), 200);
  EXPECT_THAT(client_.get("/api/v1/orders/42").body, HasSubstr("\"order\": \"42\""));
  EXPECT_EQ(client_.get("/api/v1/orders/43").status, 404);
  EXPECT_THAT(daemon_.orders(),
              ElementsAre("job stop api on w1,w2 by ann: disk for 2h",
                          "job restart api on  by uid " + std::to_string(::getuid()) + " with health",
                          "job start api on  by ann", "cut 42 by ann"));
}

TEST_F(ApiJobOrder, AWorkerIsDrainedAndTakenBack) {
  EXPECT_EQ(
      post(
          "worker",
          R"({"verb": "drain", "host": "w1", "reason": "disks", "for": "2h", "force": true, "actor": "ann"})"),
      200);
  EXPECT_EQ(post("worker", R"({"verb": "drain", "host": "w1", "actor": "ann"})"), 200);
  EXPECT_EQ(post("worker", R"({"verb": "undrain", "host": "w1", "actor": "ann"})"), 200);
  EXPECT_EQ(post("worker", R"({"verb": "drain"})"), 400);
  EXPECT_EQ(post("worker", R"({"verb": "drain", "host": "w1", "for": 7})"), 400);
  EXPECT_THAT(daemon_.orders(), ElementsAre("drain w1 for 2h by ann: disks by force",
                                            "drain w1 for  by ann: ", "undrain w1 by ann"));
}

// Some of a job that is written wrongly is not all of it.
TEST_F(ApiJobOrder, WhatMakesNoSenseReachesNobody) {
  for (const char* body :
       {R"({"verb": "stop"})", R"({"job": "api"})",
        R"({"verb": "stop", "job": "api", "allocations": ["w1"]})",
        R"({"verb": "stop", "job": "api", "allocations": ""})", R"({"verb": "stop", "jobs": "api"})",
        R"({"verb": "stop", "job": "api", "for": 7})",
        R"({"verb": "stop", "job": "api", "reason": ["disk"]})", "[]"})
    EXPECT_EQ(post("job", body), 400) << body;
  EXPECT_EQ(post("cut", "{}"), 400);
  EXPECT_THAT(daemon_.orders(), ElementsAre());
}

TEST_F(ApiJobOrder, BusyIsNoRefusal) {
  daemon_.say_reply({ControlReply::Kind::kBusy, "another one is not over"});
  const ClientReply reply = client_.post("/api/v1/job", R"({"verb": "stop", "job": "api"})");
  EXPECT_EQ(reply.status, 503);
  EXPECT_THAT(reply.body, HasSubstr("another one is not over"));
}

}  // namespace
}  // namespace maand
