// A BucketWorld whose remote and workers can be reached through proxies that cut.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/support/bucket_world.h"
#include "tests/support/tcp_proxy.h"

namespace maand::testing {

enum class RemoteKind { kPath, kHttps, kSsh };
const char* to_string(RemoteKind kind);

class FaultyWorld {
 public:
  // Workers are called w1, w2, … With `proxied`, everything but a remote that is a path
  // goes through a proxy.
  FaultyWorld(int workers, RemoteKind remote, bool proxied);

  BucketWorld& world() { return world_; }
  std::string workers_json();
  std::string ledger() const { return (directory_.path() / "ledger").string(); }
  std::vector<std::filesystem::path> bucket_roots();

  // Workers' proxies, and last the remote's where it has one.
  const std::vector<std::unique_ptr<TcpProxy>>& proxies() const { return proxies_; }

 private:
  void reach_remote(RemoteKind remote, bool proxied);

  TempDirectory directory_{"maand-ledger"};
  BucketWorld world_;
  std::vector<std::unique_ptr<TcpProxy>> proxies_;
  const bool proxied_;
};

}  // namespace maand::testing
