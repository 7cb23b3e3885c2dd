// WorkerRecord ⇄ rows. Inside the caller's transaction; throws SQLite::Exception.
#pragma once

#include "reconciler/core/applied.h"

namespace maand {

class SqliteFile;

void write_worker(SqliteFile& file, const WorkerRecord& worker);
void read_workers(SqliteFile& file, AppliedState& state);

}  // namespace maand
