#include "reconciler/cli/adopting.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <mutex>
#include <utility>

#include "executor/original_look.h"
#include "executor/ssh_transport.h"
#include "executor/thread_pool.h"
#include "gitsource/git_source.h"
#include "reconciler/cli/adopted_head.h"
#include "reconciler/cli/adoption_verdict.h"
#include "reconciler/cli/bucket_store.h"
#include "reconciler/cli/commands/init.h"
#include "reconciler/cli/hook_key_use.h"
#include "reconciler/cli/settings.h"
#include "reconciler/core/adopting_head.h"
#include "reconciler/core/secret_box.h"
#include "reconciler/core/text.h"
#include "reconciler/store/kv_store.h"
#include "reconciler/store/original_database.h"
#include "reconciler/store/secret_key.h"
#include "reconciler/store/state_store.h"

namespace maand {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void refuse_own_state(const Bucket& bucket) {
  require_files(bucket, "`maand adopt`", "adopt with [state] url = \"sqlite:data/state.db\" first");
  if (!fs::exists(bucket.store())) return;
  if (open_state_store_readonly(bucket.store())->load().blank()) return;
  refuse_adoption(kExitHeld,
                  {bucket.store().string() +
                   " has state already: this bucket was adopted, or deployed to by this maand. `maand plan` "
                   "shows what the next pass does"});
}

void refuse_busy(const fs::path& database) {
  if (original_is_at_work(database))
    refuse_adoption(kExitNoDaemon,
                    {database.string() +
                     " is being written to: a build or deploy of the original is under way. Let it end, "
                     "then adopt"});
}

// ---- secrets and other values ----------------------------------------------------------

// Sealed texts are opened here, so that a lost key shows before anything is stored.
std::vector<ValueChange> changes_of(const std::vector<OriginalValue>& values, const fs::path& key_file) {
  std::vector<ValueChange> out;
  std::vector<std::string> problems;
  std::optional<SecretKeyFile> key;
  for (const OriginalValue& value : values) {
    ValueChange change{ValueChange::Kind::kPut, value.ns, value.key, value.value};
    const bool private_key = value.key.starts_with("certs/") && value.key.ends_with(".key");
    if (value.sealed || private_key) change.kind = ValueChange::Kind::kPutSecret;
    if (value.sealed) {
      if (!key) key = read_secret_key(key_file);
      if (!key->key)
        refuse_adoption(kExitFailed, {"the secrets of this bucket cannot be opened: " + key->problem});
      Opened opened = unseal(*key->key, value.value);
      if (opened.problem)
        problems.push_back(value.ns + "/" + value.key +
                           " cannot be opened with secrets/kv.key: put the key back that it was sealed with, "
                           "or delete the secret with the original");
      change.value = std::move(opened.plaintext);
    }
    out.push_back(std::move(change));
  }
  if (!problems.empty()) refuse_adoption(kExitFailed, problems);
  return out;
}

// ---- workers ---------------------------------------------------------------------------

std::map<WorkerHost, Endpoint> endpoints_of(const OriginalBucket& original, const JudgedHead& head) {
  std::map<WorkerHost, Endpoint> out;
  const auto add = [&](const WorkerHost& host) {
    if (out.count(host) > 0) return;
    Worker worker;
    worker.host = host;
    worker.address = host.str();
    for (const Worker& listed : head.workspace.workers) {
      if (listed.host == host) worker = listed;
    }
    out.emplace(host, endpoint_of(worker, head.settings.ssh));
  };
  for (const auto& [host, id] : original.workers) add(host);
  for (const OriginalAllocation& one : original.allocations) add(one.key.worker);
  return out;
}

FoundWorkers look_at_workers(const Bucket& bucket, const OriginalBucket& original,
                             const std::map<WorkerHost, Endpoint>& endpoints) {
  std::map<WorkerHost, OriginalLook> looks;
  for (const auto& [host, endpoint] : endpoints)
    looks[host] = {bucket.config.worker_root, original.bucket_id, {}};
  for (const OriginalAllocation& one : original.allocations)
    looks.at(one.key.worker).paths[one.key.job] = sent_paths(original, one);
  FoundWorkers out;
  std::mutex mutex;
  SshTransport transport(ssh_options(bucket));
  {
    ThreadPool pool(bucket.config.rollout.max_parallel_workers);
    for (const auto& [host, endpoint] : endpoints) {
      pool.run([&, host = host] {
        FoundWorker found = look_at_original(transport, endpoints.at(host), looks.at(host));
        const std::lock_guard<std::mutex> lock(mutex);
        out.emplace(host, std::move(found));
      });
    }
  }
  return out;
}

// ---- the head --------------------------------------------------------------------------

void use_values(JudgedHead& head, const std::vector<OriginalValue>& values, const fs::path& key_file) {
  head.sources.stored = snapshot_of(values, std::chrono::system_clock::now());
  const auto key = std::make_shared<SecretKeyFile>(read_secret_key(key_file));
  head.sources.reveal = [key](const StoredValue& value) -> RevealedSecret {
    if (!key->key) return {RevealedSecret::State::kNoKey, "", key->problem};
    Opened opened = unseal(*key->key, value.value);
    if (opened.problem) return {RevealedSecret::State::kWrongKeyOrDamaged, "", "it cannot be opened"};
    return {RevealedSecret::State::kOpened, std::move(opened.plaintext), ""};
  };
}

DesiredState desired_of(const Bucket& bucket, const JudgedHead& head, const AppliedState& state) {
  static const std::map<JobName, KeptJob> kNoKept;
  return make_desired({.commit = head.commit,
                       .workspace = head.workspace,
                       .applied = state,
                       .kept = kNoKept,
                       .sources = head.sources,
                       .pins = {},
                       .worker_root = bucket.config.worker_root,
                       .update_seq = 1});
}

void compare(Adopting& a) {
  const DesiredState first = desired_of(a.bucket, a.head, a.state);
  GitSource source(git_options(a.bucket));
  const auto sums = directory_sums(*source.open_view(a.head.commit), a.bucket.config.git.path);
  const auto values = changed_values(a.original, first, a.head.workspace, a.head.sources);
  a.taken = compare_with_head(a.state, a.original, a.found, {first, sums, values});
  a.desired = desired_of(a.bucket, a.head, a.state);
  a.plan = make_plan(a.desired, a.state, a.head.settings);
}

}  // namespace

