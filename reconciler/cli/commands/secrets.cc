#include "reconciler/cli/commands/secrets.h"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "gitsource/age_opener.h"
#include "reconciler/cli/bucket_store.h"
#include "reconciler/cli/checkout.h"
#include "reconciler/cli/held_signals.h"
#include "reconciler/cli/job_secrets.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/cli/kept_order.h"
#include "reconciler/cli/private_scratch.h"
#include "reconciler/cli/secret_input.h"
#include "reconciler/cli/stored_secrets.h"
#include "reconciler/cli/table.h"
#include "reconciler/core/git_secrets.h"
#include "reconciler/core/names.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/secret_box.h"
#include "reconciler/core/secret_sheet.h"
#include "reconciler/core/status.h"
#include "reconciler/core/text.h"
#include "reconciler/store/key_rotation.h"

namespace maand {
namespace fs = std::filesystem;
namespace {

void require_names(const std::string& job, const std::string& key) {
  if (!is_job_name(job))
    throw CommandError(kExitUsage, quote(job) + " is no name for a job: " + kJobNameGrammar);
  if (!is_secret_key(key))
    throw CommandError(kExitUsage, quote(key) +
                                       " is no name of a secret: use letters, digits, `_`, `-` and `.`, "
                                       "at most 128");
}

void tell_git(const Context& context, const JobSecrets& secrets, const std::string& what) {
  const fs::path shown = shown_path(secrets.path(), fs::current_path());
  if (context.json) {
    std::cout << JsonObject().flag("done", true).text("file", secrets.path().string()).str() << "\n";
  } else {
    std::cout << shown.string() << ": " << what << "\nCommit and push it.\n";
  }
}

void tell_stored(const Context& context, const StoredSecrets& store, const std::string& ns,
                 const std::string& what) {
  if (context.json) {
    std::cout << JsonObject().flag("done", true).text("namespace", ns).str() << "\n";
  } else {
    std::cout << ns << ": " << what << "\n"
              << (store.beside_daemon() ? "The daemon rolls it out to what reads it.\n"
                                        : "It is rolled out with the next pass.\n");
  }
}

std::unique_ptr<SecretOpener> opener_of(const std::optional<Bucket>& bucket) {
  std::error_code error;
  if (!bucket || !fs::exists(bucket->secrets() / kAgeIdentityFile, error)) return nullptr;
  return make_age_opener(bucket->secrets() / kAgeIdentityFile);
}

// ---- edit -----------------------------------------------------------------------------

// What the editor made of it; nullopt: it was left as it was.
std::optional<SheetChanges> edited(const fs::path& spare, const std::vector<std::string>& about,
                                   const SecretSheet& sheet) {
  const HeldSignals held;  // what comes outside of the editor comes once the scratch is gone
  const PrivateScratch scratch(spare);
  if (scratch.on_disk())
    std::cerr << "warning: no memory file system is to be had, so the values lie on disk while you edit\n";
  const fs::path file = scratch.write("secrets.toml", sheet_text(about, sheet));
  run_editor(file, held);
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (in.bad() || !in)
    throw CommandError(kExitFailed, "what the editor left cannot be read; nothing is changed");
  Diagnostics found;
  const auto after = parse_sheet(text, "secrets", found);
  wipe(text);
  if (!after) {
    std::string problems;
    for (const Diagnostic& one : found.all()) problems += to_string(one) + "\n";
    throw CommandError(kExitUsage, problems + "nothing is changed");
  }
  SheetChanges changes = changes_of(sheet, *after);
  if (changes.none()) return std::nullopt;
  return changes;
}

std::string told(const SheetChanges& changes) {
  std::vector<std::string> words;
  for (const auto& [key, value] : changes.set) words.push_back(key + " set");
  for (const std::string& key : changes.removed) words.push_back(key + " removed");
  return join_words(words);
}

std::vector<std::string> about_lines(const std::string& where) {
  return {where, "KEY = \"value\", one a line; between ''' and ''' a value may have several lines.",
          "Take a line out to remove the secret. Leave everything as it is to change nothing."};
}

int edit_in_git(const Context& context, const SecretsEditOptions& options) {
  const JobName job(options.job);
  const std::optional<Bucket> bucket = maybe_bucket(context);
  JobSecrets secrets(job);
  const std::unique_ptr<SecretOpener> opener = opener_of(bucket);
  SecretSheet sheet;
  for (const auto& [key, sealed] : secrets.sealed()) {
    const RevealedSecret opened = opener ? opener->open(job, key, sealed) : RevealedSecret{};
    if (opened.state == RevealedSecret::State::kOpened && is_sheet_text(opened.text)) {
      sheet.values[key] = opened.text;
    } else {
      sheet.hidden.push_back(key);
    }
  }
  const std::vector<std::string> recipients = secrets.recipients(bucket);
  const auto changes = edited(bucket ? bucket->secrets() : fs::path(),
                              about_lines("Secrets of job " + options.job + ", in git."), sheet);
  if (!changes) {
    std::cerr << "Nothing is changed.\n";
    return kExitDone;
  }
  secrets.change(*changes, recipients);
  tell_git(context, secrets, told(*changes));
  return kExitDone;
}

int edit_stored(const Context& context, const SecretsEditOptions& options) {
  const Bucket bucket = open_bucket(context);
  const std::string ns = secrets_of(options.job);
  StoredSecrets store(bucket);
  SecretSheet sheet;
  const ValueSnapshotPtr now = store.values().snapshot();
  if (const auto found = now->namespaces.find(ns); found != now->namespaces.end()) {
    for (const auto& [key, stored] : *found->second) {
      if (stored.deleted || !is_secret_key(key)) continue;
      const RevealedSecret opened = store.values().reveal(stored);
      if (opened.state == RevealedSecret::State::kOpened && is_sheet_text(opened.text)) {
        sheet.values[key] = opened.text;
      } else {
        sheet.hidden.push_back(key);
      }
    }
  }
  const auto changes = edited(bucket.secrets(),
                              about_lines("Secrets of job " + options.job + ", stored on this host."), sheet);
  if (!changes) {
    std::cerr << "Nothing is changed.\n";
    return kExitDone;
  }
  std::vector<ValueChange> writes;
  for (const auto& [key, value] : changes->set)
    writes.push_back({ValueChange::Kind::kPutSecret, ns, key, value});
  for (const std::string& key : changes->removed) writes.push_back({ValueChange::Kind::kDelete, ns, key, ""});
  store.write(writes, "secrets edit --stored", options.job, told(*changes));
  tell_stored(context, store, ns, told(*changes));
  return kExitDone;
}

// ---- list -----------------------------------------------------------------------------

struct Listed {
  std::string job, key, place, state;
};

void list_git(const std::optional<Bucket>& bucket, const std::string& only, std::vector<Listed>& out) {
  const auto workspace = find_workspace(fs::current_path());
  if (!workspace) return;
  const std::unique_ptr<SecretOpener> opener = opener_of(bucket);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(*workspace / "jobs", error)) {
    const std::string name = entry.path().filename().string();
    if ((!only.empty() && name != only) || !is_job_name(name)) continue;
    if (!fs::exists(entry.path() / kSealedSecretsFile, error)) continue;
    const JobSecrets secrets{JobName(name)};
    for (const auto& [key, sealed] : secrets.sealed()) {
      if (!opener) {
        out.push_back({name, key, "git", "encrypted"});
        continue;
      }
      const RevealedSecret opened = opener->open(JobName(name), key, sealed);
      const bool opens = opened.state == RevealedSecret::State::kOpened;
      out.push_back({name, key, "git", opens ? "opens" : "locked: " + opened.problem});
    }
  }
}

void list_stored(const Bucket& bucket, const std::string& only, std::vector<Listed>& out) {
  const std::string prefix = secrets_of("");
  const std::unique_ptr<Values> values = open_values_readonly(bucket);
  const ValueSnapshotPtr now = values->snapshot();
  for (const auto& [ns, keys] : now->namespaces) {
    if (!ns.starts_with(prefix)) continue;
    const std::string job = ns.substr(prefix.size());
    if (!only.empty() && job != only) continue;
    for (const auto& [key, stored] : *keys) {
      if (stored.deleted) continue;
      const RevealedSecret opened = values->reveal(stored);
      const bool opens = opened.state == RevealedSecret::State::kOpened;
      out.push_back({job, key, "stored",
                     "version " + std::to_string(stored.version) + " of " + rfc3339(stored.written_at) +
                         (opens ? "" : ", locked: " + opened.problem)});
    }
  }
}

}  // namespace

