// A bucket that the original deployed and nobody has adopted must not be reconciled:
// everything would be started that runs already.
#pragma once

#include "reconciler/cli/bucket.h"

namespace maand {

// Lies in data/ from the adoption on, beside maand.db, so that a state store that is lost
// later is recovered from the workers like any other (R7.3).
inline constexpr const char* kAdoptedMark = "adopted";

// Durable when it returns. Throws CommandError.
void mark_adopted(const Bucket& bucket);

// Throws CommandError(kExitHeld). `blank`: nothing is on record in its store.
void refuse_unadopted(const Bucket& bucket, bool blank);

// Throws the same of a maand.conf that the original wrote: what it lacks comes with the adoption,
// and a new bucket_id would be another bucket's.
void refuse_unadopted_config(const Bucket& bucket);

}  // namespace maand
