// `maand schema`, and `maand names`, which completion scripts ask.
#pragma once

#include <string>

#include "reconciler/cli/context.h"

namespace maand {

struct SchemaOptions {
  std::string document;  // manifest, workers, conf
};
int run_schema(const Context& context, const SchemaOptions& options);

struct NamesOptions {
  std::string kind;  // jobs, workers, allocations, both: jobs and allocations
};
// One a line. Prints nothing where no bucket is or it cannot be asked: whoever presses Tab
// wants no error.
int run_names(const Context& context, const NamesOptions& options);

}  // namespace maand
