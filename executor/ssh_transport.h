// Transport over real SSH (R3.7, R3.8).
//
// Costs on loopback against OpenSSH 9.2 (tests/bench/ssh_bench.cc; two cores
// shared with sshd and with a load of 8, so that wall times are upper bounds):
//
//   connect, log in and close   49 ms wall   2.9 ms of our CPU
//   one command (`true`)       4.4 ms wall   0.2 ms of our CPU
//   32 MiB of stdin            190 ms wall    93 ms of our CPU
//
// Host keys are always checked: `host_keys` of the endpoint if there are any,
// else secrets/known_hosts; `@revoked` lines of that file always count.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "executor/transport.h"

namespace maand {

enum class HostKeyPolicy {
  kStrict,     // an unknown key is refused: HostKeyUnknown
  kAcceptNew,  // an unknown key is written to secrets/known_hosts
};

struct SshOptions {
  std::filesystem::path secrets_dir = {};  // key files and known_hosts
  // Where those are looked for that are not in secrets_dir; empty: nowhere.
  std::filesystem::path credentials_dir = {};
  HostKeyPolicy host_key_policy = HostKeyPolicy::kStrict;
  // TCP, greeting, keys, login and a jump host together; waiting for a free
  // start does not count.
  std::chrono::milliseconds connect_timeout{15'000};
  // Connections that are starting at once: in all, and to one address or bastion.
  int max_starting = 16;
  int max_starting_per_target = 2;
  // A peer whose kernel acknowledges nothing for so long is dead.
  std::chrono::milliseconds dead_peer_timeout{60'000};
  std::string agent_socket = {};  // SSH_AUTH_SOCK, for endpoints whose key is "agent"
};

// Connections may outlive the transport. interrupt() is for good: what is
// running gives up, what comes later is refused.
class SshTransport : public Transport {
 public:
  explicit SshTransport(SshOptions options);
  ~SshTransport() override;

  // Never throws. At most four tries within the timeout when the server hangs up
  // before the handshake (MaxStartups), with a growing, jittered pause.
  Connected connect(const Endpoint& endpoint) override;
  void interrupt() override;

  // Lines of known_hosts that are not used, for the log and `maand doctor`.
  std::vector<std::string> known_hosts_notes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace maand
