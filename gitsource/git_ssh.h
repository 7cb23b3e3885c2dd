// The ssh half of libgit2's smart protocol, over libssh2. Runs in the child only.
//
// libgit2's own ssh transport chooses the host key type before anybody looks
// into known_hosts (a pinned ed25519 host with an ECDSA key as well is then
// "unknown"), and 1.5 can retry for ever after a timeout (libgit2#7143).
#pragma once

#include "gitsource/git_handles.h"

#include <functional>
#include <optional>
#include <string>

#include "gitsource/git_url.h"
#include "reconciler/core/ports.h"

namespace maand {

struct GitSshSettings {
  GitUrl url;
  std::string user;             // when the URL names none
  std::string key;              // private key file or "agent"; "" = agent if there is one
  std::string known_hosts;      // "" refuses every host
  std::function<void()> alive;  // called whenever bytes moved
  // Why the transport failed, when it did; libgit2 would only say "-1".
  std::optional<SourceError> failure;
};

// A git_transport_cb whose param is a GitSshSettings that outlives the transport.
int git_ssh_transport(git_transport** out, git_remote* owner, void* settings);

}  // namespace maand
