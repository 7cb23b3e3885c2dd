// The smallest worker: a real dropbear in a tree that holds busybox, make and
// nothing else, in namespaces of its own. Needs root and the packages
// dropbear-bin, busybox-static and make.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "tests/support/process.h"

namespace maand::testing {

class DropbearWorker {
 public:
  // Returns when it listens. Throws std::runtime_error with the reason.
  DropbearWorker();
  ~DropbearWorker();

  const std::string& address() const;
  int port() const;
  std::filesystem::path tree() const;  // its / on the machine
  std::filesystem::path root() const;  // its /opt/worker
  std::string host_key() const;        // `ssh-ed25519 AAAA…`
  std::filesystem::path client_key() const;
  void write_secrets(const std::filesystem::path& directory) const;  // worker.key and known_hosts

  void kill();
  void restart();  // after kill: another boot id
  int accepted() const;
  std::string log() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace maand::testing
