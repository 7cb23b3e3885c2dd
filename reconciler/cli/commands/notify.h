// `maand notify test`: does word arrive?
#pragma once

#include "reconciler/cli/context.h"

namespace maand {

struct NotifyTestOptions {};

// Sends one message to every channel of [notify], also while a daemon runs, and tells
// each verdict. Exit 0: all of them took it.
int run_notify_test(const Context& context, const NotifyTestOptions& options);

}  // namespace maand
