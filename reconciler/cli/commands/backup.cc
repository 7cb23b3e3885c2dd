#include "reconciler/cli/commands/backup.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "reconciler/app/recovery.h"
#include "reconciler/cli/actor.h"
#include "reconciler/cli/backup_contents.h"
#include "reconciler/cli/bucket.h"
#include "reconciler/cli/bucket_store.h"
#include "reconciler/cli/json_in.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/cli/replaced_file.h"
#include "reconciler/cli/restored_secrets.h"
#include "reconciler/cli/services.h"
#include "reconciler/core/status.h"
#include "reconciler/core/text.h"
#include "reconciler/store/database_copy.h"
#include "reconciler/store/kv_store.h"
#include "reconciler/store/state_store.h"

namespace maand {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLabel = "backup.json";
constexpr const char* kState = "state.db";
const fs::path kValues = kKvFile;

// A database has companions that mean nothing without it.
bool is_companion(const fs::path& name) {
  const std::string text = name.string();
  return text.ends_with("-wal") || text.ends_with("-shm") || text.ends_with("-journal");
}

void copy_secrets(const fs::path& from, const fs::path& to) {
  fs::create_directory(to);
  fs::permissions(to, fs::perms::owner_all);
  // In this order: when the key is rotated meanwhile, the key of then and kv.key.previous open these values.
  if (fs::exists(from / kValues)) copy_database(from / kValues, to / kValues);
  if (fs::exists(from / kSecretKeyFile)) fs::copy_file(from / kSecretKeyFile, to / kSecretKeyFile);
  for (const auto& entry : fs::recursive_directory_iterator(from)) {
    const fs::path name = fs::relative(entry.path(), from);
    if (entry.is_directory()) {
      fs::create_directories(to / name);
      fs::permissions(to / name, fs::perms::owner_all);
    } else if (name == kValues || name == kSecretKeyFile) {
      continue;
    } else if (entry.is_regular_file() && !is_companion(name)) {
      fs::copy_file(entry.path(), to / name);
    }
  }
}

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// Whole or not at all: under its own name only once everything is there.
void write_backup(const Bucket& bucket, const fs::path& directory, const std::string& at) {
  fs::path partial = directory;
  partial += ".partial";
  fs::remove_all(partial);
  fs::create_directories(partial);
  fs::permissions(partial, fs::perms::owner_all);
  copy_database(bucket.store(), partial / kState);
  copy_secrets(bucket.secrets(), partial / "secrets");
  fs::copy_file(bucket.directory / "maand.conf", partial / "maand.conf");
  replace_file(partial / kLabel, JsonObject()
                                         .text("bucket_id", bucket.config.bucket_id.str())
                                         .text("name", bucket.config.name)
                                         .text("made_at", at)
                                         .raw("files", backup_contents(partial))
                                         .str() +
                                     "\n");
  fs::rename(partial, directory);
}

// The fence is up before the file has its name, so that no daemon ever meets it without.
void put_state_back(const fs::path& from, const fs::path& to, const std::string& made_at) {
  fs::path fresh = to;
  fresh += ".restored";
  fs::remove(fresh);
  copy_database(from, fresh);
  {
    const auto store = open_state_store(fresh);
    const auto now = std::chrono::system_clock::now();
    keep_authority(*store,
                   {Authority::Kind::kFenced, "the store was restored from a backup of " + made_at, now});
    store->audit({now, current_actor(), "restore", "", "a backup of " + made_at});
  }
  for (const char* companion : {"-wal", "-shm"}) {
    fs::path left = fresh;
    fs::remove(left += companion);
  }
  fs::path before = to;
  before += ".before-restore";
  if (fs::exists(to)) fs::rename(to, before);
  for (const char* companion : {"-wal", "-shm"}) {
    fs::path left = to;
    left += companion;
    fs::path kept = before;
    kept += companion;
    if (fs::exists(left)) fs::rename(left, kept);
  }
  fs::rename(fresh, to);
}

}  // namespace

int run_backup(const Context& context, const BackupOptions& options) {
  const Bucket bucket = open_bucket(context);
  require_files(bucket, "`maand backup`",
                "back the database up with pg_dump, and maand.conf and secrets/ with it");
  const fs::path directory = fs::absolute(options.directory);
  if (fs::exists(directory))
    throw CommandError(kExitUsage, directory.string() + " exists already; name a directory that does not");
  if (!fs::exists(bucket.store()))
    throw CommandError(kExitUsage,
                       "there is no " + bucket.store().string() + " yet, so there is nothing to back up");
  const std::string at = rfc3339(std::chrono::system_clock::now());
  try {
    write_backup(bucket, directory, at);
  } catch (const std::exception& error) {
    throw CommandError(kExitFailed, std::string("the backup was not made: ") + error.what());
  }
  if (context.json) {
    std::cout << JsonObject().text("directory", directory.string()).text("made_at", at).str() << "\n";
  } else {
    std::cout << directory.string() << " holds the state, the variables and the secrets of this bucket.\n"
              << "Whoever can read it can log in to the workers.\n";
  }
  return kExitDone;
}

int run_restore(const Context& context, const RestoreOptions& options) {
  const Bucket bucket = open_bucket(context);
  require_files(bucket, "`maand restore`",
                "restore the database with pg_restore, start the daemon and say `maand takeover`");
  const fs::path directory = fs::absolute(options.directory);
  const auto label = read_json(text_of(directory / kLabel));
  if (!label || (list_at(*label, "files").empty() && !fs::exists(directory / kState)))
    throw CommandError(kExitUsage, directory.string() + " is no backup that `maand backup` made");
  const std::string id = text_at(*label, "bucket_id");
  if (id != bucket.config.bucket_id.str()) {
    throw CommandError(kExitUsage, "the backup is of bucket " + quote(id) + ", this one is " +
                                       quote(bucket.config.bucket_id.str()));
  }
  if (const std::string damage = damage_of_backup(directory, *label); !damage.empty())
    throw CommandError(kExitFailed, "the backup in " + directory.string() + " is damaged: " + damage +
                                        "; nothing was restored, take another backup");
  const auto lock = Services::take_lock(bucket);
  const std::string made_at = text_at(*label, "made_at");
  RestoredSecrets secrets;
  try {
    put_state_back(directory / kState, bucket.store(), made_at);
    secrets = restore_secrets(directory / "secrets", bucket.secrets());
  } catch (const std::exception& error) {
    throw CommandError(kExitFailed, std::string("the backup was not restored: ") + error.what());
  }
  if (context.json) {
    std::cout << JsonObject()
                     .text("made_at", made_at)
                     .number("secrets", static_cast<std::int64_t>(secrets.files))
                     .texts("moved_aside", secrets.moved)
                     .str()
              << "\n";
  } else {
    std::cout
        << "The state is that of " << made_at << "; " << secrets.files << " missing secrets are back.\n"
        << "Nothing is done to workers until `maand takeover`; start the daemon, look at `maand plan`, then "
           "give it.\n";
  }
  if (!secrets.moved.empty() && !context.json)
    std::cout
        << "kv.key and kv.db belong together and are both the backup's now, for what was here did not fit. "
           "It is kept: "
        << join_words(secrets.moved) << "\n";
  if (!secrets.warning.empty()) std::cerr << "warning: " << printable(secrets.warning, 400) << "\n";
  return kExitDone;
}

}  // namespace maand
