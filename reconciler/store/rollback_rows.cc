#include "reconciler/store/rollback_rows.h"

#include <utility>

#include "reconciler/store/sql_session.h"

namespace maand {
namespace {

void erase_of(SqlSession& session, const char* sql, const JobName& job) {
  SqlStatement& erase = session.prepared(sql);
  Bindings(erase).text(job.str());
  erase.exec();
}

void write_failed_key(SqlSession& session, const JobName& job, int position, const FailedKey& key) {
  SqlStatement& insert = session.prepared(
      "INSERT INTO failed_keys (job, position, tree, commit_id, reason, detail, since_ns, rolled_back)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  Bindings row(insert);
  row.text(job.str()).integer(position).text(key.tree.str()).text(key.commit.str());
  row.text(key.reason).text(key.detail).integer(ns_of(key.since)).flag(key.rolled_back);
  insert.exec();
}

}  // namespace

void write_way_back(SqlSession& session, const AppliedAllocation& a) {
  SqlStatement& erase = session.prepared("DELETE FROM ways_back WHERE job = ? AND worker = ?");
  Bindings(erase).text(a.key.job.str()).text(a.key.worker.str());
  erase.exec();
  if (!a.before && a.rolled_back_from.empty()) return;
  const ConfirmedBefore before = a.before.value_or(ConfirmedBefore{});
  write_file_set(session, before.files);
  SqlStatement& insert = session.prepared(
      "INSERT INTO ways_back (job, worker, kept, running, version, files, rendered_values,"
      " rendered_version, rendered_seq, baseline, commit_id, tree, ports_held, rolled_back_from)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  Bindings row(insert);
  row.text(a.key.job.str()).text(a.key.worker.str()).flag(a.before.has_value());
  row.flag(before.running).text(before.version);
  bind_set(row, before.files);
  bind_rendered(row, before.rendered_with);
  row.text(before.baseline.empty() ? "" : before.baseline.hex());
  row.text(before.commit.str()).text(before.tree.str()).text(numbers_to_text(before.holds));
  row.text(a.rolled_back_from.str());
  insert.exec();
}

void read_ways_back(SqlSession& session, const Sets& sets, AppliedState& state) {
  SqlStatement& select = session.prepared(
      "SELECT job, worker, kept, running, version, files, rendered_values, rendered_version, rendered_seq,"
      " baseline, commit_id, tree, ports_held, rolled_back_from FROM ways_back");
  while (select.step()) {
    Columns row(select);
    AllocationKey key;
    key.job = JobName(row.text());
    key.worker = WorkerHost(row.text());
    const bool kept = row.flag();
    ConfirmedBefore before;
    before.running = row.flag();
    before.version = row.text();
    before.files = find_set(sets, row.maybe_text());
    before.rendered_with = read_rendered(row);
    before.baseline = Digest::from_hex(row.text());
    before.commit = CommitId(row.text());
    before.tree = TreeId(row.text());
    before.holds = numbers_from_text(row.text());
    const TreeId from(row.text());
    const auto allocation = state.allocations.find(key);
    if (allocation == state.allocations.end()) continue;  // no foreign key lets this be
    if (kept) allocation->second.before = std::move(before);
    allocation->second.rolled_back_from = from;
  }
  select.reset();
}

void write_job_rollout(SqlSession& session, const JobRecord& job) {
  erase_of(session, "DELETE FROM job_rollouts WHERE job = ?", job.job);
  erase_of(session, "DELETE FROM failed_keys WHERE job = ?", job.job);
  const bool nothing = job.rollback == Rollback::kNone && job.failed_version.empty() && job.failures == 0 &&
                       job.bake_tree.empty() && job.bake_left.count() == 0;
  if (!nothing) {
    SqlStatement& insert = session.prepared(
        "INSERT INTO job_rollouts (job, rollback, failed_version, failures, bake_tree, bake_left_ms)"
        " VALUES (?, ?, ?, ?, ?, ?)");
    Bindings row(insert);
    row.text(job.job.str()).text(to_string(job.rollback)).text(job.failed_version).integer(job.failures);
    row.text(job.bake_tree.str()).integer(job.bake_left.count());
    insert.exec();
  }
  int position = 0;
  for (const FailedKey& key : job.failed_keys) write_failed_key(session, job.job, position++, key);
}

void read_job_rollouts(SqlSession& session, AppliedState& state) {
  SqlStatement& select = session.prepared(
      "SELECT job, rollback, failed_version, failures, bake_tree, bake_left_ms FROM job_rollouts");
  while (select.step()) {
    Columns row(select);
    const auto job = state.jobs.find(JobName(row.text()));
    if (job == state.jobs.end()) continue;
    JobRecord& record = job->second;
    record.rollback = rollback_from(row.text());
    record.failed_version = row.text();
    record.failures = row.number();
    record.bake_tree = TreeId(row.text());
    record.bake_left = std::chrono::milliseconds(row.integer());
  }
  select.reset();
  SqlStatement& keys = session.prepared(
      "SELECT job, tree, commit_id, reason, detail, since_ns, rolled_back FROM failed_keys"
      " ORDER BY job, position");
  while (keys.step()) {
    Columns row(keys);
    const auto job = state.jobs.find(JobName(row.text()));
    if (job == state.jobs.end()) continue;
    FailedKey key;
    key.tree = TreeId(row.text());
    key.commit = CommitId(row.text());
    key.reason = row.text();
    key.detail = row.text();
    key.since = wall_from_ns(row.integer());
    key.rolled_back = row.flag();
    job->second.failed_keys.push_back(std::move(key));
  }
  keys.reset();
}

}  // namespace maand
