#include "reconciler/store/kv_store.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "reconciler/core/secret_box.h"
#include "reconciler/core/text.h"
#include "reconciler/store/healing_file.h"
#include "reconciler/store/sealing_key.h"
#include "reconciler/store/secret_key.h"
#include "reconciler/store/session_stores.h"
#include "reconciler/store/sql_session.h"

namespace maand {
namespace {

// The inner select is answered by the primary key's index alone, so that old
// versions cost little; SQLite takes the rowid from the row that holds the maximum.
constexpr const char* kNewestInSqlite =
    "SELECT all_of.namespace, all_of.key, all_of.version, all_of.value, all_of.deleted, all_of.secret,"
    " all_of.written_at_ns"
    " FROM (SELECT rowid AS id, max(version) FROM versions GROUP BY namespace, key) AS newest"
    " CROSS JOIN versions AS all_of ON all_of.rowid = newest.id";
constexpr const char* kNewestInPostgres =
    "SELECT namespace, key, version, value, deleted, secret, written_at_ns FROM versions"
    " JOIN (SELECT namespace, key, max(version) AS version FROM versions GROUP BY namespace, key) AS newest"
    " USING (namespace, key, version) ORDER BY namespace";

constexpr const char* kTrimInSqlite =
    "WITH newest AS (SELECT namespace, key, max(version) AS version, deleted, written_at_ns"
    "                FROM versions GROUP BY namespace, key)"
    " DELETE FROM versions WHERE rowid IN"
    " (SELECT old.rowid FROM versions AS old JOIN newest USING (namespace, key)"
    "  WHERE newest.written_at_ns < ? AND (newest.deleted OR old.version < newest.version - ?))";
constexpr const char* kTrimInPostgres =
    "WITH newest AS (SELECT DISTINCT ON (namespace, key) namespace, key, version, deleted, written_at_ns"
    "                FROM versions ORDER BY namespace, key, version DESC)"
    " DELETE FROM versions AS old USING newest"
    " WHERE old.namespace = newest.namespace AND old.key = newest.key AND newest.written_at_ns < ?"
    "  AND (newest.deleted = 1 OR old.version < newest.version - ?)";

StoredValue stored_in(Columns& row) {
  StoredValue stored;
  stored.version = row.integer();
  stored.value = row.text();
  stored.deleted = row.flag();
  stored.secret = row.flag();
  stored.written_at = wall_from_ns(row.integer());
  return stored;
}

// The newest version of every key, as of the transaction the caller is in.
std::shared_ptr<ValueSnapshot> read_newest(SqlSession& session) {
  auto snapshot = std::make_shared<ValueSnapshot>();
  SqlStatement& revision = session.prepared("SELECT revision FROM store WHERE id = 1");
  if (!revision.step())
    throw StoreError("the store of variables lacks its own row; restore a backup: maand restore");
  snapshot->revision = static_cast<std::uint64_t>(Columns(revision).integer());
  revision.reset();

  SqlStatement& select =
      session.prepared(session.dialect() == SqlDialect::kSqlite ? kNewestInSqlite : kNewestInPostgres);
  std::map<std::string, std::shared_ptr<NamespaceValues>, std::less<>> namespaces;
  auto current = namespaces.end();  // keys of one namespace follow one another
  while (select.step()) {
    Columns row(select);
    std::string ns = row.text();
    if (current == namespaces.end() || current->first != ns) {
      current = namespaces.try_emplace(std::move(ns)).first;
      if (!current->second) current->second = std::make_shared<NamespaceValues>();
    }
    std::string key = row.text();
    add_loaded(*snapshot, *current->second, std::move(key), stored_in(row));
  }
  for (auto& [ns, values] : namespaces)
    snapshot->namespaces.emplace_hint(snapshot->namespaces.end(), ns, std::move(values));
  select.reset();
  return snapshot;
}

void insert_versions(SqlSession& session, const std::vector<NewVersion>& versions) {
  SqlStatement& insert = session.prepared(
      "INSERT INTO versions (namespace, key, version, value, deleted, secret, written_at_ns)"
      " VALUES (?, ?, ?, ?, ?, ?, ?)");
  for (const NewVersion& made : versions) {
    insert.reset();
    Bindings row(insert);
    row.text(made.ns).text(made.key).integer(made.stored.version).text(made.stored.value);
    row.flag(made.stored.deleted).flag(made.stored.secret).integer(ns_of(made.stored.written_at));
    insert.exec();
  }
  SqlStatement& forget =
      session.prepared("DELETE FROM versions WHERE namespace = ? AND key = ? AND version <= ?");
  for (const NewVersion& made : versions) {
    if (made.stored.version <= kMostVersions) continue;
    forget.reset();
    Bindings(forget).text(made.ns).text(made.key).integer(made.stored.version - kMostVersions);
    forget.exec();
  }
}

class KvStore : public Values {
 public:
  KvStore(std::unique_ptr<HealingSession> session, std::filesystem::path key_path)
      : key_path_(std::move(key_path)), session_(std::move(session)) {
    KvStore::snapshot();  // a problem is told at start, not when a hook wants a variable
  }

  ValueSnapshotPtr snapshot() override {
    const std::lock_guard lock(mutex_);
    if (session_->nothing_there()) return std::make_shared<const ValueSnapshot>();
    return session_->read([this](SqlSession& session) {
      if (!is_current(session)) {
        SqlTransaction moment(session, SqlTransaction::Kind::kMoment);
        refresh(session);
      }
      return snapshot_;
    });
  }

