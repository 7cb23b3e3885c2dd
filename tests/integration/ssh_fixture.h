// What the SSH tests share: a secrets directory, endpoints, and commands.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "executor/ssh_transport.h"
#include "tests/support/process.h"
#include "tests/support/sshd_fleet.h"

namespace maand::testing {

inline std::chrono::steady_clock::time_point within(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}
inline std::chrono::steady_clock::time_point soon() { return within(std::chrono::seconds(60)); }

struct Ran {
  CommandResult result;
  std::string out, err;
};

inline StdinSource text_source(std::string text) {
  return [text = std::move(text), done = false]() mutable -> std::string_view {
    if (done) return {};
    done = true;
    return text;
  };
}

inline Ran run(Connection& connection, const std::string& command, const StdinSource& in = {},
               std::chrono::steady_clock::time_point deadline = soon()) {
  Ran ran;
  ran.result = connection.run(
      command, in, [&](std::string_view piece) { ran.out += piece; },
      [&](std::string_view piece) { ran.err += piece; }, deadline);
  return ran;
}

// Its peer is gone, and the kernel has said so: on a busy machine that takes a moment even
// on one host.
inline bool seen_dead(Connection& connection) {
  const auto end = soon();
  while (connection.usable()) {
    if (std::chrono::steady_clock::now() > end) return false;
    // lint-allow-sleep: a closed socket is told by looking
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

inline Endpoint endpoint(const SshdFleet& fleet, std::size_t i = 0) {
  Endpoint to;
  to.host = WorkerHost(fleet.address(i));
  to.address = fleet.address(i);
  to.port = fleet.port();
  to.user = fleet.user();
  to.key = "worker.key";
  return to;
}

inline SshOptions options(const std::filesystem::path& secrets) {
  SshOptions given;
  given.secrets_dir = secrets;
  given.connect_timeout = std::chrono::seconds(30);  // the machine may be busy
  return given;
}

}  // namespace maand::testing
