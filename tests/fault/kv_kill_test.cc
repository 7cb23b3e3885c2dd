// SIGKILL in the middle of writes of variables (R7.2): every write that was
// confirmed is there exactly once, the one that was cut is there whole or not at
// all, and the key made with the first secret opens every one of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "reconciler/store/key_rotation.h"
#include "reconciler/store/kv_store.h"
#include "tests/fault/killed_writer.h"
#include "tests/support/temp_dir.h"

namespace maand {
namespace {

constexpr int kKills = 40;
constexpr char kVars[] = "vars/job/api";
constexpr char kSecrets[] = "secrets/job/api";

// Step `n` gives each of these keys its version `n`; `coming` is deleted by every even step.
std::vector<ValueChange> step_of(std::uint64_t n) {
  using Kind = ValueChange::Kind;
  return {{Kind::kPut, kVars, "counter", std::to_string(n)},
          {Kind::kPutSecret, kSecrets, "password", "s" + std::to_string(n)},
          {n % 2 == 0 ? Kind::kDelete : Kind::kPut, kVars, "coming", std::to_string(n)}};
}

void write_for_ever(const std::filesystem::path& directory, std::uint64_t step, const Said& said) {
  const std::unique_ptr<Values> values = open_kv_store(directory);
  for (;;) {
    ++step;
    if (!values->write(step_of(step), WallTime()).changed) return;
    said(step);
  }
}

// The step the store stands at; fails when it is not whole.
std::uint64_t check_whole(Values& values) {
  const ValueSnapshotPtr now = values.snapshot();
  const std::uint64_t step = now->revision;
  if (step == 0) {
    EXPECT_TRUE(now->namespaces.empty());
    return 0;
  }
  const auto version = static_cast<std::int64_t>(step);
  const ValueLookup counter = now->find(kVars, "counter");
  const ValueLookup password = now->find(kSecrets, "password");
  if (!counter.value || !password.value) {
    ADD_FAILURE() << "a key of step " << step << " is missing";
    return step;
  }
  EXPECT_EQ(counter.value->value, std::to_string(step));
  EXPECT_EQ(counter.value->version, version);
  EXPECT_EQ(password.value->version, version);
  const RevealedSecret revealed = values.reveal(*password.value);
  EXPECT_EQ(revealed.text, "s" + std::to_string(step)) << revealed.problem;
  EXPECT_EQ(now->find(kVars, "coming").found, step % 2 == 0 ? Found::kNoKey : Found::kValue);
  for (const char* key : {"counter", "coming"}) {
    const std::vector<StoredValue> all = values.history(kVars, key);
    EXPECT_EQ(all.size(), static_cast<std::size_t>(std::min(version, kMostVersions)));
    std::int64_t expected = version;
    for (const StoredValue& one : all) {
      EXPECT_EQ(one.version, expected);
      if (!one.deleted) {
        EXPECT_EQ(one.value, std::to_string(expected));
      }
      --expected;
    }
  }
  return step;
}

TEST(KvKill, Every_confirmed_write_is_there_once_after_sigkill_and_none_is_half_there) {
  TempDir directory;
  std::mt19937 random(20260817);
  std::uint64_t confirmed = 0;
  for (int kill = 0; kill < kKills; ++kill) {
    SCOPED_TRACE(kill);
    const std::uint64_t from = confirmed;
    // Also before the first confirmed write: while the files and the key are made.
    const std::uint64_t until = from + random() % 4;
    const unsigned inside = static_cast<unsigned>(random() % (until == from ? 20'000 : 2'000));
    confirmed = kill_inside_a_write([&](const Said& said) { write_for_ever(directory.path(), from, said); },
                                    from, until, inside);
    const std::uint64_t found = check_whole(*open_kv_store(directory.path()));
    // The write that was cut may have become durable before it could be said.
    ASSERT_GE(found, confirmed);
    ASSERT_LE(found, confirmed + 1);
    confirmed = found;
  }
  EXPECT_GT(confirmed, static_cast<std::uint64_t>(kKills) / 2);
}

void rotate_for_ever(const std::filesystem::path& directory, std::uint64_t step, const Said& said) {
  for (;;) {
    if (!rotate_secret_key(directory).problem.empty()) return;
    said(++step);
  }
}

// Killed wherever it is: between the making of a key, the transaction and the rename.
TEST(KvKill, A_rotation_that_is_killed_loses_no_secret_and_no_version) {
  using Kind = ValueChange::Kind;
  TempDir directory;
  constexpr int kSecretsInAll = 40;
  for (int i = 0; i < kSecretsInAll; ++i) {
    const std::unique_ptr<Values> values = open_kv_store(directory.path());
    for (const char* version : {"old", "new"}) {
      const std::string key = "k" + std::to_string(i);
      ASSERT_TRUE(values->write({{Kind::kPutSecret, kSecrets, key, version + key}}, WallTime()).changed);
    }
  }
  std::mt19937 random(20261127);
  std::uint64_t rotated = 0;
  for (int kill = 0; kill < kKills; ++kill) {
    SCOPED_TRACE(kill);
    const std::uint64_t from = rotated;
    const std::uint64_t until = from + random() % 2;
    const unsigned inside = static_cast<unsigned>(random() % 12'000);
    rotated = kill_inside_a_write([&](const Said& said) { rotate_for_ever(directory.path(), from, said); },
                                  from, until, inside);
    // Who only reads finishes nothing, and opens everything all the same.
    const auto check = [&](Values& values) {
      for (int i = 0; i < kSecretsInAll; ++i) {
        const std::string key = "k" + std::to_string(i);
        const std::vector<StoredValue> all = values.history(kSecrets, key);
        ASSERT_EQ(all.size(), 2u);
        EXPECT_EQ(values.reveal(all[0]).text, "new" + key);
        EXPECT_EQ(values.reveal(all[1]).text, "old" + key);
      }
    };
    check(*open_kv_store_readonly(directory.path()));
    const std::unique_ptr<Values> values = open_kv_store(directory.path());
    const ValueWrite write = values->write({{Kind::kPutSecret, "secrets/job/web", "k", "v"}}, WallTime());
    ASSERT_EQ(write.refusal, ValueRefusal::kNone) << write.problem;
    check(*values);
  }
  EXPECT_GT(rotated, 5u);
}

}  // namespace
}  // namespace maand
