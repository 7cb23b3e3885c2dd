// The runtime API (workspace.md 10.4): which request is answered what.
#pragma once

#include "executor/hook_register.h"
#include "executor/hook_request.h"
#include "executor/hook_semaphores.h"
#include "executor/hook_server.h"
#include "executor/hook_ssh.h"
#include "executor/thread_pool.h"

namespace maand {

// Thread-safe. Whose request it is is what is known of the connection or of the token, never what
// headers say (hook_register.h).
class HookRoutes {
 public:
  // `ssh` may be null: then there is none. All must outlive it.
  HookRoutes(HookRegister& hooks, HookSemaphores& semaphores, HookSsh* ssh)
      : hooks_(hooks), semaphores_(semaphores), ssh_(ssh) {}

  // Answers exactly once, maybe much later: whoever waits for a semaphore or a worker holds no thread of
  // the caller.
  void answer(HookRequest request, HookServer::Sink sink);

 private:
  void run_ssh(const RunningHookPtr& hook, const HookRequest& request, HookServer::Sink sink);
  void acquire(const RunningHookPtr& hook, const HookRequest& request, HookServer::Sink sink);

  HookRegister& hooks_;
  HookSemaphores& semaphores_;
  HookSsh* const ssh_;
  ThreadPool over_ssh_{64};
};

}  // namespace maand
