// Ends a blocking call on a socket that takes too long: libpq waits for an answer for as long as the
// other side's kernel is alive. The socket is shut down, and the call returns with an error.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace maand {

// One caller at a time; a thread of its own, which ends with it. Deadlines that follow one another
// are not earlier than those before.
class SocketDeadline {
 public:
  explicit SocketDeadline(int socket);
  ~SocketDeadline();
  SocketDeadline(const SocketDeadline&) = delete;
  SocketDeadline& operator=(const SocketDeadline&) = delete;

  // While one lives, the socket has until the limit.
  class Watch {
   public:
    Watch(SocketDeadline& deadline, std::chrono::milliseconds limit) : deadline_(deadline) {
      deadline_.set(std::chrono::steady_clock::now() + limit);
    }
    ~Watch() { deadline_.set(std::nullopt); }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    SocketDeadline& deadline_;
  };

  bool expired() const;

 private:
  using Until = std::optional<std::chrono::steady_clock::time_point>;
  void set(Until until);
  void watch();

  int socket_;  // a number of its own for it: the library may close its own meanwhile
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Until until_;
  bool dozing_ = false;  // the thread waits for a first deadline
  bool expired_ = false;
  bool ending_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace maand
