// A loopback relay in front of a real server that cuts, stalls or delays.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace maand::testing {

// kUp: what the client sends. kDown: what the server sends.
enum class Direction { kUp, kDown };

struct ProxyFault {
  enum class Kind {
    kCut,    // both sides are closed
    kStall,  // both sides stay open; nothing is relayed any more, in either direction
  };
  Kind kind = Kind::kCut;
  Direction direction = Direction::kUp;
  std::uint64_t after_bytes = 0;  // exactly so many of the direction reach the other side
};

// Thread-safe. One thread of its own; everything ends with the destructor.
class TcpProxy {
 public:
  TcpProxy(const std::string& target_address, int target_port);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  const std::string& address() const;
  int port() const;

  // All count for connections accepted from now on.
  void set_fault(std::optional<ProxyFault> fault);
  // Counts for the next connection alone.
  void set_fault_once(const ProxyFault& fault);
  void set_delay(std::chrono::milliseconds one_way);
  // Closes every connection that is open now.
  void cut_all();
  // Nothing is relayed any more on those that are open now; they stay open until cut_all().
  void stall_all();

  int connections() const;  // accepted so far
  // Relayed so far on the newest connection.
  std::uint64_t relayed(Direction direction) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace maand::testing
