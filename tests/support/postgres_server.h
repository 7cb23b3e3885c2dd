// A real PostgreSQL of the test's own: on a loopback address, not as root, gone with it.
#pragma once

#include <memory>
#include <optional>
#include <string>

namespace maand {

class PostgresServer {
 public:
  // Why there can be none here; nullopt: there can.
  static std::optional<std::string> missing();

  // Starts one with the role `maand`, its password `hunter2` and its database `bucket`. Needs root,
  // for namespaces of its own. Throws std::runtime_error with the tail of its log.
  PostgresServer();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  const std::string& address() const;
  int port() const;
  std::string url() const;
  // Elsewhere, for a relay; with another password.
  static std::string url(const std::string& address, int port, const std::string& password = "hunter2");

  // As the superuser, in `bucket`: columns with `|`, rows with newlines between them.
  std::string sql(const std::string& statement) const;
  // Every connection of `maand` is ended, and is gone when this returns.
  void end_connections() const;
  // SIGKILL for all of it at once, and started again: it recovers from its log.
  void crash();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace maand
