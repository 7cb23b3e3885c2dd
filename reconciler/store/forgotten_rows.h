// What ran of allocations that are not on record any more ⇄ rows (R7.3).
//
// Every function runs inside the caller's transaction and throws what the session throws.
#pragma once

#include "reconciler/core/applied.h"

namespace maand {

class SqlSession;

// Into state.forgotten.
void read_forgotten(SqlSession& session, AppliedState& state);
// None falls.
void write_forgotten(SqlSession& session, const Forgotten& gone);
void erase_forgotten(SqlSession& session, const WorkerHost& worker);

}  // namespace maand
