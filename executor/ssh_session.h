// One SSH session over one wire: handshake, login, one command after another,
// and tunnels. libssh2 stays behind this file.
//
// A session does one thing at a time: libssh2 breaks when two channels
// interleave, so parallelism is more sessions (libraries.md).
#pragma once

#include <memory>
#include <string>

#include "executor/credential.h"
#include "executor/known_hosts.h"
#include "executor/transport.h"
#include "executor/wire.h"

namespace maand {

// One thread at a time; destroy it before the Interrupter's owner stops caring.
class SshSession {
 public:
  // Both throw SshError. `who` names the peer in messages ("10.0.0.5 port 22").
  // `host_keys` are the keys we hold of the peer, they decide which type we ask for.
  SshSession(std::unique_ptr<Wire> wire, std::string who, const std::vector<HostKey>& host_keys,
             Deadline deadline);
  // Call only after host_key() was judged.
  void log_in(const std::string& user, const Credential& credential, Deadline deadline,
              const std::shared_ptr<const Interrupter>& interrupter);
  ~SshSession();
  SshSession(const SshSession&) = delete;
  SshSession& operator=(const SshSession&) = delete;

  HostKey host_key() const;

  // As Connection::run. Never throws SshError. After a failure the session is over.
  CommandResult run(const std::string& command, const StdinSource& stdin_source, const OutputTaker& on_stdout,
                    const OutputTaker& on_stderr, Deadline deadline);
  bool usable();

  // A wire to `address`:`port` as seen from the peer, for as long as nothing else is
  // done with this session, which must outlive it. Throws SshError.
  std::unique_ptr<Wire> channel_to(const std::string& address, int port, Deadline deadline);

  // A wire to `address`:`port` as seen from the peer, for a session of its own.
  // It takes this session over. Throws SshError.
  static std::unique_ptr<Wire> tunnel(std::unique_ptr<SshSession> through, const std::string& address,
                                      int port, Deadline deadline);

 private:
  struct Impl;
  friend class TunnelWire;
  std::unique_ptr<Impl> impl_;
};

}  // namespace maand
