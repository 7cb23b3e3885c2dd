// Accepts connections and hands each to a small pool of threads; everything in
// it is bounded, because whoever can connect can also send nothing.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "reconciler/http/socket_address.h"

namespace maand {

struct ListenerLimits {
  int threads = 8;  // requests served at once
  int queued = 64;  // connections that wait for a thread; one more is answered 503
  // For a whole connection: read, answer, close. A client that drips costs a
  // thread for no longer than this.
  std::chrono::milliseconds deadline{10'000};
};

class Listener {
 public:
  using Deadline = std::chrono::steady_clock::time_point;
  // Serves one accepted, non-blocking socket until `deadline`; does not close it.
  // Called on pool threads; an exception ends only that connection.
  using Serve = std::function<void(int fd, Deadline deadline)>;

  // Accepts from now on.
  Listener(ListeningSocket socket, ListenerLimits limits, Serve serve);
  ~Listener();  // stop()
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Breaks every connection, joins every thread. May be called again.
  void stop();

  const ListeningSocket& socket() const { return socket_; }

 private:
  void accept_loop();
  void admit(int fd);
  void work();

  ListeningSocket socket_;
  const ListenerLimits limits_;
  const Serve serve_;
  int wake_ = -1;  // eventfd: readable once stop() was called

  std::mutex mutex_;
  std::condition_variable arrived_;
  bool stopping_ = false;
  std::deque<int> waiting_;
  std::set<int> active_;  // an fd is closed only after it left this set

  std::vector<std::thread> threads_;
};

}  // namespace maand
