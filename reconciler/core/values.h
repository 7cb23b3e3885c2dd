// The variables that are not in git: what hooks wrote, secrets, certificates.
// Everything else a template reads is derived from the commit and never stored.
//
// Here are the types, the rules of versions (workspace.md 6.2) as pure
// functions, and the port. The port knows neither who may read what nor which
// namespaces exist; today these are `vars/job/<job>` and `secrets/job/<job>`,
// and `certs/*` of `maand/job/<job>/worker/<ip>`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/applied.h"

namespace maand {

inline constexpr std::size_t kMaxValueNameBytes = 512;      // a namespace, or a key
inline constexpr std::size_t kMaxValueBytes = 1024 * 1024;  // one value, before it is sealed
inline constexpr std::size_t kMaxStoredBytes = 64u << 20;   // all newest values with their keys
inline constexpr std::size_t kMaxStoredKeys = 250'000;      // deleted ones that are not trimmed count
inline constexpr std::int64_t kTrimmedVersionsBehind = 7;   // 6.4: the newest and up to 7 before it stay
inline constexpr std::int64_t kMostVersions = 100;  // of a key that never rests long enough to be trimmed

// One version of one key.
struct StoredValue {
  std::string value;         // a secret: the sealed text (6.6); a deleted key: empty
  std::int64_t version = 0;  // from 1, rises with every change of the key
  WallTime written_at;
  bool deleted = false;
  bool secret = false;  // `value` is sealed; Values::reveal opens it
  friend bool operator==(const StoredValue&, const StoredValue&) = default;
};

using NamespaceValues =
    std::map<std::string, StoredValue, std::less<>>;  // key → newest version, deleted ones too

enum class Found { kValue, kNoKey, kNoNamespace };
struct ValueLookup {
  Found found = Found::kNoNamespace;
  const StoredValue* value = nullptr;  // owned by the snapshot; null unless kValue
};

// The newest version of everything. Immutable: shared by threads, and namespaces
// by successive snapshots, so that a write copies only the namespaces it changes.
struct ValueSnapshot {
  std::map<std::string, std::shared_ptr<const NamespaceValues>, std::less<>> namespaces;
  // Rises with every change that anybody could read; kept over restarts. A lost
  // file begins again at 0, so compare for equality.
  std::uint64_t revision = 0;
  std::size_t keys = 0;          // against kMaxStoredKeys
  std::size_t stored_bytes = 0;  // against kMaxStoredBytes

  // A deleted key is no key.
  ValueLookup find(std::string_view ns, std::string_view key) const;
};
using ValueSnapshotPtr = std::shared_ptr<const ValueSnapshot>;

struct ValueChange {
  enum class Kind {
    kPut,        // trims white space; an equal value makes no new version
    kPutSecret,  // kept byte by byte and sealed; always a new version
    kDelete,     // always a new version of a key that ever was
  };
  Kind kind = Kind::kPut;
  std::string ns;
  std::string key;
  std::string value;  // plain text also of a secret; ignored by kDelete
};

// What became of one change.
enum class ValueEffect { kWritten, kUnchanged, kNoKey, kNoNamespace };

enum class ValueRefusal {
  kNone,
  kBadName,    // empty, too long, or not printable UTF-8
  kTooLarge,   // the value
  kNotSecret,  // a plain value into a namespace of secrets, where it would lie in the clear
  kFull,       // the store would outgrow kMaxStoredBytes or kMaxStoredKeys
  kNoKey,      // the key of the secrets is missing or unusable; a person must act
};

// Changes are written all or, when one is refused, none.
struct ValueWrite {
  bool changed = false;              // the revision rose
  std::vector<ValueEffect> effects;  // one per change; empty when refused
  ValueRefusal refusal = ValueRefusal::kNone;
  std::string problem;  // what is wrong and what to do; never a value
};

struct RevealedSecret {
  enum class State { kOpened, kNotSecret, kNoKey, kWrongKeyOrDamaged, kBadFormat };
  State state = State::kBadFormat;
  std::string text;     // kOpened
  std::string problem;  // otherwise: what is wrong and what to do
};

// The port. Thread-safe. Throws StoreError when the disk fails (R7.4); whatever
// a caller can have got wrong is a value. Implementations: store/kv_store and
// tests/support/fake_values, both under tests/contract/values_contract.h.
class Values {
 public:
  virtual ~Values() = default;
  // The same pointer as long as nothing changed, at a cost that does not depend on the amount.
  virtual ValueSnapshotPtr snapshot() = 0;
  // One transaction, durable when it returns. `now` becomes written_at.
  virtual ValueWrite write(const std::vector<ValueChange>& changes, WallTime now) = 0;
  // Every version that is still kept, newest first. Empty: no such key.
  virtual std::vector<StoredValue> history(std::string_view ns, std::string_view key) = 0;
  // Of every key whose newest version was written longer than `retain` ago: all
  // versions when it is deleted, else those more than kTrimmedVersionsBehind
  // behind (6.4). Returns how many versions went. A negative `retain` is 0.
  virtual std::size_t trim(std::chrono::days retain, WallTime now) = 0;
  virtual RevealedSecret reveal(const StoredValue& value) = 0;
};

// ---- The rules, for implementations -------------------------------------------------

// Why these changes can never be written, to be asked before secrets are sealed. nullopt: nothing against
// them.
std::optional<ValueWrite> refusal_of(const std::vector<ValueChange>& changes);

struct NewVersion {
  std::string ns;
  std::string key;
  StoredValue stored;
};

struct ChangedValues {
  ValueWrite verdict;
  ValueSnapshotPtr after;            // `before` itself when no version is new
  std::vector<NewVersion> versions;  // in the order they were made
};

// What `changes` make of `before` (6.2). Secrets come sealed. The changes have passed refusal_of.
ChangedValues change_values(const ValueSnapshotPtr& before, const std::vector<ValueChange>& changes,
                            WallTime now);

// Adds a newest version that was read from disk and counts it.
void add_loaded(ValueSnapshot& snapshot, NamespaceValues& values, std::string key, StoredValue stored);

}  // namespace maand
