#include "tests/support/applied_text.h"

#include <sstream>

namespace maand {
namespace {

// The structured bindings below name every field of their struct. When a field
// is added this file stops compiling, on purpose: a field the store forgets is
// lost at every restart. Keep it in reconciler/store (schema.sql,
// applied_rows.cc), then add it here and in the samples.

std::string to_text(const Endpoint& endpoint) {
  const auto& [host, address, port, user, key, jump, use_sudo, host_keys] = endpoint;
  std::ostringstream out;
  out << host.str() << ' ' << address << ' ' << port << ' ' << user << ' ' << key << ' ' << jump << ' '
      << use_sudo;
  for (const std::string& line : host_keys) out << " [" << line << ']';
  return out.str();
}

std::string to_text(const FileSetPtr& set) {
  if (!set) return "(null)";
  std::ostringstream out;
  out << set->digest.hex() << ' ' << set->list_id.hex();
  for (const ShippedFile& file : set->files) {
    const auto& [path, mode, content, size_bytes, blob, attributes, text] = file;
    const auto& [permissions, owner, group] = attributes;
    out << "\n    " << path << ' ' << static_cast<int>(mode) << ' ' << content.hex() << ' ' << size_bytes
        << ' ' << blob.str() << ' ' << permissions << ' ' << owner << ':' << group
        << (text ? " (kept bytes of a rendering)" : "");
  }
  return out.str();
}

std::string to_text(const RenderedWith& rendered) {
  const auto& [values, current_version, update_seq] = rendered;
  return values.hex() + " " + current_version + " " + std::to_string(update_seq);
}

std::string to_text(const Operation& operation) {
  const auto& [id, seq, allocation, action, endpoint, files, base, rendered_with, current_version,
               new_version, attempt, previous, timeout, epoch, worker_json, jobs_json, expect_marker, ports,
               moved_from, keep, confirm, back_limits, credentials] = operation;
  // None is kept: they are filled in whenever the worker is spoken to.
  static_cast<void>(moved_from);
  static_cast<void>(keep);
  static_cast<void>(confirm);
  static_cast<void>(back_limits);
  static_cast<void>(credentials);
  std::ostringstream out;
  out << "\n  open.id " << id.str() << "\n  open.seq " << seq << "\n  open.allocation " << allocation.str()
      << "\n  open.action " << to_string(action) << "\n  open.endpoint " << to_text(endpoint)
      << "\n  open.files " << to_text(files) << "\n  open.base " << to_text(base) << "\n  open.rendered_with "
      << to_text(rendered_with) << "\n  open.current_version " << current_version << "\n  open.new_version "
      << new_version << "\n  open.attempt " << attempt << "\n  open.previous " << to_string(previous)
      << "\n  open.timeout " << timeout.count() << "\n  open.epoch " << epoch << "\n  open.worker_json "
      << worker_json << "\n  open.jobs_json " << jobs_json << "\n  open.expect_marker " << expect_marker;
  for (const auto& [name, number] : ports) out << "\n  open.port " << name << ' ' << number;
  return out.str();
}

std::string to_text(const std::optional<ConfirmedBefore>& before) {
  if (!before) return "\n  before (none)";
  const auto& [running, version, files, rendered_with, baseline, commit, tree, holds] = *before;
  std::ostringstream out;
  out << "\n  before.running " << running << "\n  before.version " << version << "\n  before.files "
      << to_text(files) << "\n  before.rendered_with " << to_text(rendered_with) << "\n  before.baseline "
      << baseline.hex() << "\n  before.commit " << commit.str() << "\n  before.tree " << tree.str();
  for (const int number : holds) out << "\n  before.holds " << number;
  return out.str();
}

std::string to_text(const std::optional<StoppedBy>& stopped_by) {
  if (!stopped_by) return "(nobody)";
  const auto& [actor, reason, since, until] = *stopped_by;
  return actor + "/" + reason + "/" + std::to_string(since.time_since_epoch().count()) + "/" +
         std::to_string(until.time_since_epoch().count());
}

std::string to_text(const std::optional<Drift>& drift) {
  if (!drift) return "(none)";
  const auto& [kind, paths, more, detail, since, heal, healed_at] = *drift;
  std::ostringstream out;
  out << to_string(kind) << ' ' << more << ' ' << detail << ' ' << since.time_since_epoch().count() << ' '
      << heal << ' ' << healed_at.time_since_epoch().count();
  for (const std::string& path : paths) out << " [" << path << ']';
  return out.str();
}

}  // namespace

std::string to_text(const AppliedAllocation& allocation) {
  const auto& [key, endpoint, running, version, files, rendered_with, baseline, commit, confirmed_at, tree,
               last, last_target, last_operation, attempts, interruptions, interrupted_boot, missing_target,
               stop_failed, attempted_head, reboot_loop, health, stopped_by, drift, holds, moved_from, before,
               rolled_back_from, ran_seq, open] = allocation;
  std::ostringstream out;
  out << "allocation " << key.str() << "\n  endpoint " << to_text(endpoint) << "\n  running " << running
      << "\n  version " << version << "\n  files " << to_text(files) << "\n  rendered_with "
      << to_text(rendered_with) << "\n  baseline " << baseline.hex() << "\n  commit " << commit.str()
      << "\n  confirmed_at " << confirmed_at.time_since_epoch().count() << "\n  tree " << tree.str()
      << "\n  last " << to_string(last) << "\n  last_target " << to_string(last_target)
      << "\n  last_operation " << last_operation.str() << "\n  attempts " << attempts << "\n  interruptions "
      << interruptions << "\n  interrupted_boot " << interrupted_boot << "\n  missing_target "
      << missing_target << "\n  stop_failed " << stop_failed << "\n  attempted_head " << attempted_head.str()
      << "\n  reboot_loop " << reboot_loop << "\n  health " << to_string(health) << "\n  stopped_by "
      << to_text(stopped_by) << "\n  drift " << to_text(drift) << (open ? to_text(*open) : "\n  open (none)");
  for (const int number : holds) out << "\n  holds " << number;
  out << "\n  moved_from " << moved_from.str() << "\n  ran_seq " << ran_seq;
  out << "\n  rolled_back_from " << rolled_back_from.str() << to_text(before) << '\n';
  return out.str();
}

std::string to_text(const JobRecord& record) {
  const auto& [job, target_commit, target_tree, good_commit, good_tree, held_reason, held_detail, held_tree,
               held_commit, held_since, rollback, failed_version, failures, failed_keys, bake_tree, bake_left,
               wave, released_tree] = record;
  std::ostringstream out;
  out << "job " << job.str() << "\n  target " << target_commit.str() << ' ' << target_tree.str()
      << "\n  good " << good_commit.str() << ' ' << good_tree.str() << "\n  held " << held_reason << " / "
      << held_detail << " / " << held_tree.str() << " / " << held_commit.str() << " / "
      << held_since.time_since_epoch().count() << "\n  wave " << wave << "\n  released "
      << released_tree.str() << "\n  rollback " << to_string(rollback) << ' ' << failed_version << ' '
      << failures << "\n  bake " << bake_tree.str() << ' ' << bake_left.count() << '\n';
  for (const FailedKey& key : failed_keys) {
    const auto& [tree, commit, reason, detail, since, rolled_back] = key;
    out << "  failed " << tree.str() << ' ' << commit.str() << ' ' << reason << " / " << detail << " / "
        << since.time_since_epoch().count() << ' ' << rolled_back << '\n';
  }
  return out.str();
}

std::string to_text(const AppliedState& state) {
  const auto& [allocations, jobs, ports, workers, head, applied, last_seq, forgotten, claimed_seq, epoch] =
      state;
  std::ostringstream out;
  out << "head " << head.str() << "\napplied " << applied.str() << "\nlast_seq " << last_seq
      << "\nclaimed_seq " << claimed_seq << "\nepoch " << epoch << '\n';
  for (const auto& [key, ran_seq] : forgotten) out << "forgotten " << key.str() << ' ' << ran_seq << '\n';
  for (const auto& [key, allocation] : allocations) out << to_text(allocation);
  for (const auto& [name, job] : jobs) out << to_text(job);
  for (const auto& [name, worker] : workers) {
    const auto& [host, instance, adopt_marker, was, away_since, tried_at] = worker;
    out << "worker " << host.str() << ' ' << instance << ' ' << adopt_marker << ' ' << was.str() << ' '
        << away_since.time_since_epoch().count() << ' ' << tried_at.time_since_epoch().count() << '\n';
  }
  for (const auto& [job, numbers] : ports) {
    for (const auto& [name, number] : numbers)
      out << "port " << job.str() << ' ' << name << ' ' << number << '\n';
  }
  return out.str();
}

FileSetPtr sample_files(int n) {
  const std::string text = std::to_string(n);
  return make_file_set(
      {{"Makefile", FileMode::kRegular, sha256("make" + text), 11, BlobId("b1" + text), {}, {}},
       {"bin dir/run it",
        FileMode::kExecutable,
        sha256("run" + text),
        22,
        BlobId("b2" + text),
        {0750, "", "app"},
        {}},
       {"link", FileMode::kSymlink, sha256("to" + text), 33, BlobId(), {}, {}},
       {"rendered", FileMode::kRegular, sha256("secret" + text), 9, BlobId(), {0640, "app", "www-data"}, {}},
       {"manifest.json", FileMode::kRegular, sha256("{}" + text), 44, BlobId("b4" + text), {}, {}}});
}

namespace {

Endpoint sample_endpoint(const AllocationKey& key, int n) {
  Endpoint endpoint;
  endpoint.host = key.worker;
  endpoint.address = "address-" + std::to_string(n);
  endpoint.port = 2200 + n;
  endpoint.user = "käthe";
  endpoint.key = "worker.key";
  endpoint.jump = "jump@bastion:22";
  endpoint.use_sudo = true;
  endpoint.host_keys = {"ssh-ed25519 AAAA", "ecdsa-sha2-nistp256 \"B\\B\""};
  return endpoint;
}

}  // namespace

Operation sample_operation(const AllocationKey& key, int n) {
  const std::string text = std::to_string(n);
  Operation operation;
  operation.id = OperationId(key.str() + "-" + text);
  operation.seq = (1ull << 40) + static_cast<std::uint64_t>(n);
  operation.allocation = key;
  operation.action = Action::kRestart;
  operation.endpoint = sample_endpoint(key, n);
  operation.files = sample_files(n + 1);
  operation.base = sample_files(n);
  operation.rendered_with = {sha256("values" + text), "0." + text, 100 + n};
  operation.current_version = "1." + text;
  operation.new_version = "2." + text;
  operation.attempt = 2 + n;
  operation.previous = Previous::kInterrupted;
  operation.timeout = Seconds(77);
  operation.epoch = 3;
  operation.worker_json = "{\"worker\": \"" + text + "\"}\n";
  operation.jobs_json = "[\"it's\", \"" + text + "\"]";
  operation.expect_marker = true;
  operation.ports = {{"http", 8080 + n}, {"metrics_2", 65535}};
  return operation;
}

AppliedAllocation sample_allocation(const AllocationKey& key, int n) {
  const std::string text = std::to_string(n);
  AppliedAllocation allocation;
  allocation.key = key;
  allocation.endpoint = sample_endpoint(key, n);
  allocation.running = true;
  allocation.version = "1." + text;
  allocation.files = sample_files(n);
  allocation.rendered_with = {sha256("read" + text), "0.9." + text, 7 + n};
  allocation.baseline = sha256("baseline" + text);
  allocation.commit = CommitId("commit" + text);
  allocation.confirmed_at = WallTime(WallTime::duration(1700000000987654321));
  allocation.tree = TreeId("tree" + text);
  allocation.last = LastResult::kInterrupted;
  allocation.last_target = Target::kReload;
  allocation.last_operation = OperationId("before" + text);
  allocation.attempts = 4;
  allocation.interruptions = 5;
  allocation.interrupted_boot = "boot-" + text;
  allocation.missing_target = true;
  allocation.stop_failed = true;
  allocation.attempted_head = CommitId("attempted" + text);
  allocation.reboot_loop = true;
  allocation.health = Health::kUnhealthy;
  allocation.holds = {1, 8080 + n};
  allocation.moved_from = JobName("before-" + text);
  allocation.ran_seq = 40 + static_cast<std::uint64_t>(n);
  allocation.stopped_by =
      StoppedBy{"alice", "maintenance " + text, WallTime(WallTime::duration(1700000000001000000)),
                WallTime(WallTime::duration(1700000000002000000))};
  allocation.drift = Drift{.kind = DriftKind::kFiles,
                           .paths = {"conf dir/it's", "run" + text},
                           .more = true,
                           .detail = "run" + text + " changed",
                           .since = WallTime(WallTime::duration(1700000000000000003)),
                           .heal = true,
                           .healed_at = WallTime(WallTime::duration(1700000000000000004))};
  allocation.before = ConfirmedBefore{.running = true,
                                      .version = "0.8." + text,
                                      .files = sample_files(n + 7),
                                      .rendered_with = {sha256("before" + text), "0.7." + text, 3 + n},
                                      .baseline = sha256("old baseline" + text),
                                      .commit = CommitId("before-commit" + text),
                                      .tree = TreeId("before-tree" + text),
                                      .holds = {2, 9090 + n}};
  allocation.rolled_back_from = TreeId("from-tree" + text);
  return allocation;
}

JobRecord sample_job(const JobName& name, int n) {
  const std::string text = std::to_string(n);
  JobRecord job;
  job.job = name;
  job.target_commit = CommitId("target" + text);
  job.target_tree = TreeId("target-tree" + text);
  job.good_commit = CommitId("good" + text);
  job.good_tree = TreeId("good-tree" + text);
  job.held_reason = "TargetFailed";
  job.rollback = Rollback::kBegun;
  job.failed_version = "3." + text;
  job.failures = 4 + n;
  job.bake_tree = TreeId("bake-tree" + text);
  job.bake_left = std::chrono::milliseconds(1234567 + n);
  for (const bool back : {false, true}) {
    job.failed_keys.push_back({.tree = TreeId("failed-tree" + text + (back ? "b" : "a")),
                               .commit = CommitId("failed-commit" + text),
                               .reason = "GateFailed",
                               .detail = "it's \"ill\"",
                               .since = WallTime(WallTime::duration(1700000000123456789)),
                               .rolled_back = back});
  }
  job.held_detail = "restart of api@w1 ended with 2; it's 'quoted'";
  job.held_tree = TreeId("held-tree" + text);
  job.held_commit = CommitId("held" + text);
  job.held_since = WallTime(WallTime::duration(1700000000123456789));
  job.wave = 3 + n;
  job.released_tree = TreeId("released" + text);
  return job;
}

}  // namespace maand
