// The variables in memory, under the rules of core/values.h. Its secrets are
// really sealed, with a key everybody knows. Passes
// tests/contract/values_contract.h like the real one.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/core/secret_box.h"
#include "reconciler/core/values.h"

namespace maand {

class FakeValues : public Values {
 public:
  FakeValues();

  // The next call that reads or writes throws StoreError, and a write leaves nothing behind.
  void fail_next();
  // The key file is gone, is back, or is another one.
  enum class Key { kRight, kMissing, kOther };
  void set_key(Key key);

  // Every write that was asked for, in order: `put vars/job/api greeting`, `put_secret …`, `delete …`.
  std::vector<std::string> calls();

  ValueSnapshotPtr snapshot() override;
  ValueWrite write(const std::vector<ValueChange>& changes, WallTime now) override;
  std::vector<StoredValue> history(std::string_view ns, std::string_view key) override;
  std::size_t trim(std::chrono::days retain, WallTime now) override;
  RevealedSecret reveal(const StoredValue& value) override;

 private:
  using Versions = std::map<std::pair<std::string, std::string>, std::vector<StoredValue>>;  // oldest first

  void fail_if_told();
  bool anything_sealed() const;
  ValueSnapshotPtr newest_of(const Versions& versions) const;

  std::mutex mutex_;  // guards everything
  Versions versions_;
  ValueSnapshotPtr snapshot_;
  SecretKey right_;
  SecretKey other_;
  Key key_ = Key::kRight;
  std::uint64_t next_nonce_ = 0;
  bool fail_ = false;
  std::vector<std::string> calls_;
};

}  // namespace maand
