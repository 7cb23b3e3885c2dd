// How we prove to a worker who we are: a key file in secrets/, or an ssh-agent.
#pragma once

#include <optional>
#include <string>

#include "executor/ed25519_key.h"

namespace maand {

struct Credential {
  std::string label;        // for messages: "secrets/worker.key", "the ssh-agent"
  std::string private_key;  // content of the key file; empty = ask the agent
  std::string agent_socket;
  std::optional<Ed25519Key> ed25519;  // the private key, when it is one
};

// Reads `directory`/`name`. Throws SshError (kAuthFailed) when it is missing, is
// no private key, or is locked with a passphrase.
Credential load_key_file(const std::string& directory, const std::string& name);

// Whether a key file says in clear that it holds an RSA key.
bool looks_like_rsa(const std::string& key);

}  // namespace maand
