// An answer without an end: what a client that listens is sent as it happens.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace maand {

// Lives in the loop of its listener and is pulled: who does not read makes it
// wait, never grow.
class ReplyStream {
 public:
  // Silence after which `heartbeat` is sent, so that both ends learn of a dead connection.
  static constexpr std::chrono::seconds kHeartbeat{15};
  // A client that has not taken what it was sent for so long is let go.
  static constexpr std::chrono::seconds kPatience{45};

  virtual ~ReplyStream() = default;
  // What there is since the last call, about `most` bytes; "": nothing new. Never
  // blocks. Loop thread.
  virtual std::string take(std::size_t most) = 0;
  virtual std::string heartbeat() const = 0;
  // After take(): nothing more comes, and the connection is closed.
  virtual bool over() const { return false; }
};

}  // namespace maand
