// What `maand hook-supervisor` is, for tests of hooks that have no maand binary.
#include "executor/hook_supervisor.h"

// LeakSanitizer looks with ptrace, which may not look at what is in another namespace of processes and may
// not be dumped. What the supervisor allocates lives as long as it does.
extern "C" int __lsan_is_turned_off();
extern "C" int __lsan_is_turned_off() { return 1; }

int main() { return maand::hook_supervisor_main(); }
