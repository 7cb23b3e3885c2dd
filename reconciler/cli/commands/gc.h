// `maand gc`: takes away what jobs that left have kept on workers, and what only this bucket
// remembers of them.
#pragma once

#include "reconciler/cli/context.h"

namespace maand {

struct GcOptions {
  int retain_days = 30;  // what is younger stays
  bool dry_run = false;
  bool yes = false;  // without asking
};

// On workers, beside a daemon or without one: directories of allocations that are on no record, no
// commit's wish, nobody's rename, and that left before. Here, while no daemon runs: output of allocations
// that are on no record, and old versions of variables. kExitFailed: a worker could not be asked, or
// kept something. kExitUsage: nobody can be asked (no terminal), and --yes is missing.
int run_gc(const Context& context, const GcOptions& options);

}  // namespace maand
