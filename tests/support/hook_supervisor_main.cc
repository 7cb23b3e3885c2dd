// What `maand hook-supervisor` is, for tests of hooks that have no maand binary.
#include "executor/hook_supervisor.h"

int main() { return maand::hook_supervisor_main(); }
