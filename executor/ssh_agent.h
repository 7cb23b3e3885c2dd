// Keys that an ssh-agent holds for us (`key = "agent"`).
//
// libssh2's agent code blocks for ever on an agent that does not answer, so the
// three messages that are needed are spoken here, with a deadline
// (draft-miller-ssh-agent).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "executor/wire.h"

namespace maand {

struct AgentIdentity {
  std::string type;  // "ssh-ed25519", …
  std::string blob;
  std::string comment;
};

// One thread at a time. Every call throws SshError (kAuthFailed).
class SshAgent {
 public:
  // `socket_path` is what SSH_AUTH_SOCK says.
  SshAgent(const std::string& socket_path, Deadline deadline, std::shared_ptr<const Interrupter> interrupter);
  ~SshAgent();
  SshAgent(const SshAgent&) = delete;
  SshAgent& operator=(const SshAgent&) = delete;

  std::vector<AgentIdentity> identities();
  // The signature without its algorithm's name. `data` is what SSH signs in
  // RFC 4252 section 7; the RSA flavour is read from it.
  std::string sign(const AgentIdentity& identity, std::string_view data);

 private:
  std::string ask(std::string_view request, std::uint8_t expected_type);

  int fd_ = -1;
  Deadline deadline_;
  std::shared_ptr<const Interrupter> interrupter_;
};

}  // namespace maand
