#include "reconciler/store/applied_rows.h"

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>

#include "reconciler/core/file_set_text.h"
#include "reconciler/core/record_words.h"
#include "reconciler/store/applied_cells.h"
#include "reconciler/store/drift_rows.h"
#include "reconciler/store/forgotten_rows.h"
#include "reconciler/store/rollback_rows.h"
#include "reconciler/store/sql_session.h"
#include "reconciler/store/worker_rows.h"

namespace maand {
namespace {

std::string endpoint_to_json(const Endpoint& e) {
  const nlohmann::json json = {
      {"host", e.host.str()}, {"address", e.address}, {"port", e.port},         {"user", e.user},
      {"key", e.key},         {"jump", e.jump},       {"use_sudo", e.use_sudo}, {"host_keys", e.host_keys}};
  // Bytes that are no UTF-8 must not keep an operation from being recorded.
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Endpoint endpoint_from_json(const std::string& text) {
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    Endpoint e;
    e.host = WorkerHost(json.at("host").get<std::string>());
    e.address = json.at("address").get<std::string>();
    e.port = json.at("port").get<int>();
    e.user = json.at("user").get<std::string>();
    e.key = json.at("key").get<std::string>();
    e.jump = json.at("jump").get<std::string>();
    e.use_sudo = json.at("use_sudo").get<bool>();
    e.host_keys = json.at("host_keys").get<std::vector<std::string>>();
    return e;
  } catch (const nlohmann::json::exception& error) {
    throw StoreError(std::string("the state file holds an endpoint that cannot be read: ") + error.what());
  }
}

// Names of ports are lower-case letters, digits and underscores (workspace.md 2.3).
std::string ports_to_text(const PortNumbers& ports) {
  std::string out;
  for (const auto& [name, number] : ports)
    out += (out.empty() ? "" : " ") + name + "=" + std::to_string(number);
  return out;
}

PortNumbers ports_from_text(const std::string& text) {
  PortNumbers ports;
  std::istringstream in(text);
  for (std::string word; in >> word;) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos)
      throw StoreError("the state file holds a port that cannot be read: " + word);
    ports[word.substr(0, equals)] = port_from_text(word.substr(equals + 1));
  }
  return ports;
}

void write_operation(SqlSession& session, const Operation& op) {
  write_file_set(session, op.files);
  write_file_set(session, op.base);
  SqlStatement& insert = session.prepared(
      "INSERT INTO operations (job, worker, id, seq, action, endpoint, files, base, rendered_values,"
      " rendered_version, rendered_seq, current_version, new_version, attempt, previous, timeout_s, epoch,"
      " worker_json, jobs_json, expect_marker, ports)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  Bindings row(insert);
  row.text(op.allocation.job.str()).text(op.allocation.worker.str()).text(op.id.str());
  row.integer(static_cast<std::int64_t>(op.seq))
      .text(to_string(op.action))
      .text(endpoint_to_json(op.endpoint));
  bind_set(row, op.files);
  bind_set(row, op.base);
  bind_rendered(row, op.rendered_with);
  row.text(op.current_version).text(op.new_version).integer(op.attempt).text(to_string(op.previous));
  row.integer(op.timeout.count()).integer(static_cast<std::int64_t>(op.epoch));
  row.text(op.worker_json).text(op.jobs_json).flag(op.expect_marker).text(ports_to_text(op.ports));
  insert.exec();
}

void read_operations(SqlSession& session, const Sets& sets, AppliedState& state) {
  SqlStatement& select = session.prepared(
      "SELECT job, worker, id, seq, action, endpoint, files, base, rendered_values, rendered_version,"
      " rendered_seq, current_version, new_version, attempt, previous, timeout_s, epoch, worker_json,"
      " jobs_json, expect_marker, ports FROM operations");
  while (select.step()) {
    Columns row(select);
    Operation op;
    op.allocation.job = JobName(row.text());
    op.allocation.worker = WorkerHost(row.text());
    op.id = OperationId(row.text());
    op.seq = static_cast<std::uint64_t>(row.integer());
    op.action = action_from(row.text());
    op.endpoint = endpoint_from_json(row.text());
    op.files = find_set(sets, row.maybe_text());
    op.base = find_set(sets, row.maybe_text());
    op.rendered_with = read_rendered(row);
    op.current_version = row.text();
    op.new_version = row.text();
    op.attempt = row.number();
    op.previous = previous_from(row.text());
    op.timeout = Seconds(row.integer());
    op.epoch = static_cast<std::uint64_t>(row.integer());
    op.worker_json = row.text();
    op.jobs_json = row.text();
    op.expect_marker = row.flag();
    op.ports = ports_from_text(row.text());
    const auto it = state.allocations.find(op.allocation);
    if (it == state.allocations.end())
      throw StoreError("the state file holds an operation of no allocation: " + op.id.str());
    it->second.open = std::move(op);
  }
  select.reset();
}

Sets read_file_sets(SqlSession& session) {
  Sets sets;
  SqlStatement& select = session.prepared("SELECT list_id, files FROM file_sets");
  while (select.step()) {
    Columns row(select);
    const std::string list_id = row.text();
    FileSetPtr set = file_set_from_text(row.text());
    if (!set || set->list_id.hex() != list_id) {
      throw StoreError("the state file is damaged: the file list " + list_id +
                       " is not what was written; restore a backup: maand restore");
    }
    sets.emplace(list_id, std::move(set));
  }
  select.reset();
  return sets;
}

void read_jobs(SqlSession& session, AppliedState& state) {
  SqlStatement& select = session.prepared(
      "SELECT job, target_commit, target_tree, good_commit, good_tree, held_reason, held_detail, held_tree,"
      " held_commit, held_since_ns, wave, released_tree FROM jobs");
  while (select.step()) {
    Columns row(select);
    JobRecord job;
    job.job = JobName(row.text());
    job.target_commit = CommitId(row.text());
    job.target_tree = TreeId(row.text());
    job.good_commit = CommitId(row.text());
    job.good_tree = TreeId(row.text());
    job.held_reason = row.text();
    job.held_detail = row.text();
    job.held_tree = TreeId(row.text());
    job.held_commit = CommitId(row.text());
    job.held_since = wall_from_ns(row.integer());
    job.wave = row.number();
    job.released_tree = TreeId(row.text());
    state.jobs.emplace(job.job, std::move(job));
  }
  select.reset();
}

void read_ports(SqlSession& session, AppliedState& state) {
  SqlStatement& select = session.prepared("SELECT job, name, number FROM ports");
  while (select.step()) {
    Columns row(select);
    const JobName job(row.text());
    std::string name = row.text();
    state.ports[job].emplace(std::move(name), row.number());
  }
  select.reset();
}

}  // namespace

