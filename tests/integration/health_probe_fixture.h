// What the tests of health probes share: checks in few words, and a runner that is
// asked for one round.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "executor/remote_runner.h"
#include "tests/integration/ssh_fixture.h"
#include "tests/support/probe_server.h"
#include "tests/support/runner_kit.h"

namespace maand::testing {

namespace fs = std::filesystem;
using Via = HealthCheck::Via;
using Scheme = HealthCheck::Scheme;

struct Told {
  Health health;
  std::string detail;
};

inline HealthCheck tcp(int port, Via via = Via::kController) {
  return {.type = HealthCheck::Type::kTcp, .port = port, .port_name = "web", .via = via};
}
inline HealthCheck http(int port, const std::string& path, Via via = Via::kController,
                        Scheme scheme = Scheme::kHttp) {
  return {.type = HealthCheck::Type::kHttp,
          .port = port,
          .port_name = "web",
          .path = path,
          .scheme = scheme,
          .via = via};
}
inline HealthCheck command(const std::string& text) {
  return {.type = HealthCheck::Type::kSsh, .command = text, .via = Via::kSsh};
}

class ProbeTest : public ::testing::Test {
 protected:
  void use(Transport& transport, const fs::path& ca_file = {}) {
    runner_ = std::make_unique<RemoteRunner>(
        RemoteRunnerOptions{.bucket_id = BucketId("bucket"), .ca_file = ca_file}, transport, blobs_, heard_);
  }
  Answer<Told> begin(const std::vector<HealthCheck>& checks, Seconds timeout = Seconds{20}) {
    Answer<Told> answer;
    HealthSpec spec;
    spec.checks = checks;
    spec.timeout = timeout;
    runner_->probe(to_, spec, [answer](Health health, std::string detail) mutable {
      answer.give({health, std::move(detail)});
    });
    return answer;
  }
  Told probe(const std::vector<HealthCheck>& checks, Seconds timeout = Seconds{20}) {
    return begin(checks, timeout).wait();
  }
  // Empty: healthy.
  std::string trouble(const HealthCheck& check, Seconds timeout = Seconds{20}) {
    const Told told = probe({check}, timeout);
    EXPECT_EQ(told.detail.empty(), told.health == Health::kHealthy) << told.detail;
    return told.detail;
  }

  Endpoint to_;
  MemoryBlobs blobs_;
  HeardOutput heard_;
  std::unique_ptr<RemoteRunner> runner_;
};

}  // namespace maand::testing
