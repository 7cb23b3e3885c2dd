// One hook, from the daemon's side: its supervisor is started, its output passed on, its time kept.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "executor/hook_order.h"
#include "reconciler/core/hook.h"

namespace maand {

struct HookProcess {
  std::vector<std::string> supervisor_command;
  HookOrder order;
  std::chrono::milliseconds timeout{0};
  Hooks::Output output;
  // Told of the supervisor's process id before the program has begun.
  std::function<void(pid_t)> started;
};

// Blocks until it has ended and nothing that it started is left. A request to stop cancels it. Thread-safe.
HookResult run_hook_process(const HookProcess& process, const std::stop_token& stop);

}  // namespace maand
