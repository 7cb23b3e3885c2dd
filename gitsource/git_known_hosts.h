// known_hosts(5) as text: which keys are pinned for a host.
//
// Our own reader, because libssh2's cannot say *before* the handshake which key
// types are pinned (a pinned ed25519 host then looks unknown), knows no
// `@revoked` and takes 8 ms for 5,000 hashed lines (libraries.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace maand {

struct PinnedKey {
  std::string type;  // "ssh-ed25519", …
  std::string blob;  // the raw public key
  bool revoked = false;
};

struct PinnedHost {
  std::vector<PinnedKey> keys;
  bool authority_only = false;  // a @cert-authority line matched; those are not supported
};

// Entries of `file` that match host and port (22 or 0: the bare name, else
// `[host]:port`). Understands hashed names, wildcards and negation. Lines that
// make no sense are skipped, as OpenSSH does.
PinnedHost find_pinned_host(std::string_view file, const std::string& host, int port);

enum class PinVerdict { kMatch, kUnknown, kChanged, kRevoked };
PinVerdict judge_pin(const PinnedHost& known, std::string_view blob);

// `ssh-ed25519 SHA256:…` as ssh-keygen prints it.
std::string pin_fingerprint(std::string_view blob);

}  // namespace maand
