// What ran of allocations that are not on record any more ⇄ rows (R7.3).
//
// Every function runs inside the caller's transaction and throws SQLite::Exception.
#pragma once

#include "reconciler/core/applied.h"

namespace maand {

class SqliteFile;

// Into state.forgotten.
void read_forgotten(SqliteFile& file, AppliedState& state);
// None falls.
void write_forgotten(SqliteFile& file, const Forgotten& gone);
void erase_forgotten(SqliteFile& file, const WorkerHost& worker);

}  // namespace maand