void write_allocation(SqlSession& session, const AppliedAllocation& a) {
  write_file_set(session, a.files);
  // The operation goes first, or an operation id would clash with its own earlier row.
  SqlStatement& erase = session.prepared("DELETE FROM operations WHERE job = ? AND worker = ?");
  Bindings(erase).text(a.key.job.str()).text(a.key.worker.str());
  erase.exec();

  SqlStatement& upsert = session.prepared(
      "INSERT INTO allocations (job, worker, endpoint, running, version, files, rendered_values, "
      "rendered_version, rendered_seq, baseline, commit_id, tree, "
      "last,"
      " last_target, last_operation, attempts, interruptions, interrupted_boot, missing_target, stop_failed, "
      "attempted_head, reboot_loop, "
      "health,"
      " stopped_actor, stopped_reason, confirmed_at_ns, holds, moved_from, stopped_since_ns,"
      " stopped_until_ns, ran_seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
      "?, "
      "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (job, worker) DO UPDATE SET endpoint = excluded.endpoint, running = excluded.running,"
      " version = excluded.version, files = excluded.files, rendered_values = excluded.rendered_values,"
      " rendered_version = excluded.rendered_version, rendered_seq = excluded.rendered_seq,"
      " baseline = excluded.baseline,"
      " commit_id = excluded.commit_id, tree = excluded.tree, last = excluded.last,"
      " last_target = excluded.last_target, last_operation = excluded.last_operation, attempts = "
      "excluded.attempts,"
      " interruptions = excluded.interruptions, interrupted_boot = excluded.interrupted_boot,"
      " missing_target = excluded.missing_target, stop_failed = excluded.stop_failed, attempted_head = "
      "excluded.attempted_head, reboot_loop = excluded.reboot_loop, health = "
      "excluded.health,"
      " stopped_actor = excluded.stopped_actor, stopped_reason = excluded.stopped_reason,"
      " confirmed_at_ns = excluded.confirmed_at_ns, holds = excluded.holds, moved_from = "
      "excluded.moved_from, stopped_since_ns = excluded.stopped_since_ns,"
      " stopped_until_ns = excluded.stopped_until_ns, ran_seq = excluded.ran_seq");
  Bindings row(upsert);
  row.text(a.key.job.str()).text(a.key.worker.str()).text(endpoint_to_json(a.endpoint));
  row.flag(a.running).text(a.version);
  bind_set(row, a.files);
  bind_rendered(row, a.rendered_with);
  row.text(a.baseline.empty() ? "" : a.baseline.hex()).text(a.commit.str()).text(a.tree.str());
  row.text(to_string(a.last)).text(to_string(a.last_target)).text(a.last_operation.str());
  row.integer(a.attempts).integer(a.interruptions).text(a.interrupted_boot);
  row.flag(a.missing_target).flag(a.stop_failed);
  row.text(a.attempted_head.str()).flag(a.reboot_loop).text(to_string(a.health));
  if (a.stopped_by) {
    row.text(a.stopped_by->actor).text(a.stopped_by->reason);
  } else {
    row.null().null();
  }
  row.integer(ns_of(a.confirmed_at)).text(numbers_to_text(a.holds)).text(a.moved_from.str());
  const StoppedBy stopped = a.stopped_by.value_or(StoppedBy{});
  row.integer(ns_of(stopped.since)).integer(ns_of(stopped.until));
  row.integer(static_cast<std::int64_t>(a.ran_seq));
  upsert.exec();
  if (a.open) write_operation(session, *a.open);
  write_way_back(session, a);
  write_drift(session, a);
}

