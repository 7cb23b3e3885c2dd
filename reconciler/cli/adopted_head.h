// The head that an original bucket is compared with when it is adopted.
#pragma once

#include "reconciler/cli/judged_head.h"

namespace maand {

// Only what the remote shows now: a mirror may be of another repository. secrets/kv.db is not
// opened, so there are no stored values; an adoption that was cut off may have left one that cannot
// be read yet. Throws CommandError.
JudgedHead judge_adopted_head(const Bucket& bucket);

}  // namespace maand
