// A real worker behind a proxy that tests can cut or silence, and a runner for it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "executor/remote_runner.h"
#include "tests/integration/ssh_fixture.h"
#include "tests/support/runner_kit.h"
#include "tests/support/tcp_proxy.h"

namespace maand::testing {

class ProxiedWorker : public ::testing::Test {
 protected:
  ProxiedWorker() : secrets_("maand-secrets"), ssh_(prepare()) {
    options_.bucket_id = BucketId("bucket");
    options_.lost_for = std::chrono::seconds(20);
    to_ = endpoint(fleet_);
    to_.address = proxy_.address();
    to_.port = proxy_.port();
    to_.host_keys = {fleet_.host_key(0)};
    runner_ = std::make_unique<RemoteRunner>(options_, ssh_, blobs_, heard_);
  }
  SshOptions prepare() {
    fleet_.write_secrets(secrets_.path());
    return options(secrets_.path());
  }

  std::filesystem::path job(const std::string& name = "api") const {
    return fleet_.root(0) / "bucket/jobs" / name;
  }
  std::string events(const std::string& name = "api") const {
    const std::filesystem::path path = job(name) / "data/events";
    return std::filesystem::exists(path) ? read_file(path) : "";
  }

  SshdFleet fleet_{{.workers = 1}};
  TempDirectory secrets_;
  SshTransport ssh_;
  TcpProxy proxy_{fleet_.address(0), fleet_.port()};
  MemoryBlobs blobs_;
  HeardOutput heard_;
  RemoteRunnerOptions options_;
  Endpoint to_;  // through the proxy
  Operations operations_;
  std::unique_ptr<RemoteRunner> runner_;
};

}  // namespace maand::testing
