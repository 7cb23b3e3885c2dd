// What keeps a bucket from being adopted, and what whoever adopts it is to know.
#pragma once

#include <string>
#include <vector>

#include "reconciler/cli/adopting.h"

namespace maand {

// Throws CommandError with all of `lines`.
[[noreturn]] void refuse_adoption(ExitStatus status, const std::vector<std::string>& lines);

// Of `found`: workers of another bucket or database, or that cannot be read. Adds remarks.
void judge_workers(Adopting& adopting, const AdoptionWish& wish);

// Of `taken`: jobs that run and are held at the head, so that nothing can be compared. Adds remarks.
void judge_held(Adopting& adopting, const AdoptionWish& wish);

// Adds remarks of what is disabled, and may have been stopped or not.
void tell_unknown_standings(Adopting& adopting);

// Asks what is at the head and has health checks, once: what does not answer that it is well
// counts as unhealthy, so that its first change is not blamed for it (R2.4). Adds remarks.
void ask_health(Adopting& adopting);

}  // namespace maand
