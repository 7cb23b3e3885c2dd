#include "reconciler/store/drift_rows.h"

#include <sstream>
#include <utility>

#include "reconciler/store/sql_session.h"

namespace maand {
namespace {

// No path holds a newline (core/files.h).
std::string lines_of(const std::vector<std::string>& paths) {
  std::string out;
  for (const std::string& path : paths) out += path + "\n";
  return out;
}

std::vector<std::string> paths_of(const std::string& lines) {
  std::vector<std::string> out;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

}  // namespace

void write_drift(SqlSession& session, const AppliedAllocation& a) {
  SqlStatement& erase = session.prepared("DELETE FROM drifts WHERE job = ? AND worker = ?");
  Bindings(erase).text(a.key.job.str()).text(a.key.worker.str());
  erase.exec();
  if (!a.drift) return;
  const Drift& drift = *a.drift;
  SqlStatement& insert = session.prepared(
      "INSERT INTO drifts (job, worker, kind, paths, more, detail, since_ns, heal, healed_at_ns)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  Bindings row(insert);
  row.text(a.key.job.str()).text(a.key.worker.str()).text(to_string(drift.kind));
  row.text(lines_of(drift.paths)).flag(drift.more).text(drift.detail);
  row.integer(ns_of(drift.since)).flag(drift.heal).integer(ns_of(drift.healed_at));
  insert.exec();
}

void read_drifts(SqlSession& session, AppliedState& state) {
  SqlStatement& select = session.prepared(
      "SELECT job, worker, kind, paths, more, detail, since_ns, heal, healed_at_ns FROM drifts");
  while (select.step()) {
    Columns row(select);
    AllocationKey key;
    key.job = JobName(row.text());
    key.worker = WorkerHost(row.text());
    Drift drift;
    drift.kind = drift_kind_from(row.text());
    drift.paths = paths_of(row.text());
    drift.more = row.flag();
    drift.detail = row.text();
    drift.since = wall_from_ns(row.integer());
    drift.heal = row.flag();
    drift.healed_at = wall_from_ns(row.integer());
    const auto allocation = state.allocations.find(key);
    if (allocation != state.allocations.end()) allocation->second.drift = std::move(drift);
  }
  select.reset();
}

}  // namespace maand
