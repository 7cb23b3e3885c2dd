// N workers on this machine: a real OpenSSH sshd each, on a loopback address of
// its own, with its own host key, its own /opt/worker, accounts and (empty) homes
// (mount namespace), its own processes (PID namespace) and its own boot id. Needs root, openssh-server and,
// for `sudo`, sudo.
//
// What is shared with the machine: everything else, /tmp included.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace maand::testing {

struct FleetOptions {
  int workers = 2;
  // "root", or a user that is made up and exists only inside the workers.
  std::string user = "root";
  bool sudo = false;              // that user may use sudo without a password
  std::string shell = "/bin/sh";  // login shell of root and of that user
  std::string max_startups = "100:30:200";
  std::vector<std::string> sshd_config =
      {};  // further lines; the first of a keyword wins, and these come first
  // Key type of the host ("ed25519", "ecdsa", "rsa") and of the client.
  std::string host_key_type = "ed25519";
  std::string client_key_type = "ed25519";
};

class SshdFleet {
 public:
  // Returns when every sshd listens. Throws std::runtime_error with the reason.
  explicit SshdFleet(FleetOptions options = {});
  ~SshdFleet();

  std::size_t size() const;
  const std::string& address(std::size_t i) const;
  int port() const;  // the same for all
  const std::string& user() const;
  std::filesystem::path root(std::size_t i) const;  // where the worker's /opt/worker lies
  std::string host_key(std::size_t i) const;        // `ssh-ed25519 AAAA…`
  std::filesystem::path client_key() const;         // private key, its .pub beside it
  std::string known_hosts_text() const;
  // Makes `directory` a secrets directory: worker.key and known_hosts.
  void write_secrets(const std::filesystem::path& directory) const;

  void kill(std::size_t i);     // every process of the worker dies at once
  void restart(std::size_t i);  // as after kill; the same boot
  void reboot(std::size_t i);   // kill, then up again with another boot id
  void freeze(std::size_t i);   // SIGSTOP: the kernel still accepts and acknowledges
  void thaw(std::size_t i);
  void wipe(std::size_t i);  // empties root(i)
  // Restarts the worker's sshd with other limits.
  void set_max_startups(std::size_t i, const std::string& value);

  int accepted(std::size_t i) const;  // logins so far (`Accepted publickey` in sshd's log)
  std::string log(std::size_t i) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace maand::testing
