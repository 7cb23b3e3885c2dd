// An order that a command carries out itself and no daemon hears of: kept with who gave it (R7.4).
#pragma once

#include <string>

#include "reconciler/cli/bucket.h"

namespace maand {

// For `maand audit`, once it is done; also beside a daemon, which writes for milliseconds. Never a value in
// it. A bucket without a state store yet gets none. What cannot be kept is told on stderr: it is done all the
// same.
void keep_order(const Bucket& bucket, const std::string& action, const std::string& subject,
                const std::string& detail);

}  // namespace maand
