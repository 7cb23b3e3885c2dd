// SSH for hooks, without the key: one command on a worker, its outputs apart (workspace.md 10.5).
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include "executor/transport.h"
#include "reconciler/core/errand.h"

namespace maand {

struct HookSshAnswer {
  // As ssh and timeout(1) have it: 124 it took too long, 255 the worker was not reached or the
  // connection broke, and `err` says why.
  int returncode = 255;
  std::string out;
  std::string err;
};

// Thread-safe.
class HookSsh {
 public:
  virtual ~HookSsh() = default;
  // Blocks for connecting, `limit` and half a minute at most; a request to stop ends it earlier, on its
  // worker too.
  virtual HookSshAnswer run(const Endpoint& endpoint, const std::string& command, Seconds limit,
                            const std::stop_token& stop) = 0;
};

// An errand (errand.h), so that host keys are checked, nothing of the command is an argument anywhere, and it
// ends there when nobody waits for it. Each has a Transport of its own: giving one up interrupts that,
// for good, and nobody else's.
class WorkerHookSsh : public HookSsh {
 public:
  using MakeTransport = std::function<std::unique_ptr<Transport>()>;
  explicit WorkerHookSsh(MakeTransport make_transport) : make_transport_(std::move(make_transport)) {}
  HookSshAnswer run(const Endpoint& endpoint, const std::string& command, Seconds limit,
                    const std::stop_token& stop) override;

 private:
  const MakeTransport make_transport_;
};

}  // namespace maand
