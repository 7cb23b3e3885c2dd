// May this session go on, seen the key its server shows? (R3.8)
#pragma once

#include <string>
#include <vector>

#include "executor/known_hosts.h"

namespace maand {

struct HostKeyExpectation {
  std::string name;  // as known_hosts spells it
  KnownHosts::Expected expected;
  bool from_workspace = false;  // `host_key` of workers.json decides
};

// What we expect of a host. `workspace_keys` (workers.json) win over the file.
// Throws SshError when the file or one of the keys cannot be read.
HostKeyExpectation expect_host_key(KnownHostsFile& file, const std::string& address, int port,
                                   const std::vector<std::string>& workspace_keys);

// Returns when the key is the expected one, or was accepted as a new one.
// Throws SshError (kHostKeyUnknown, kHostKeyChanged) with fingerprint and cure.
void check_host_key(KnownHostsFile& file, const HostKeyExpectation& expectation, const HostKey& presented,
                    bool accept_new);

}  // namespace maand
