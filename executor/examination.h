// One worker examined: what its connection and its login's shell cost, and what an errand finds there.
#pragma once

#include "executor/remote_errands.h"
#include "reconciler/core/worker_exam.h"

namespace maand {

// Over one connection of its own. Blocks, at most for connecting, the errand's limit and a minute.
WorkerExam examine(Transport& transport, RemoteErrands& errands, const Errand& errand);

}  // namespace maand
