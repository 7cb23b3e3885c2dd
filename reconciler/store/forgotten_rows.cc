#include "reconciler/store/forgotten_rows.h"

#include "reconciler/store/sql_session.h"

namespace maand {

void read_forgotten(SqlSession& session, AppliedState& state) {
  SqlStatement& select = session.prepared("SELECT job, worker, ran_seq FROM forgotten");
  while (select.step()) {
    Columns row(select);
    AllocationKey key;
    key.job = JobName(row.text());
    key.worker = WorkerHost(row.text());
    state.forgotten[key] = static_cast<std::uint64_t>(row.integer());
  }
  select.reset();
}

void write_forgotten(SqlSession& session, const Forgotten& gone) {
  for (const auto& [key, ran_seq] : gone) {
    SqlStatement& upsert = session.prepared(
        "INSERT INTO forgotten (job, worker, ran_seq) VALUES (?, ?, ?)"
        " ON CONFLICT (job, worker) DO UPDATE SET ran_seq = excluded.ran_seq"
        " WHERE forgotten.ran_seq < excluded.ran_seq");
    Bindings(upsert).text(key.job.str()).text(key.worker.str()).integer(static_cast<std::int64_t>(ran_seq));
    upsert.exec();
  }
}

void erase_forgotten(SqlSession& session, const WorkerHost& worker) {
  SqlStatement& erase = session.prepared("DELETE FROM forgotten WHERE worker = ?");
  Bindings(erase).text(worker.str());
  erase.exec();
}

}  // namespace maand
