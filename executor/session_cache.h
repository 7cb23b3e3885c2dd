// Connections that are kept for as long as a pass lasts (R3.7): one per worker,
// more only where operations would wait for one another.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "executor/transport.h"

namespace maand {

struct Session : Connected {
  bool lay_idle = false;  // it may have died unnoticed
};

// Thread-safe.
class SessionCache {
 public:
  // `transport` must outlive the cache. At most `per_worker` connections to a worker.
  SessionCache(Transport& transport, int per_worker);

  // A connection that lay idle, or a new one; waits while `per_worker` are in use,
  // at most until `patience` (starting a new one has the transport's own limit).
  // With `fresh`, never an idle one: what lay idle may have died unnoticed.
  Session acquire(const Endpoint& endpoint, bool fresh = false, Deadline patience = Deadline::max());
  // Must follow every acquire that gave a connection. One that is not usable is closed.
  void give_back(const Endpoint& endpoint, std::unique_ptr<Connection> connection);
  // For what may take long and must keep no operation waiting: one that lies idle (unless `fresh`)
  // leaves the cache, or a new one is made; neither counts. It ends with the caller's.
  Session beside(const Endpoint& endpoint, bool fresh);
  // Closes what lies idle.
  void close_idle();
  // Every wait ends and later acquires are refused.
  void stop();

 private:
  struct Worker {
    int open = 0;  // in use or starting
    std::vector<std::unique_ptr<Connection>> idle;
  };
  static std::string key_of(const Endpoint& endpoint);

  Transport& transport_;
  const int per_worker_;
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::map<std::string, Worker> workers_;
  bool stopped_ = false;
};

}  // namespace maand