int run_secrets_set(const Context& context, const SecretsSetOptions& options) {
  require_names(options.job, options.key);
  const std::string what = options.key + " of " + options.job;
  if (options.stored) {
    const Bucket bucket = open_bucket(context);
    std::string value = read_secret(options.file, what, kMaxValueBytes);
    StoredSecrets store(bucket);
    store.write({{ValueChange::Kind::kPutSecret, secrets_of(options.job), options.key, value}},
                "secrets set --stored", options.job, options.key);
    wipe(value);
    tell_stored(context, store, secrets_of(options.job), options.key + " set");
    return kExitDone;
  }
  const std::optional<Bucket> bucket = maybe_bucket(context);
  JobSecrets secrets{JobName(options.job)};
  const std::vector<std::string> recipients = secrets.recipients(bucket);
  std::string value = read_secret(options.file, what, kMaxGitSecretBytes);
  SheetChanges change{{{options.key, std::move(value)}}, {}};
  secrets.change(change, recipients);
  wipe(change.set.begin()->second);
  tell_git(context, secrets,
           options.key + " set, encrypted for " + std::to_string(recipients.size()) +
               (recipients.size() == 1 ? " key" : " keys"));
  return kExitDone;
}

int run_secrets_remove(const Context& context, const SecretsRemoveOptions& options) {
  require_names(options.job, options.key);
  if (options.stored) {
    const Bucket bucket = open_bucket(context);
    const std::string ns = secrets_of(options.job);
    StoredSecrets store(bucket);
    if (store.values().snapshot()->find(ns, options.key).found != Found::kValue)
      throw CommandError(kExitUsage,
                         ns + " has no " + quote(options.key) + "; `maand secrets list` shows what it has");
    store.write({{ValueChange::Kind::kDelete, ns, options.key, ""}}, "secrets remove --stored", options.job,
                options.key);
    tell_stored(context, store, ns, options.key + " removed");
    return kExitDone;
  }
  JobSecrets secrets{JobName(options.job)};
  if (!secrets.change({{}, {options.key}}, {}))
    throw CommandError(kExitUsage, secrets.path().string() + " has no " + quote(options.key) +
                                       "; --stored removes one of the control host's store");
  tell_git(context, secrets, options.key + " removed");
  return kExitDone;
}

