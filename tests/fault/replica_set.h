// Several daemons of one bucket in PostgreSQL, each with a directory of its own and a relay of its own
// on the way to the server.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/bucket_world.h"
#include "tests/support/postgres_server.h"
#include "tests/support/process.h"
#include "tests/support/tcp_proxy.h"

namespace maand::testing {

class ReplicaSet {
 public:
  // Copies `bucket`, which has no state yet. Starts the server and none of the daemons.
  ReplicaSet(const std::filesystem::path& bucket, std::size_t count);

  std::size_t size() const { return replicas_.size(); }
  PostgresServer& server() { return server_; }

  void launch(std::size_t which);
  void kill(std::size_t which);  // SIGKILL, with everything it has started
  bool running(std::size_t which);
  // Nothing comes through between it and the server any more, and no end is told; or all of it again.
  void cut_off(std::size_t which);
  void reconnect(std::size_t which);

  const std::filesystem::path& bucket(std::size_t which) const { return replicas_[which].bucket; }
  std::string log(std::size_t which) const;  // all of it
  ProgramResult maand(std::size_t which, std::vector<std::string> arguments);
  // As it says itself: `leader`, `standby`; empty where it does not answer.
  std::string role(std::size_t which);
  // Whoever says so first, `except` one that may not know yet that it is none. Throws with the logs of all
  // where none does for a minute.
  std::size_t leader(std::optional<std::size_t> except = std::nullopt);
  std::string logs() const;  // the ends of all of them

 private:
  struct Replica {
    std::filesystem::path bucket, log;
    std::unique_ptr<TcpProxy> way;
    IsolatedProcess process;
  };

  TempDirectory directory_{"maand-replicas"};
  PostgresServer server_;
  std::vector<Replica> replicas_;
};

}  // namespace maand::testing
