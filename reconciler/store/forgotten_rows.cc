#include "reconciler/store/forgotten_rows.h"

#include "reconciler/store/sqlite_handles.h"

namespace maand {

void read_forgotten(SqliteFile& file, AppliedState& state) {
  SQLite::Statement& select = file.prepared("SELECT job, worker, ran_seq FROM forgotten");
  while (select.executeStep()) {
    Columns row(select);
    AllocationKey key;
    key.job = JobName(row.text());
    key.worker = WorkerHost(row.text());
    state.forgotten[key] = static_cast<std::uint64_t>(row.integer());
  }
  select.reset();
}

void write_forgotten(SqliteFile& file, const Forgotten& gone) {
  for (const auto& [key, ran_seq] : gone) {
    SQLite::Statement& upsert = file.prepared(
        "INSERT INTO forgotten (job, worker, ran_seq) VALUES (?, ?, ?)"
        " ON CONFLICT (job, worker) DO UPDATE SET ran_seq = max(ran_seq, excluded.ran_seq)");
    Bindings(upsert).text(key.job.str()).text(key.worker.str()).integer(static_cast<std::int64_t>(ran_seq));
    upsert.exec();
  }
}

void erase_forgotten(SqliteFile& file, const WorkerHost& worker) {
  SQLite::Statement& erase = file.prepared("DELETE FROM forgotten WHERE worker = ?");
  Bindings(erase).text(worker.str());
  erase.exec();
}

}  // namespace maand
