// The byte stream an SSH session speaks through: a TCP socket, or a tunnel of
// another session.
//
// libssh2 is used non-blocking and never sees a full socket: a half-sent packet
// that is followed by another one (a window adjust while stdin is written) is
// what breaks its sessions with -7. Whatever does not fit waits in the wire.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "executor/interrupter.h"

namespace maand {

using Deadline = std::chrono::steady_clock::time_point;

// For poll(2): rounded up, never negative, at most a minute (loops check again).
int poll_timeout_ms(Deadline deadline);

enum class Waited { kMoved, kDeadline, kInterrupted };

// One thread at a time.
class Wire {
 public:
  virtual ~Wire() = default;
  // Takes everything; what the peer does not take yet is kept in memory.
  virtual void send(const char* bytes, std::size_t size) = 0;
  // > 0: bytes; 0: end; -EAGAIN: nothing now; else -errno.
  virtual ssize_t receive(char* bytes, std::size_t size) = 0;
  // Kept in memory. Writers stop above a limit of their own.
  virtual std::size_t unsent() const = 0;
  // Until something may have arrived, unsent() shrank or the wire broke.
  virtual Waited wait(Deadline deadline) = 0;
  // From now on every call returns at once and says the wire is broken.
  virtual void abandon() = 0;
  // False when the peer has closed; costs no round trip.
  virtual bool alive() = 0;
  // receive() met the end or an error. libssh2 tells that in many ways, some of
  // which look like a refusal, so that the wire is asked.
  virtual bool ended() const = 0;
  // The socket below; never read or written by others.
  virtual int fd() const = 0;
};

struct TcpSettings {
  // A peer that acknowledges nothing for so long is dead.
  std::chrono::milliseconds dead_peer_timeout{60'000};
  const char* refused_hint = "; is sshd running there, on this port?";  // told when nobody listens
};

// Resolves and connects, trying every address in turn. Throws SshError.
// Resolving runs on a thread of its own, because getaddrinfo knows no deadline.
std::unique_ptr<Wire> connect_tcp(const std::string& address, int port, const TcpSettings& settings,
                                  Deadline deadline, std::shared_ptr<const Interrupter> interrupter);

}  // namespace maand
