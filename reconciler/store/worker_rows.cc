#include "reconciler/store/worker_rows.h"

#include <utility>

#include "reconciler/store/sql_session.h"

namespace maand {

void read_workers(SqlSession& session, AppliedState& state) {
  SqlStatement& select =
      session.prepared("SELECT host, instance, adopt_marker, was, away_ns, tried_ns FROM workers");
  while (select.step()) {
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

void write_worker(SqlSession& session, const WorkerRecord& worker) {
  SqlStatement& put = session.prepared(
      "INSERT INTO workers (host, instance, adopt_marker, was, away_ns, tried_ns)"
      " VALUES (?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (host) DO UPDATE SET instance = excluded.instance,"
      " adopt_marker = excluded.adopt_marker, was = excluded.was, away_ns = excluded.away_ns,"
      " tried_ns = excluded.tried_ns");
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
