// The listener of the runtime API: one loop for all connections, so that a hook that drips or waits
// costs a descriptor and no thread; a few threads for handlers.
#pragma once

#include <functional>
#include <memory>

#include "executor/hook_request.h"

namespace maand {

class HookServer {
 public:
  // May be called on any thread, at any time, also after the server has gone; the first one counts.
  using Sink = std::function<void(HookReply)>;
  // Called on several threads at once; must not block for long.
  using Handler = std::function<void(HookRequest, Sink)>;
  // Called several times a second on the loop's thread; must not block.
  using Tick = std::function<void()>;

  // On 127.0.0.1 from now on; 0: any port. Throws HookProblem, which names hooks.port.
  HookServer(int port, Handler handler, Tick tick);
  ~HookServer();  // breaks connections, waits for handlers that run
  HookServer(const HookServer&) = delete;
  HookServer& operator=(const HookServer&) = delete;

  int port() const;

 private:
  class Loop;
  const std::unique_ptr<Loop> loop_;
};

}  // namespace maand
