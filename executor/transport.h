// Runs one command with stdin on a worker; the seam below which SSH begins.
//
// `ssh_transport` and `local_transport` implement it, so that the worker
// protocol is tested without sshd.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "executor/wire.h"
#include "reconciler/core/operation.h"
#include "reconciler/core/outcome.h"

namespace maand {

// Produces stdin piece by piece. Returns an empty view at the end; a returned
// view is valid until the next call.
using StdinSource = std::function<std::string_view()>;
// Takes a piece of output. Called on the thread that runs the command.
using OutputTaker = std::function<void(std::string_view)>;

struct CommandResult {
  // kNone: the command ran and its channel closed properly. Otherwise the
  // contact failed and `lost` tells whether the command may have begun.
  WorkerCondition condition = WorkerCondition::kNone;
  std::string detail;    // one line for people: what failed and what to do about it
  bool began = false;    // the exec request was sent; the command may have run
  int exit_status = -1;  // valid when condition is kNone; 128+n for a signal
};

struct Forwarded {
  std::unique_ptr<Wire> wire;  // null when there is none, and then
  std::string detail;          // why, in words
};

// A live connection to one worker. One thread at a time.
class Connection {
 public:
  virtual ~Connection() = default;
  // Runs `command` through the worker's login shell (sshd semantics). Both
  // outputs are drained all the time. Gives up at `deadline` by breaking the
  // connection; the command is not killed by that.
  virtual CommandResult run(const std::string& command, const StdinSource& stdin_source,
                            const OutputTaker& on_stdout, const OutputTaker& on_stderr,
                            std::chrono::steady_clock::time_point deadline) = 0;
  // A byte stream to `address`:`port` as the worker reaches it. The connection must
  // outlive it and does nothing else as long as it lives. A port where nobody
  // listens leaves the connection usable; running into `deadline` does not.
  virtual Forwarded forward(const std::string& address, int port,
                            std::chrono::steady_clock::time_point deadline) = 0;
  // The connection can carry another command.
  virtual bool usable() const = 0;
};

struct Connected {
  std::unique_ptr<Connection> connection;  // null when `condition` is set
  WorkerCondition condition = WorkerCondition::kNone;
  std::string detail;
};

// Thread-safe.
class Transport {
 public:
  virtual ~Transport() = default;
  // Connects and authenticates within the transport's connect timeout.
  virtual Connected connect(const Endpoint& endpoint) = 0;
  // Makes every blocked call of this transport return soon.
  virtual void interrupt() = 0;
};

}  // namespace maand