int run_secrets_edit(const Context& context, const SecretsEditOptions& options) {
  require_names(options.job, "any");
  return options.stored ? edit_stored(context, options) : edit_in_git(context, options);
}

int run_secrets_list(const Context& context, const SecretsListOptions& options) {
  const std::optional<Bucket> bucket = maybe_bucket(context);
  if (!bucket && !find_workspace(fs::current_path()))
    throw CommandError(kExitUsage,
                       "there is neither a bucket nor a workspace here; go into a checkout, or name the "
                       "bucket with --bucket");
  std::vector<Listed> all;
  list_git(bucket, options.job, all);
  try {
    if (bucket) list_stored(*bucket, options.job, all);
  } catch (const StoreError& error) {
    throw CommandError(kExitFailed, error.what());
  }
  if (context.json) {
    std::vector<std::string> rows;
    for (const Listed& one : all)
      rows.push_back(JsonObject()
                         .text("job", one.job)
                         .text("key", one.key)
                         .text("place", one.place)
                         .text("state", one.state)
                         .str());
    std::cout << json_array(rows) << "\n";
    return kExitDone;
  }
  if (all.empty()) {
    std::cerr << "There are no secrets; `maand secrets set JOB KEY` sets one.\n";
    return kExitDone;
  }
  Table table({{"job"}, {"key"}, {"place"}, {"state", Column::Align::kLeft, true}});
  for (const Listed& one : all) table.row({one.job, one.key, one.place, one.state});
  std::cout << table.str(terminal_columns(), context.color);
  return kExitDone;
}

int run_secrets_rotate(const Context& context, const SecretsRotateOptions&) {
  constexpr std::chrono::seconds kPatience{10};
  const Bucket bucket = open_bucket(context);
  require_files(bucket, "`maand secrets rotate`", "set each secret again after putting a new key there");
  const std::shared_ptr<BucketLock> lock = lock_or_daemon(bucket);
  KeyRotation done;
  try {
    done = rotate_secret_key(bucket.secrets(), {kPatience});
  } catch (const StoreError& error) {
    throw CommandError(kExitFailed, std::string(error.what()) + "; nothing is lost: run it again");
  }
  if (!done.problem.empty()) throw CommandError(kExitFailed, done.problem);
  if (done.sealed_anew > 0)
    keep_order(bucket, "secrets rotate", "", std::to_string(done.sealed_anew) + " sealed anew");
  if (context.json) {
    std::cout << JsonObject()
                     .flag("done", true)
                     .number("sealed_anew", static_cast<std::int64_t>(done.sealed_anew))
                     .number("left_alone", static_cast<std::int64_t>(done.left_alone))
                     .str()
              << "\n";
  } else if (done.sealed_anew == 0 && done.left_alone == 0) {
    std::cout
        << "No secret is stored here, so there is nothing to rotate. Those of git have a key of their own.\n";
  } else {
    std::cout << done.sealed_anew << (done.sealed_anew == 1 ? " stored value is" : " stored values are")
              << " sealed with a new secrets/kv.key; back it up "
              << "(`maand backup`).\n";
  }
  if (done.left_alone == 0) return kExitDone;
  std::cerr << done.left_alone
            << " did not open with the key before either and are left as they are; set those "
            << "secrets again (`maand secrets list` shows them).\n";
  return kExitFailed;
}

int run_secrets_recipient(const Context& context, const SecretsRecipientOptions&) {
  const Bucket bucket = open_bucket(context);
  const std::vector<std::string> keys = own_recipients(bucket);
  if (context.json) {
    std::cout << JsonObject().texts("recipients", keys).str() << "\n";
    return kExitDone;
  }
  for (const std::string& one : keys) std::cout << one << "\n";
  return kExitDone;
}

}  // namespace maand
