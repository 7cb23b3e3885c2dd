// How the program of a hook is started, in a process that has no threads.
#pragma once

#include <sys/types.h>

#include <string>

#include "executor/hook_order.h"

namespace maand {

// What has been started. `first` is the program, or, with processes of its own (`inner`), the first of
// those, which tells over `status` how the program ended.
struct HookLaunch {
  pid_t first = -1;
  bool inner = false;
  int status = -1;      // inner: the wait status of the program comes here; -1 otherwise
  std::string problem;  // set: nothing was started
};
HookLaunch launch_hook(const HookOrder& order);

// The wait status that an inner first process has told; -1: it told none.
int told_status(const HookLaunch& launch);

}  // namespace maand