void erase_allocation(SqlSession& session, const AllocationKey& key) {
  SqlStatement& erase = session.prepared("DELETE FROM allocations WHERE job = ? AND worker = ?");
  Bindings(erase).text(key.job.str()).text(key.worker.str());
  erase.exec();
}

void write_job(SqlSession& session, const JobRecord& job) {
  SqlStatement& upsert = session.prepared(
      "INSERT INTO jobs (job, target_commit, target_tree, good_commit, good_tree, held_reason, "
      "held_detail,"
      " held_tree, held_commit, held_since_ns, wave, released_tree) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
      "?)"
      " ON CONFLICT (job) DO UPDATE SET target_commit = excluded.target_commit,"
      " target_tree = excluded.target_tree, good_commit = excluded.good_commit,"
      " good_tree = excluded.good_tree, held_reason = excluded.held_reason,"
      " held_detail = excluded.held_detail, held_tree = excluded.held_tree,"
      " held_commit = excluded.held_commit, held_since_ns = excluded.held_since_ns,"
      " wave = excluded.wave, released_tree = excluded.released_tree");
  Bindings row(upsert);
  row.text(job.job.str()).text(job.target_commit.str()).text(job.target_tree.str());
  row.text(job.good_commit.str()).text(job.good_tree.str()).text(job.held_reason).text(job.held_detail);
  row.text(job.held_tree.str()).text(job.held_commit.str()).integer(ns_of(job.held_since));
  row.integer(job.wave).text(job.released_tree.str());
  upsert.exec();
  write_job_rollout(session, job);
}

void read_applied(SqlSession& session, AppliedState& state) {
  const Sets sets = read_file_sets(session);
  SqlStatement& select = session.prepared(
      "SELECT job, worker, endpoint, running, version, files, rendered_values, rendered_version,"
      " rendered_seq, baseline, commit_id, tree, last, last_target,"
      " last_operation, attempts, interruptions, interrupted_boot, missing_target, stop_failed, "
      "attempted_head, reboot_loop, health, "
      "stopped_actor,"
      " stopped_reason, confirmed_at_ns, holds, moved_from, stopped_since_ns, stopped_until_ns, ran_seq"
      " FROM allocations");
  while (select.step()) {
    Columns row(select);
    AppliedAllocation a;
    a.key.job = JobName(row.text());
    a.key.worker = WorkerHost(row.text());
    a.endpoint = endpoint_from_json(row.text());
    a.running = row.flag();
    a.version = row.text();
    a.files = find_set(sets, row.maybe_text());
    a.rendered_with = read_rendered(row);
    a.baseline = Digest::from_hex(row.text());
    a.commit = CommitId(row.text());
    a.tree = TreeId(row.text());
    a.last = last_result_from(row.text());
    a.last_target = target_from(row.text());
    a.last_operation = OperationId(row.text());
    a.attempts = row.number();
    a.interruptions = row.number();
    a.interrupted_boot = row.text();
    a.missing_target = row.flag();
    a.stop_failed = row.flag();
    a.attempted_head = CommitId(row.text());
    a.reboot_loop = row.flag();
    a.health = health_from(row.text());
    const std::optional<std::string> actor = row.maybe_text();
    const std::optional<std::string> reason = row.maybe_text();
    a.confirmed_at = wall_from_ns(row.integer());
    a.holds = numbers_from_text(row.text());
    a.moved_from = JobName(row.text());
    const WallTime stopped_since = wall_from_ns(row.integer());
    const WallTime stopped_until = wall_from_ns(row.integer());
    a.ran_seq = static_cast<std::uint64_t>(row.integer());
    if (actor) a.stopped_by = StoppedBy{*actor, reason.value_or(""), stopped_since, stopped_until};
    AllocationKey key = a.key;
    state.allocations.emplace(std::move(key), std::move(a));
  }
  select.reset();
  read_operations(session, sets, state);
  read_ways_back(session, sets, state);
  read_drifts(session, state);
  read_jobs(session, state);
  read_job_rollouts(session, state);
  read_ports(session, state);
  read_workers(session, state);
  read_forgotten(session, state);
}

void write_ports(SqlSession& session, const PortTable& ports) {
  session.prepared("DELETE FROM ports").exec();
  for (const auto& [job, numbers] : ports) {
    for (const auto& [name, number] : numbers) {
      SqlStatement& insert = session.prepared("INSERT INTO ports (job, name, number) VALUES (?, ?, ?)");
      Bindings(insert).text(job.str()).text(name).integer(number);
      insert.exec();
    }
  }
}

void collect_file_sets(SqlSession& session) {
  session
      .prepared(
          "DELETE FROM file_sets WHERE NOT EXISTS (SELECT 1 FROM allocations WHERE files = list_id)"
          " AND NOT EXISTS (SELECT 1 FROM operations WHERE files = list_id)"
          " AND NOT EXISTS (SELECT 1 FROM operations WHERE base = list_id)"
          " AND NOT EXISTS (SELECT 1 FROM ways_back WHERE files = list_id)")
      .exec();
}

}  // namespace maand