  ValueWrite write(const std::vector<ValueChange>& changes, WallTime now) override {
    if (std::optional<ValueWrite> refused = refusal_of(changes)) return *std::move(refused);
    const std::lock_guard lock(mutex_);
    ChangedValues changed = session_->write([&](SqlSession& session) {
      if (!is_current(session)) refresh(session);
      std::vector<ValueChange> sealed = changes;
      if (std::optional<ValueWrite> refused = seal_secrets(session, sealed)) {
        return ChangedValues{*std::move(refused), snapshot_, {}};
      }
      ChangedValues result = change_values(snapshot_, sealed, now);
      if (result.versions.empty()) return result;
      insert_versions(session, result.versions);
      SqlStatement& raise = session.prepared("UPDATE store SET revision = ? WHERE id = 1");
      Bindings(raise).integer(static_cast<std::int64_t>(result.after->revision));
      raise.exec();
      return result;
    });
    snapshot_ = std::move(changed.after);  // our own commits do not move commits_seen
    return std::move(changed.verdict);
  }

  std::vector<StoredValue> history(std::string_view ns, std::string_view key) override {
    const std::lock_guard lock(mutex_);
    if (session_->nothing_there()) return {};
    return session_->read([&](SqlSession& session) {
      SqlStatement& select = session.prepared(
          "SELECT version, value, deleted, secret, written_at_ns FROM versions"
          " WHERE namespace = ? AND key = ? ORDER BY version DESC");
      Bindings(select).text(ns).text(key);
      std::vector<StoredValue> versions;
      while (select.step()) {
        Columns row(select);
        versions.push_back(stored_in(row));
      }
      select.reset();
      return versions;
    });
  }

  std::size_t trim(std::chrono::days retain, WallTime now) override {
    // Longer than the clock's range is for ever.
    const std::chrono::days kept = std::clamp(retain, std::chrono::days(0), std::chrono::days(36500));
    const std::lock_guard lock(mutex_);
    const int gone = session_->write([&](SqlSession& session) {
      SqlStatement& forget =
          session.prepared(session.dialect() == SqlDialect::kSqlite ? kTrimInSqlite : kTrimInPostgres);
      Bindings(forget).integer(ns_of(now - kept)).integer(kTrimmedVersionsBehind);
      return forget.exec();
    });
    if (gone > 0) snapshot_ = nullptr;  // deleted keys may have gone with it
    return static_cast<std::size_t>(gone);
  }

  RevealedSecret reveal(const StoredValue& value) override {
    using State = RevealedSecret::State;
    if (!value.secret || value.deleted)
      return {State::kNotSecret, {}, "this value is no secret; read it as it is"};
    return reveal_sealed(key_path_, value.value);
  }

 private:
  // Whether snapshot_ is what is on disk: nothing was opened anew and nobody else committed.
  bool is_current(SqlSession& session) {
    return snapshot_ && opened_ == session_->opened() && commits_seen_ == session.commits_seen();
  }

  // Inside a transaction of the caller.
  void refresh(SqlSession& session) {
    snapshot_ = nullptr;
    std::shared_ptr<ValueSnapshot> fresh = read_newest(session);
    commits_seen_ = session.commits_seen();
    opened_ = session_->opened();
    snapshot_ = std::move(fresh);
  }

  // Seals what is to be secret, making the key when it is the first. Inside a transaction of the caller.
  std::optional<ValueWrite> seal_secrets(SqlSession& session, std::vector<ValueChange>& changes) {
    const auto is_secret = [](const ValueChange& change) {
      return change.kind == ValueChange::Kind::kPutSecret;
    };
    if (std::none_of(changes.begin(), changes.end(), is_secret)) return std::nullopt;
    const bool sealed_before = anything_sealed(session);
    SecretKeyFile read =
        sealed_before ? settled_key(key_path_, key_check(session)) : read_secret_key(key_path_);
    if (read.missing && !sealed_before) {
      create_secret_key(key_path_);
      read = read_secret_key(key_path_);
    }
    if (!read.key) return no_key(read.problem);
    if (!sealed_before) put_key_check(session, *read.key);
    for (ValueChange& change : changes) {
      if (!is_secret(change)) continue;
      std::string sealed = seal(*read.key, fresh_nonce(), change.value);
      wipe(change.value);
      change.value = std::move(sealed);
    }
    return std::nullopt;
  }

  static ValueWrite no_key(std::string problem) {
    ValueWrite refused;
    refused.refusal = ValueRefusal::kNoKey;
    refused.problem = std::move(problem);
    return refused;
  }

  const std::filesystem::path key_path_;
  std::mutex mutex_;  // guards what follows
  std::unique_ptr<HealingSession> session_;
  ValueSnapshotPtr snapshot_;  // null: to be read again
  std::uint64_t opened_ = 0;
  std::int64_t commits_seen_ = 0;
};

}  // namespace

std::unique_ptr<Values> values_over(std::unique_ptr<HealingSession> session, std::filesystem::path key_path) {
  return std::make_unique<KvStore>(std::move(session), std::move(key_path));
}

std::unique_ptr<Values> open_kv_store(const std::filesystem::path& secrets_directory,
                                      const KvStoreOptions& options) {
  return values_over(
      std::make_unique<HealingFile>(secrets_directory / kKvFile, kv_schema(), options.busy_timeout, false),
      secrets_directory / kSecretKeyFile);
}

std::unique_ptr<Values> open_kv_store_readonly(const std::filesystem::path& secrets_directory,
                                               const KvStoreOptions& options) {
  return values_over(
      std::make_unique<HealingFile>(secrets_directory / kKvFile, kv_schema(), options.busy_timeout, true),
      secrets_directory / kSecretKeyFile);
}

}  // namespace maand
