// A socket for a library that wants one, over a Wire: what is written to one side
// is read from the other.
//
// It is what holds a library to our deadline. cpp-httplib has timeouts per read, so
// that a server which sends a byte a second keeps it for ever, and none for
// resolving a name; here it speaks to a loopback socket that is shut at the
// deadline, and the Wire behind it has deadlines of its own. The same socket leads
// through an SSH channel.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>

#include "executor/wire.h"

namespace maand {

class WireRelay {
 public:
  // Listens on a loopback port for exactly one connection. Throws
  // std::system_error when there is no socket to be had.
  WireRelay();
  ~WireRelay();
  WireRelay(const WireRelay&) = delete;
  WireRelay& operator=(const WireRelay&) = delete;

  int port() const { return port_; }
  // The library's thread, with its socket before it connects: gives it a port of
  // its own, by which it is known. Nobody else on this machine can take its place.
  void admit(int fd);
  // The library's thread, when it has ended, with or without a connection.
  void ended() { library_ended_.fire(); }

  enum class End { kLibraryEnded, kDeadline, kInterrupted, kTooMuch };
  // Moves bytes until the library has ended. Before that it gives up, shutting the
  // socket, at `deadline`, when `interrupter` fires, or when the wire has brought
  // more than `most_bytes`. Another thread than the library's.
  End pump(Wire& wire, Deadline deadline, const Interrupter& interrupter, std::size_t most_bytes);

 private:
  End pump_open(Wire& wire, Deadline deadline, const Interrupter& interrupter, std::size_t most_bytes);
  bool accept_library();
  bool pull(Wire& wire);
  bool deliver();
  bool push(Wire& wire);

  int listener_ = -1;
  int local_ = -1;
  int port_ = 0;
  std::atomic<int> admitted_{0};  // the library's own port
  Interrupter library_ended_;
  std::string to_local_;
  std::size_t brought_ = 0;
  bool wire_ended_ = false;
  bool local_ended_ = false;
};

}  // namespace maand
