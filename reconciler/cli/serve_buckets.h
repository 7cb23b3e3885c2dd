// `maand serve` of several buckets: one process, one set of listeners, and each bucket on its own.
#pragma once

#include "reconciler/cli/commands/serve.h"

namespace maand {

// More than one --bucket, or --buckets. Throws CommandError for options that belong to several only.
bool serves_several(const Context& context, const ServeOptions& options);

// Runs until SIGTERM or SIGINT. SIGHUP: each bucket takes over its maand.conf, those that are down are tried,
// and what came into --buckets or left it begins and ends. Returns an ExitStatus; throws CommandError when
// the listeners cannot be opened.
int serve_buckets(const Context& context, const ServeOptions& options);

}  // namespace maand
