#include "reconciler/cli/adoption_commit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <utility>

#include "executor/adoption_call.h"
#include "executor/ssh_transport.h"
#include "executor/thread_pool.h"
#include "reconciler/app/journal.h"
#include "reconciler/app/system_clock.h"
#include "reconciler/cli/actor.h"
#include "reconciler/cli/replaced_file.h"
#include "reconciler/cli/settings.h"
#include "reconciler/cli/unadopted.h"
#include "reconciler/core/allocation_record.h"
#include "reconciler/core/text.h"
#include "reconciler/store/kv_store.h"
#include "reconciler/store/state_store.h"

namespace maand {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path) {
  throw CommandError(kExitFailed,
                     "cannot write " + path.string() + ": " + std::strerror(errno) +
                         "; nothing is adopted yet, say `maand adopt` again once that is put right");
}

void sync(const fs::path& path, int flags) {
  const int file = ::open(path.c_str(), flags | O_CLOEXEC);
  const bool synced = file >= 0 && ::fsync(file) == 0;
  if (file >= 0) ::close(file);
  if (!synced) fail(path);
}

// Those that are there already are no new versions: an adoption may have been cut off here.
void store_values(const Adopting& a, WallTime now) {
  const std::unique_ptr<Values> values = open_kv_store(a.bucket.secrets());
  const ValueSnapshotPtr known = values->snapshot();
  std::vector<ValueChange> changes;
  for (const ValueChange& change : a.values) {
    const ValueLookup there = known->find(change.ns, change.key);
    const bool secret = change.kind == ValueChange::Kind::kPutSecret;
    if (secret && there.value && there.value->secret && values->reveal(*there.value).text == change.value)
      continue;
    changes.push_back(change);
  }
  if (changes.empty()) return;
  const ValueWrite written = values->write(changes, now);
  if (written.refusal != ValueRefusal::kNone)
    throw CommandError(kExitFailed, "the values of the original cannot be kept: " + written.problem);
}

void store_config(const Adopting& a) {
  if (a.config.added.empty()) return;
  const fs::path conf = a.bucket.directory / "maand.conf";
  fs::path before = conf;
  before += ".before-adopt";
  if (fs::exists(conf) && !fs::exists(before)) fs::copy_file(conf, before);
  replace_file(conf, a.config.text, AtLink::kFollow);
}

// Who holds the CA's key issues certificates that every worker trusts.
void protect_keys(Adopting& a) {
  const fs::path key = a.bucket.secrets() / "ca.key";
  struct stat info {};
  if (::stat(key.c_str(), &info) != 0 || (info.st_mode & 0077) == 0) return;
  if (::chmod(key.c_str(), 0600) == 0) {
    a.remarks.push_back(
        "secrets/ca.key could be read by everybody on this machine; now by its owner alone (0600)");
  } else {
    a.remarks.push_back("secrets/ca.key can be read by everybody on this machine: chmod 600 it");
  }
}

// Before anything is stored: whatever a worker keeps of them is known then, also after a crash
// between the two (R7.3).
void number_operations(Adopting& a, WallTime now) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  std::uint64_t seq = static_cast<std::uint64_t>(ms.count());
  for (auto& [key, allocation] : a.state.allocations) {
    allocation.ran_seq = seq++;
    allocation.last_operation = Journal::random_id();
    if (!allocation.commit.empty()) allocation.confirmed_at = now;
  }
  a.state.last_seq = seq;
}

void fill(Adopting& a, Store& store, WallTime now) {
  const SystemClock clock;
  std::vector<AppliedAllocation> allocations;
  for (const auto& [key, allocation] : a.state.allocations) allocations.push_back(allocation);
  store.put_epoch(a.state.epoch, a.state.last_seq);
  store.settle(allocations, {}, 0);
  for (const auto& [host, worker] : a.state.workers) store.put_worker(worker);
  for (const auto& [name, job] : a.state.jobs) store.put_job(job);
  store.put_ports(a.state.ports);
  store.put_setting("bucket_id", a.original.bucket_id);
  store.put_setting("worker_root", a.bucket.config.worker_root);
  Journal(store, clock).store_id();
  store.audit({now, current_actor(), "adopt", "",
               std::to_string(allocations.size()) + " allocations of the original, update_seq " +
                   std::to_string(a.original.update_seq)});
}

void remove_companions(const fs::path& database) {
  for (const char* suffix : {"-wal", "-shm"}) {
    fs::path file = database;
    fs::remove(file += suffix);
  }
}

