#include "reconciler/store/key_rotation.h"

#include <unistd.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "reconciler/core/ports.h"
#include "reconciler/core/secret_box.h"
#include "reconciler/store/healing_file.h"
#include "reconciler/store/sealing_key.h"

namespace maand {
namespace {

// Collected first: a statement must not walk over rows that it changes.
std::vector<std::int64_t> sealed_rows(SqliteFile& file) {
  SQLite::Statement& select = file.prepared("SELECT rowid FROM versions WHERE secret = 1");
  std::vector<std::int64_t> rows;
  while (select.executeStep()) rows.push_back(Columns(select).integer());
  select.reset();
  return rows;
}

void seal_anew(SqliteFile& file, const SecretKey& now, const SecretKey& coming, KeyRotation& done) {
  SQLite::Statement& select = file.prepared("SELECT value FROM versions WHERE rowid = ?");
  SQLite::Statement& update = file.prepared("UPDATE versions SET value = ? WHERE rowid = ?");
  for (const std::int64_t row : sealed_rows(file)) {
    select.reset();
    Bindings(select).integer(row);
    select.executeStep();
    Opened before = unseal(now, Columns(select).text());
    if (before.problem) {
      ++done.left_alone;
      continue;
    }
    update.reset();
    Bindings(update).text(seal(coming, fresh_nonce(), before.plaintext)).integer(row);
    update.exec();
    wipe(before.plaintext);
    ++done.sealed_anew;
  }
  select.reset();
  update.reset();
}

// The old sealed texts are of no use any more, and need not lie about.
void sweep(SqliteFile& file) { file.database().exec("PRAGMA wal_checkpoint(TRUNCATE)"); }

}  // namespace

KeyRotation rotate_secret_key(const std::filesystem::path& secrets_directory, const KvStoreOptions& options) {
  const std::filesystem::path key_path = secrets_directory / kSecretKeyFile;
  const std::filesystem::path next = next_key_path(key_path);
  KeyRotation done;
  if (!identity_of(secrets_directory / kKvFile)) return done;
  HealingFile kv(secrets_directory / kKvFile, kv_schema(), options.busy_timeout, false);
  kv.read([](SqliteFile& file) { file.database().exec("PRAGMA secure_delete = ON"); });
  kv.write([&](SqliteFile& file) {
    if (!anything_sealed(file)) return;
    const SecretKeyFile now = settled_key(key_path, key_check(file));
    if (!now.key) {
      done.problem = now.problem;
      return;
    }
    ::unlink(next.c_str());
    create_secret_key(next);
    const SecretKeyFile coming = read_secret_key(next);
    if (!coming.key) throw StoreError("the key that was just made cannot be read: " + coming.problem);
    // Before the values: an unfinished rotation loses no more than this file, which only helps.
    write_previous_key(key_path, *coming.key, *now.key);
    seal_anew(file, *now.key, *coming.key, done);
    put_key_check(file, *coming.key);
  });
  if (!done.problem.empty() || done.sealed_anew + done.left_alone == 0) return done;
  // Under the write lock again, so that nobody makes another key meanwhile.
  kv.write([&](SqliteFile& file) { settled_key(key_path, key_check(file)); });
  try {
    kv.read(sweep);
  } catch (const StoreError&) {
    // A reader is in the way; the log is emptied by a later checkpoint.
  }
  return done;
}

}  // namespace maand
