// How a daemon of this bucket logs: as the command line says, or else maand.conf.
#pragma once

#include "reconciler/app/reporter.h"
#include "reconciler/cli/bucket.h"

namespace maand {

LogOptions log_options(const Bucket& bucket, const Context& context);

}  // namespace maand
