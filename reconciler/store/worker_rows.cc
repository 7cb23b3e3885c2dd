#include "reconciler/store/worker_rows.h"

#include <utility>

#include "reconciler/store/sqlite_handles.h"

namespace maand {

void read_workers(SqliteFile& file, AppliedState& state) {
  SQLite::Statement& select =
      file.prepared("SELECT host, instance, adopt_marker, was, away_ns, tried_ns FROM workers");
  while (select.executeStep()) {
    Columns row(select);
    WorkerRecord worker;
    worker.host = WorkerHost(row.text());
    worker.instance = row.text();
    worker.adopt_marker = row.flag();
    worker.was = WorkerHost(row.text());
    worker.away_since = wall_from_ns(row.integer());
    worker.tried_at = wall_from_ns(row.integer());
    state.workers.emplace(worker.host, std::move(worker));
  }
  select.reset();
}

void write_worker(SqliteFile& file, const WorkerRecord& worker) {
  SQLite::Statement& put = file.prepared(
      "INSERT OR REPLACE INTO workers (host, instance, adopt_marker, was, away_ns, tried_ns)"
      " VALUES (?, ?, ?, ?, ?, ?)");
  Bindings(put)
      .text(worker.host.str())
      .text(worker.instance)
      .flag(worker.adopt_marker)
      .text(worker.was.str())
      .integer(ns_of(worker.away_since))
      .integer(ns_of(worker.tried_at));
  put.exec();
}

}  // namespace maand