// The commit: a state file under its own name is adopted.
void store_state(Adopting& a, WallTime now) {
  fs::path fresh = a.bucket.store();
  fresh += ".adopting";
  fs::remove(fresh);
  remove_companions(fresh);
  fill(a, *open_state_store(fresh), now);
  remove_companions(fresh);
  sync(fresh, O_RDWR);
  remove_companions(a.bucket.store());  // of a file that holds nothing
  if (::rename(fresh.c_str(), a.bucket.store().c_str()) != 0) fail(a.bucket.store());
  sync(a.bucket.store().parent_path(), O_RDONLY | O_DIRECTORY);
}

Operation record_operation(const Adopting& a, const AppliedAllocation& allocation,
                           const std::string& store_id) {
  Operation out;
  out.id = allocation.last_operation;
  out.seq = allocation.ran_seq;
  out.allocation = allocation.key;
  out.action = Action::kSync;
  out.endpoint = allocation.endpoint;
  out.files = allocation.files;
  out.rendered_with = allocation.rendered_with;
  out.current_version = out.new_version = allocation.version;
  out.timeout = Seconds{60};
  out.epoch = a.state.epoch;
  if (const auto ports = a.state.ports.find(allocation.key.job); ports != a.state.ports.end())
    out.ports = ports->second;
  AppliedAllocation torn = allocation;
  torn.open = out;
  out.credentials.adopt_marker = true;
  out.credentials.known_seq = allocation.ran_seq;
  out.credentials.record = allocation_record(torn, store_id);
  return out;
}

struct Told {
  std::string instance;
  std::size_t kept = 0;
  std::vector<std::string> remarks;
};

Told tell_worker(const Bucket& bucket, Transport& transport, const std::vector<Operation>& operations) {
  Told out;
  const Connected connected = transport.connect(operations[0].endpoint);
  for (const Operation& operation : operations) {
    std::string detail = connected.detail;
    if (connected.connection && connected.connection->usable()) {
      const Outcome outcome = record_as_shipped(*connected.connection, operation, bucket.config.worker_root,
                                                bucket.config.bucket_id);
      if (outcome.kind == OutcomeKind::kSucceeded) {
        out.instance = outcome.instance;
        ++out.kept;
        continue;
      }
      detail = outcome.detail;
    }
    out.remarks.push_back(operation.allocation.str() + " is adopted, and its worker keeps no list of it (" +
                          printable(detail, 300) + "): its next change sends all files");
  }
  return out;
}

}  // namespace

void store_adoption(Adopting& a) {
  const WallTime now = std::chrono::system_clock::now();
  try {
    number_operations(a, now);
    protect_keys(a);
    store_values(a, now);
    store_config(a);
    store_state(a, now);
  } catch (const StoreError& error) {
    throw CommandError(kExitFailed,
                       std::string(error.what()) + "; nothing is adopted yet, say `maand adopt` again");
  } catch (const fs::filesystem_error& error) {
    throw CommandError(kExitFailed,
                       std::string(error.what()) + "; nothing is adopted yet, say `maand adopt` again");
  }
  mark_adopted(a.bucket);
}

std::size_t tell_workers(Adopting& a) {
  const std::unique_ptr<Store> store = open_state_store(a.bucket.store());
  const SystemClock clock;
  const std::string store_id = Journal(*store, clock).store_id();
  std::map<WorkerHost, std::vector<Operation>> operations;
  for (const auto& [key, allocation] : a.state.allocations) {
    const auto worker = a.found.find(key.worker);
    const bool read = worker != a.found.end() && worker->second.condition == WorkerCondition::kNone;
    if (read && allocation.files && !allocation.files->files.empty())
      operations[key.worker].push_back(record_operation(a, allocation, store_id));
  }
  std::map<WorkerHost, Told> told;
  std::mutex mutex;
  SshTransport transport(ssh_options(a.bucket));
  {
    ThreadPool pool(a.bucket.config.rollout.max_parallel_workers);
    for (const auto& [host, list] : operations) {
      pool.run([&, host = host] {
        Told one = tell_worker(a.bucket, transport, operations.at(host));
        const std::lock_guard<std::mutex> lock(mutex);
        told.emplace(host, std::move(one));
      });
    }
  }
  std::size_t kept = 0;
  for (auto& [host, one] : told) {
    kept += one.kept;
    a.remarks.insert(a.remarks.end(), one.remarks.begin(), one.remarks.end());
    if (one.instance.empty()) continue;
    WorkerRecord record = a.state.workers.at(host);
    record.instance = one.instance;
    record.adopt_marker = false;
    store->put_worker(record);
  }
  return kept;
}

}  // namespace maand
