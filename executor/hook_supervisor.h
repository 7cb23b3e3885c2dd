// The process between the daemon and one hook: it starts the program, holds it and everything it
// starts to their limits, and leaves none of them behind, whatever becomes of the daemon.
//
// A process, since only a parent that takes in orphans (PR_SET_CHILD_SUBREAPER) sees a program that
// has forked twice, and because a daemon with threads must not fork.
#pragma once

namespace maand {

// `maand hook-supervisor` is this and nothing else; arguments are ignored. Descriptors: 0 words of the
// daemon (hook_order.h; its end is kHookKill), 1 the report, 2 the hook's output, 3 the order, in memory.
int hook_supervisor_main();

}  // namespace maand
