// WorkerRecord ⇄ rows. Inside the caller's transaction; throws what the session throws.
#pragma once

#include "reconciler/core/applied.h"

namespace maand {

class SqlSession;

void write_worker(SqlSession& session, const WorkerRecord& worker);
void read_workers(SqlSession& session, AppliedState& state);

}  // namespace maand
