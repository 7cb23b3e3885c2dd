#include "tests/support/fake_values.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "reconciler/core/ports.h"

namespace maand {
namespace {

SecretKey key_of(std::uint8_t byte) {
  std::array<std::uint8_t, kSecretKeyBytes> bytes;
  bytes.fill(byte);
  return SecretKey(bytes);
}

std::string name_of(ValueChange::Kind kind) {
  switch (kind) {
    case ValueChange::Kind::kPut:
      return "put";
    case ValueChange::Kind::kPutSecret:
      return "put_secret";
    case ValueChange::Kind::kDelete:
      return "delete";
  }
  return "?";
}

}  // namespace

FakeValues::FakeValues()
    : snapshot_(std::make_shared<const ValueSnapshot>()), right_(key_of(1)), other_(key_of(2)) {}

void FakeValues::fail_next() {
  const std::lock_guard lock(mutex_);
  fail_ = true;
}

void FakeValues::set_key(Key key) {
  const std::lock_guard lock(mutex_);
  key_ = key;
}

std::vector<std::string> FakeValues::calls() {
  const std::lock_guard lock(mutex_);
  return calls_;
}

void FakeValues::fail_if_told() {
  if (std::exchange(fail_, false)) throw StoreError("told to fail");
}

bool FakeValues::anything_sealed() const {
  return std::any_of(versions_.begin(), versions_.end(), [](const auto& entry) {
    return std::any_of(entry.second.begin(), entry.second.end(), [](const auto& one) { return one.secret; });
  });
}

ValueSnapshotPtr FakeValues::snapshot() {
  const std::lock_guard lock(mutex_);
  fail_if_told();
  return snapshot_;
}

ValueWrite FakeValues::write(const std::vector<ValueChange>& changes, WallTime now) {
  if (std::optional<ValueWrite> refused = refusal_of(changes)) return *std::move(refused);
  const std::lock_guard lock(mutex_);
  for (const ValueChange& change : changes)
    calls_.push_back(name_of(change.kind) + " " + change.ns + " " + change.key);
  fail_if_told();
  std::vector<ValueChange> sealed = changes;
  for (ValueChange& change : sealed) {
    if (change.kind != ValueChange::Kind::kPutSecret) continue;
    if (key_ == Key::kMissing && !anything_sealed()) key_ = Key::kRight;  // a new one is made
    if (key_ != Key::kRight) {
      ValueWrite refused;
      refused.refusal = ValueRefusal::kNoKey;
      refused.problem = "told to have no usable key";
      return refused;
    }
    SecretNonce nonce{};
    ++next_nonce_;
    std::memcpy(nonce.data(), &next_nonce_, sizeof next_nonce_);
    change.value = seal(right_, nonce, change.value);
  }
  ChangedValues changed = change_values(snapshot_, sealed, now);
  for (NewVersion& made : changed.versions) {
    std::vector<StoredValue>& all = versions_[{made.ns, made.key}];
    all.push_back(std::move(made.stored));
    if (all.back().version - all.front().version >= kMostVersions) all.erase(all.begin());
  }
  snapshot_ = changed.after;
  return changed.verdict;
}

std::vector<StoredValue> FakeValues::history(std::string_view ns, std::string_view key) {
  const std::lock_guard lock(mutex_);
  fail_if_told();
  const auto it = versions_.find({std::string(ns), std::string(key)});
  if (it == versions_.end()) return {};
  return {it->second.rbegin(), it->second.rend()};
}

ValueSnapshotPtr FakeValues::newest_of(const Versions& versions) const {
  auto snapshot = std::make_shared<ValueSnapshot>();
  snapshot->revision = snapshot_->revision;
  std::map<std::string, std::shared_ptr<NamespaceValues>> namespaces;
  for (const auto& [name, all] : versions) {
    std::shared_ptr<NamespaceValues>& values = namespaces[name.first];
    if (!values) values = std::make_shared<NamespaceValues>();
    add_loaded(*snapshot, *values, name.second, all.back());
  }
  for (auto& [ns, values] : namespaces) snapshot->namespaces[ns] = std::move(values);
  return snapshot;
}

std::size_t FakeValues::trim(std::chrono::days retain, WallTime now) {
  const std::lock_guard lock(mutex_);
  fail_if_told();
  const WallTime before = now - std::clamp(retain, std::chrono::days(0), std::chrono::days(36500));
  std::size_t gone = 0;
  for (auto it = versions_.begin(); it != versions_.end();) {
    std::vector<StoredValue>& all = it->second;
    const std::size_t had = all.size();
    if (all.back().written_at < before && all.back().deleted) {
      gone += had;
      it = versions_.erase(it);
      continue;
    }
    if (all.back().written_at < before) {
      const std::int64_t oldest = all.back().version - kTrimmedVersionsBehind;
      std::erase_if(all, [&](const StoredValue& one) { return one.version < oldest; });
      gone += had - all.size();
    }
    ++it;
  }
  if (gone > 0) snapshot_ = newest_of(versions_);
  return gone;
}

RevealedSecret FakeValues::reveal(const StoredValue& value) {
  using State = RevealedSecret::State;
  const std::lock_guard lock(mutex_);
  if (!value.secret || value.deleted) return {State::kNotSecret, {}, "this value is no secret"};
  if (key_ == Key::kMissing) return {State::kNoKey, {}, "told to have no key"};
  Opened opened = unseal(key_ == Key::kRight ? right_ : other_, value.value);
  if (!opened.problem) return {State::kOpened, std::move(opened.plaintext), {}};
  if (*opened.problem == SealProblem::kWrongKeyOrDamaged)
    return {State::kWrongKeyOrDamaged, {}, "the secret does not open with the key that is there"};
  return {State::kBadFormat, {}, "what is stored is no sealed secret"};
}

}  // namespace maand
