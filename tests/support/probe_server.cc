#include "tests/support/probe_server.h"

#include <stdexcept>
#include <vector>

namespace maand::testing {

namespace fs = std::filesystem;

ProbeServer::ProbeServer(const std::string& address, const fs::path& pem) {
  Isolation isolation;
  isolation.log = directory_.path() / "log";
  for (int tries = 0;; ++tries) {
    port_ = free_port(address);
    std::vector<std::string> argv = {"python3", MAAND_TEST_PROBE_SERVER, address, std::to_string(port_)};
    if (!pem.empty()) argv.push_back(pem.string());
    process_ = IsolatedProcess(isolation, argv);
    try {
      wait_for_listener(process_, address, port_, isolation.log);
      return;
    } catch (const std::runtime_error&) {
      if (tries == 5) throw;  // somebody else may have taken the port in between
    }
  }
}

TestAuthority::TestAuthority(const fs::path& directory) : directory_(directory) {
  fs::create_directories(directory_);
  run_program({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
               "-days", "2", "-subj", "/CN=test authority", "-keyout", (directory_ / "ca.key").string(),
               "-out", certificate().string()});
}

fs::path TestAuthority::server(const std::string& address) const {
  const std::string base = (directory_ / ("server-" + address)).string();
  write_file(base + ".ext", "subjectAltName=IP:" + address + "\n");
  run_program({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
               "/CN=server", "-keyout", base + ".key", "-out", base + ".csr"});
  run_program({"openssl", "x509", "-req", "-days", "2", "-in", base + ".csr", "-CA", certificate().string(),
               "-CAkey", (directory_ / "ca.key").string(), "-CAcreateserial", "-extfile", base + ".ext",
               "-out", base + ".crt"});
  write_file(base + ".pem", read_file(base + ".crt") + read_file(base + ".key"), 0600);
  return base + ".pem";
}

}  // namespace maand::testing
