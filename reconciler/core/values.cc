#include "reconciler/core/values.h"

#include <utility>

#include "reconciler/core/text.h"

namespace maand {
namespace {

// Namespaces whose values are sealed, all of them (6.6).
constexpr std::string_view kSecretNamespaces = "secrets/";

std::optional<std::string> name_problem(std::string_view what, std::string_view name) {
  if (name.empty()) return "the " + std::string(what) + " is empty; name one";
  if (name.size() > kMaxValueNameBytes) {
    return "the " + std::string(what) + " " + quote(name) + " has " + std::to_string(name.size()) +
           " bytes, more than " + std::to_string(kMaxValueNameBytes) + "; use a shorter one";
  }
  // printable() leaves alone what may be shown and rewrites everything else.
  if (printable(name, 4 * name.size() + 8) != name) {
    return "the " + std::string(what) + " " + quote(name) +
           " is not printable UTF-8; use text without control characters";
  }
  return std::nullopt;
}

std::string where(const ValueChange& change) { return quote(change.key) + " of " + quote(change.ns); }

ValueWrite refused(ValueRefusal refusal, std::string problem) {
  ValueWrite verdict;
  verdict.refusal = refusal;
  verdict.problem = std::move(problem);
  return verdict;
}

std::size_t cost(std::string_view key, const StoredValue& stored) { return key.size() + stored.value.size(); }

// The next version of a key, or nullopt when the change leaves it as it is.
std::optional<StoredValue> next_version(const StoredValue* before, const ValueChange& change, WallTime now) {
  StoredValue next;
  next.version = before ? before->version + 1 : 1;
  next.written_at = now;
  switch (change.kind) {
    case ValueChange::Kind::kDelete:
      next.deleted = true;
      break;
    case ValueChange::Kind::kPutSecret:
      next.value = change.value;
      next.secret = true;
      break;
    case ValueChange::Kind::kPut:
      next.value = std::string(trim(change.value));
      if (before && !before->deleted && !before->secret && before->value == next.value) return std::nullopt;
      break;
  }
  return next;
}

// A snapshot in the making: namespaces are copied when they are changed first.
class Draft {
 public:
  explicit Draft(const ValueSnapshot& before) : snapshot_(std::make_shared<ValueSnapshot>(before)) {}

  const NamespaceValues* values(std::string_view ns) const {
    const auto it = snapshot_->namespaces.find(ns);
    return it == snapshot_->namespaces.end() ? nullptr : it->second.get();
  }

  void put(const std::string& ns, const std::string& key, const StoredValue& stored) {
    NamespaceValues& values = mutable_values(ns);
    const auto [it, fresh] = values.try_emplace(key);
    if (fresh) {
      ++snapshot_->keys;
    } else {
      snapshot_->stored_bytes -= cost(key, it->second);
    }
    it->second = stored;
    snapshot_->stored_bytes += cost(key, stored);
  }

  std::shared_ptr<ValueSnapshot> snapshot() { return snapshot_; }

 private:
  NamespaceValues& mutable_values(const std::string& ns) {
    NamespaceValues*& own = own_[ns];
    if (!own) {
      const NamespaceValues* const shared = values(ns);
      auto copy = shared ? std::make_shared<NamespaceValues>(*shared) : std::make_shared<NamespaceValues>();
      own = copy.get();
      snapshot_->namespaces[ns] = std::move(copy);
    }
    return *own;
  }

  std::shared_ptr<ValueSnapshot> snapshot_;
  std::map<std::string, NamespaceValues*> own_;
};

}  // namespace

ValueLookup ValueSnapshot::find(std::string_view ns, std::string_view key) const {
  const auto values = namespaces.find(ns);
  if (values == namespaces.end()) return {Found::kNoNamespace, nullptr};
  const auto stored = values->second->find(key);
  if (stored == values->second->end() || stored->second.deleted) return {Found::kNoKey, nullptr};
  return {Found::kValue, &stored->second};
}

std::optional<ValueWrite> refusal_of(const std::vector<ValueChange>& changes) {
  for (const ValueChange& change : changes) {
    for (const auto& problem : {name_problem("namespace", change.ns), name_problem("key", change.key)}) {
      if (problem) return refused(ValueRefusal::kBadName, *problem);
    }
    if (change.kind == ValueChange::Kind::kDelete) continue;
    if (change.value.size() > kMaxValueBytes) {
      return refused(ValueRefusal::kTooLarge, "the value for " + where(change) + " has " +
                                                  std::to_string(change.value.size()) + " bytes, more than " +
                                                  std::to_string(kMaxValueBytes) +
                                                  "; ship large content as a file of the job");
    }
    if (change.kind == ValueChange::Kind::kPut &&
        std::string_view(change.ns).starts_with(kSecretNamespaces)) {
      return refused(ValueRefusal::kNotSecret, "the plain value for " + where(change) +
                                                   " would lie unsealed among secrets; write it as a secret");
    }
  }
  return std::nullopt;
}

ChangedValues change_values(const ValueSnapshotPtr& before, const std::vector<ValueChange>& changes,
                            WallTime now) {
  ChangedValues result;
  result.after = before;
  Draft draft(*before);
  bool readable = false;
  for (const ValueChange& change : changes) {
    const NamespaceValues* const values = draft.values(change.ns);
    const auto it = values ? values->find(change.key) : NamespaceValues::const_iterator();
    const StoredValue* const known = values && it != values->end() ? &it->second : nullptr;
    if (change.kind == ValueChange::Kind::kDelete && !known) {
      result.verdict.effects.push_back(values ? ValueEffect::kNoKey : ValueEffect::kNoNamespace);
      continue;
    }
    std::optional<StoredValue> next = next_version(known, change, now);
    if (!next) {
      result.verdict.effects.push_back(ValueEffect::kUnchanged);
      continue;
    }
    // A key that is deleted once more counts on (6.2), and nobody can read a difference.
    readable = readable || !(next->deleted && known->deleted);
    draft.put(change.ns, change.key, *next);
    result.versions.push_back({change.ns, change.key, std::move(*next)});
    result.verdict.effects.push_back(ValueEffect::kWritten);
  }
  if (result.versions.empty()) return result;

  const std::shared_ptr<ValueSnapshot> after = draft.snapshot();
  // What makes the store smaller is never refused: it is the way out.
  const bool too_many = after->keys > kMaxStoredKeys && after->keys > before->keys;
  const bool too_much = after->stored_bytes > kMaxStoredBytes && after->stored_bytes > before->stored_bytes;
  if (too_many || too_much) {
    ChangedValues full;
    full.after = before;
    full.verdict = refused(ValueRefusal::kFull,
                           "the store of variables is full (" + std::to_string(before->keys) + " keys, " +
                               std::to_string(before->stored_bytes) + " bytes; at most " +
                               std::to_string(kMaxStoredKeys) + " and " + std::to_string(kMaxStoredBytes) +
                               "); delete values that are not needed, then run `maand collect`");
    return full;
  }
  if (readable) ++after->revision;
  result.verdict.changed = readable;
  result.after = after;
  return result;
}

void add_loaded(ValueSnapshot& snapshot, NamespaceValues& values, std::string key, StoredValue stored) {
  ++snapshot.keys;
  snapshot.stored_bytes += cost(key, stored);
  // Keys come in order, as a rule: then the end is the right place, found without a search.
  values.emplace_hint(values.end(), std::move(key), std::move(stored));
}

}  // namespace maand