std::pair<Bucket, AdoptedConfig> original_bucket(const fs::path& directory, const AdoptionWish& wish) {
  const fs::path database = directory / "data" / kOriginalDatabase;
  OriginalBucket original;
  try {
    refuse_busy(database);
    original = read_original_database(database);
  } catch (const StoreError& error) {
    refuse_adoption(kExitUsage, {error.what()});
  }
  if (!original.problems.empty()) refuse_adoption(kExitUsage, original.problems);
  const std::string conf = text_of(directory / "maand.conf");
  const std::string key = parse_config(conf, "maand.conf", process_environment()).config.ssh.key;
  const std::vector<std::string> with_key = hooks_with_key(directory / "workspace", key);
  AdoptedConfig config = adopted_config(conf, {BucketId(original.bucket_id), bucket_name_from(directory),
                                               wish.repo, wish.branch, wish.path, !with_key.empty()});
  if (!with_key.empty())
    config.remarks.push_back("hooks can read the workers' key (hooks.expose_key), for " +
                             printable(with_key.front()) +
                             (with_key.size() > 1 ? " and others go" : " goes") +
                             " to workers with it; run_ssh of maand.py needs none");
  if (!config.problems.empty()) refuse_adoption(kExitUsage, config.problems);
  Bucket bucket{directory, parse_config(config.text, "maand.conf", process_environment()).config};
  return {std::move(bucket), std::move(config)};
}

Adopting read_adoption(const Bucket& bucket, AdoptedConfig config, const AdoptionWish& wish) {
  Adopting out{bucket, std::move(config), {}, {}, {}, {}, {}, {}, {}, {}, {}};
  out.remarks = out.config.remarks;
  refuse_own_state(bucket);
  const fs::path database = bucket.data() / kOriginalDatabase;
  const fs::path key_file = bucket.secrets() / kSecretKeyFile;
  try {
    out.original = read_original_database(database);
  } catch (const StoreError& error) {
    refuse_adoption(kExitUsage, {error.what()});
  }
  if (!out.original.problems.empty()) refuse_adoption(kExitUsage, out.original.problems);
  const std::vector<OriginalValue> values = values_to_keep(out.original);
  out.values = changes_of(values, key_file);
  // The values are the original's. An adoption that was cut off may have left a kv.db without its
  // tables, or with a journal to be rolled back: store_values() opens it for writing, under the lock.
  out.head = judge_adopted_head(bucket);
  if (out.head.workspace.refused()) {
    std::vector<std::string> problems = {"the head of the branch would be refused; correct it first:"};
    for (const Diagnostic& problem : out.head.workspace.commit.all()) problems.push_back(to_string(problem));
    refuse_adoption(kExitHeld, problems);
  }
  use_values(out.head, values, key_file);
  const std::map<WorkerHost, Endpoint> endpoints = endpoints_of(out.original, out.head);
  out.found = look_at_workers(bucket, out.original, endpoints);
  judge_workers(out, wish);
  out.state = state_as_found(out.original, out.found, endpoints);
  compare(out);
  tell_unknown_standings(out);
  judge_held(out, wish);
  // What was read took a while.
  refuse_busy(database);
  return out;
}

}  // namespace maand
