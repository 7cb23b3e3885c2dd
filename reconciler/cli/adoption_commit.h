// Stores what `maand adopt` has read, so that a crash at any moment leaves either a bucket
// that is not adopted, and adopts anew, or one that is.
#pragma once

#include <map>
#include <string>

#include "reconciler/cli/adopting.h"

namespace maand {

// In this order: values (secrets/kv.db), maand.conf (the old one beside it), and with one
// rename data/state.db, from which moment it counts. Nothing of the original is changed but
// maand.conf. Throws CommandError. Hold the bucket's lock. Completes `adopting.state`.
void store_adoption(Adopting& adopting);

// Then: has every worker that could be read keep what lies there as ours, runs no target. What
// goes wrong is no failure: such a worker is sent whole lists with its next change. Returns
// how many allocations were kept, and adds remarks.
std::size_t tell_workers(Adopting& adopting);

}  // namespace maand
