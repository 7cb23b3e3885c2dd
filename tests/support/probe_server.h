// A real http or https server that answers as probe_server.py says, and
// certificates for it. Needs python3 and openssl.
#pragma once

#include <filesystem>
#include <string>

#include "tests/support/process.h"

namespace maand::testing {

class ProbeServer {
 public:
  // Returns when it listens on a free port of `address`. `pem`: certificate and key,
  // and then it speaks https.
  explicit ProbeServer(const std::string& address, const std::filesystem::path& pem = {});
  int port() const { return port_; }

 private:
  TempDirectory directory_{"maand-probe-server"};
  IsolatedProcess process_;
  int port_ = 0;
};

// A certificate authority below `directory`.
class TestAuthority {
 public:
  explicit TestAuthority(const std::filesystem::path& directory);
  std::filesystem::path certificate() const { return directory_ / "ca.crt"; }
  // PEM with a certificate for `address` (an IP address) and its key.
  std::filesystem::path server(const std::string& address) const;

 private:
  const std::filesystem::path directory_;
};

}  // namespace maand::testing
