#include "reconciler/store/key_rotation.h"

#include <unistd.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/core/ports.h"
#include "reconciler/core/secret_box.h"
#include "reconciler/store/healing_file.h"
#include "reconciler/store/sealing_key.h"

namespace maand {
namespace {

struct SealedRow {
  std::string ns;
  std::string key;
  std::int64_t version = 0;
};

// Collected first: a statement must not walk over rows that it changes.
std::vector<SealedRow> sealed_rows(SqlSession& session) {
  SqlStatement& select = session.prepared("SELECT namespace, key, version FROM versions WHERE secret = 1");
  std::vector<SealedRow> rows;
  while (select.step()) {
    Columns row(select);
    SealedRow sealed;
    sealed.ns = row.text();
    sealed.key = row.text();
    sealed.version = row.integer();
    rows.push_back(std::move(sealed));
  }
  select.reset();
  return rows;
}

void seal_anew(SqlSession& session, const SecretKey& now, const SecretKey& coming, KeyRotation& done) {
  SqlStatement& select =
      session.prepared("SELECT value FROM versions WHERE namespace = ? AND key = ? AND version = ?");
  SqlStatement& update =
      session.prepared("UPDATE versions SET value = ? WHERE namespace = ? AND key = ? AND version = ?");
  for (const SealedRow& row : sealed_rows(session)) {
    select.reset();
    Bindings(select).text(row.ns).text(row.key).integer(row.version);
    select.step();
    Opened before = unseal(now, Columns(select).text());
    if (before.problem) {
      ++done.left_alone;
      continue;
    }
    update.reset();
    Bindings(update)
        .text(seal(coming, fresh_nonce(), before.plaintext))
        .text(row.ns)
        .text(row.key)
        .integer(row.version);
    update.exec();
    wipe(before.plaintext);
    ++done.sealed_anew;
  }
  select.reset();
  update.reset();
}

// The old sealed texts are of no use any more, and need not lie about.
void sweep(HealingFile& kv) { kv.pragma("PRAGMA wal_checkpoint(TRUNCATE)"); }

}  // namespace

KeyRotation rotate_secret_key(const std::filesystem::path& secrets_directory, const KvStoreOptions& options) {
  const std::filesystem::path key_path = secrets_directory / kSecretKeyFile;
  const std::filesystem::path next = next_key_path(key_path);
  KeyRotation done;
  if (!identity_of(secrets_directory / kKvFile)) return done;
  HealingFile kv(secrets_directory / kKvFile, kv_schema(), options.busy_timeout, false);
  kv.pragma("PRAGMA secure_delete = ON");
  kv.write([&](SqlSession& session) {
    if (!anything_sealed(session)) return;
    const SecretKeyFile now = settled_key(key_path, key_check(session));
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
    seal_anew(session, *now.key, *coming.key, done);
    put_key_check(session, *coming.key);
  });
  if (!done.problem.empty() || done.sealed_anew + done.left_alone == 0) return done;
  // Under the write lock again, so that nobody makes another key meanwhile.
  kv.write([&](SqlSession& session) { settled_key(key_path, key_check(session)); });
  try {
    sweep(kv);
  } catch (const StoreError&) {
    // A reader is in the way; the log is emptied by a later checkpoint.
  }
  return done;
}

}  // namespace maand
