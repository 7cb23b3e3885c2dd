// Hooks that really run: each in a private directory, under a supervisor of its own, speaking with one
// runtime API that all share.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <stop_token>

#include "executor/hook_options.h"
#include "executor/hook_register.h"
#include "executor/hook_routes.h"
#include "executor/hook_semaphores.h"
#include "executor/hook_server.h"
#include "executor/hook_ssh.h"
#include "executor/thread_pool.h"
#include "reconciler/core/hook.h"

namespace maand {

// A thread for each hook that runs, up to most_at_once: it costs less than the program it waits for.
class HookRunner : public Hooks {
 public:
  // `ssh` may be null; it must outlive this. What an earlier daemon left is taken away.
  HookRunner(HookOptions options, HookSsh* ssh);
  ~HookRunner() override;  // stop(), and waits until all are answered

  // It may be answered before this returns, on another thread. The listener is opened by the first and kept.
  Ticket run(HookCall call, Output output, Sink sink) override;
  void cancel(Ticket ticket) override;
  void stop() override;

 private:
  HookResult run_one(Ticket ticket, HookCall call, const Output& output, const std::stop_token& stop);
  int listen();  // the port. Throws HookProblem
  // Once it has been found to work, it is not tried again. Throws HookProblem.
  void require_sandbox();

  const HookOptions options_;
  HookRegister register_;
  HookSemaphores semaphores_;
  HookRoutes routes_;

  std::mutex mutex_;  // guards what follows
  std::unique_ptr<HookServer> server_;
  std::map<Ticket, std::stop_source> running_;
  Ticket next_ = 1;
  bool stopped_ = false;

  std::mutex trying_;  // guards what follows
  bool sandbox_works_ = false;

  std::unique_ptr<ThreadPool> pool_;
};

}  // namespace maand
