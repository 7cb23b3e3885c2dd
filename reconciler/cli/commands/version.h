// `maand version`.
#pragma once

#include "reconciler/cli/context.h"

namespace maand {

struct VersionOptions {};

int run_version(const Context& context, const VersionOptions& options);

}  // namespace maand
