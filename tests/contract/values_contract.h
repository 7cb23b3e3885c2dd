// What every store of variables keeps (R7.2, workspace.md 6.2 to 6.4, 6.6). One
// suite, run over the fake and the real one, and over the real one with a reopen
// or a crash after every single step.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <limits>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "reconciler/core/secret_box.h"
#include "reconciler/core/values.h"

namespace maand {

class ValuesHarness {
 public:
  virtual ~ValuesHarness() = default;
  virtual Values& values() = 0;
  virtual void disturb() {}  // what happens between two steps
  // The key of the secrets is lost, or found again.
  virtual void lose_key() = 0;
  virtual void restore_key() = 0;
  // Another key lies in its place.
  virtual void swap_key() = 0;
};

struct ValuesCase {
  std::string name;
  std::function<std::unique_ptr<ValuesHarness>()> make;
};
inline void PrintTo(const ValuesCase& one, std::ostream* out) { *out << one.name; }  // NOLINT: gtest's name

class ValuesContract : public testing::TestWithParam<ValuesCase> {
 protected:
  using Kind = ValueChange::Kind;
  using Effect = ValueEffect;

  ValuesContract() : harness_(GetParam().make()) {}

  static WallTime day(double days) {
    return WallTime(std::chrono::hours(24) * 20000) +
           std::chrono::duration_cast<WallTime::duration>(
               std::chrono::duration<double, std::ratio<86400>>(days));
  }
  ValueWrite write(const std::vector<ValueChange>& changes, double at_day = 0) {
    ValueWrite verdict = harness_->values().write(changes, day(at_day));
    harness_->disturb();
    return verdict;
  }
  ValueWrite put(const std::string& key, const std::string& value, double at_day = 0) {
    return write({{Kind::kPut, kVars, key, value}}, at_day);
  }
  ValueWrite put_secret(const std::string& key, const std::string& value, double at_day = 0) {
    return write({{Kind::kPutSecret, kSecrets, key, value}}, at_day);
  }
  ValueWrite erase(const std::string& key, double at_day = 0) {
    return write({{Kind::kDelete, kVars, key, ""}}, at_day);
  }
  ValueSnapshotPtr snapshot() { return harness_->values().snapshot(); }
  std::string text(const std::string& key) {
    const ValueSnapshotPtr now = snapshot();
    const ValueLookup found = now->find(kVars, key);
    return found.value ? found.value->value : "(none)";
  }
  StoredValue secret(const std::string& key) {
    const ValueSnapshotPtr now = snapshot();
    const ValueLookup found = now->find(kSecrets, key);
    return found.value ? *found.value : StoredValue{};
  }
  // `3 c, 2 -, 1 a`: newest first, a dash for deleted.
  std::string history(const std::string& key) {
    std::string out;
    for (const StoredValue& one : harness_->values().history(kVars, key)) {
      out += (out.empty() ? "" : ", ") + std::to_string(one.version) + " " + (one.deleted ? "-" : one.value);
    }
    return out;
  }
  std::size_t trim(int retain, double at_day) {
    const std::size_t gone = harness_->values().trim(std::chrono::days(retain), day(at_day));
    harness_->disturb();
    return gone;
  }

  const std::string kVars = "vars/job/api";
  const std::string kSecrets = "secrets/job/api";
  std::unique_ptr<ValuesHarness> harness_;
};

TEST_P(ValuesContract, A_new_store_is_empty) {
  EXPECT_TRUE(snapshot()->namespaces.empty());
  EXPECT_EQ(snapshot()->revision, 0u);
  EXPECT_EQ(history("greeting"), "");
  EXPECT_EQ(trim(0, 100), 0u);
}

TEST_P(ValuesContract, Every_field_of_a_value_is_kept) {
  const ValueWrite verdict = put("greeting", "hello");
  EXPECT_TRUE(verdict.changed);
  EXPECT_THAT(verdict.effects, testing::ElementsAre(Effect::kWritten));
  const ValueSnapshotPtr now = snapshot();
  ASSERT_EQ(now->find(kVars, "greeting").found, Found::kValue);
  const StoredValue expected{
      .value = "hello", .version = 1, .written_at = day(0), .deleted = false, .secret = false};
  EXPECT_EQ(*now->find(kVars, "greeting").value, expected);
  EXPECT_THAT(harness_->values().history(kVars, "greeting"), testing::ElementsAre(expected));
}

TEST_P(ValuesContract, A_missing_key_and_a_missing_namespace_are_told_apart) {
  put("greeting", "hello");
  EXPECT_EQ(snapshot()->find(kVars, "other").found, Found::kNoKey);
  EXPECT_EQ(snapshot()->find("vars/job/web", "greeting").found, Found::kNoNamespace);
  const ValueWrite verdict =
      write({{Kind::kDelete, kVars, "other", ""}, {Kind::kDelete, "vars/job/web", "greeting", ""}});
  EXPECT_THAT(verdict.effects, testing::ElementsAre(Effect::kNoKey, Effect::kNoNamespace));
  EXPECT_FALSE(verdict.changed);
  EXPECT_EQ(snapshot()->keys, 1u);
}

TEST_P(ValuesContract, Puts_trim_white_space_and_an_equal_value_makes_no_version) {
  put("greeting", "hello");
  const std::uint64_t revision = snapshot()->revision;
  const ValueWrite verdict = put("greeting", " \thello\n", 1);
  EXPECT_THAT(verdict.effects, testing::ElementsAre(Effect::kUnchanged));
  EXPECT_FALSE(verdict.changed);
  EXPECT_EQ(history("greeting"), "1 hello");
  EXPECT_EQ(snapshot()->revision, revision);
  EXPECT_TRUE(put("greeting", "hallo").changed);
  EXPECT_EQ(history("greeting"), "2 hallo, 1 hello");
  EXPECT_EQ(snapshot()->revision, revision + 1);
}

TEST_P(ValuesContract, A_deleted_key_is_gone_and_counts_on_when_it_is_revived) {
  put("greeting", "hello");
  EXPECT_TRUE(erase("greeting").changed);
  EXPECT_EQ(snapshot()->find(kVars, "greeting").found, Found::kNoKey);
  EXPECT_TRUE(put("greeting", "hello").changed);
  EXPECT_EQ(history("greeting"), "3 hello, 2 -, 1 hello");
  EXPECT_EQ(text("greeting"), "hello");
}

TEST_P(ValuesContract, Deleting_once_more_counts_and_nobody_can_read_a_difference) {
  put("greeting", "hello");
  erase("greeting");
  const std::uint64_t revision = snapshot()->revision;
  const ValueWrite verdict = erase("greeting");
  EXPECT_THAT(verdict.effects, testing::ElementsAre(Effect::kWritten));
  EXPECT_FALSE(verdict.changed);
  EXPECT_EQ(snapshot()->revision, revision);
  EXPECT_EQ(history("greeting"), "3 -, 2 -, 1 hello");
}

TEST_P(ValuesContract, Changes_of_one_write_follow_one_another_and_raise_the_revision_once) {
  const ValueWrite verdict = write({{Kind::kPut, kVars, "a", "1"},
                                    {Kind::kPut, kVars, "a", "2"},
                                    {Kind::kDelete, kVars, "a", ""},
                                    {Kind::kPut, kVars, "a", "3"},
                                    {Kind::kPut, "vars/job/web", "a", "w"}});
  EXPECT_EQ(verdict.effects.size(), 5u);
  EXPECT_EQ(history("a"), "4 3, 3 -, 2 2, 1 1");
  EXPECT_EQ(snapshot()->find("vars/job/web", "a").value->value, "w");
  EXPECT_EQ(snapshot()->revision, 1u);
  EXPECT_EQ(snapshot()->keys, 2u);
  EXPECT_EQ(snapshot()->stored_bytes, 4u);
}

TEST_P(ValuesContract, Any_bytes_are_a_value_and_an_empty_one_is_no_absence) {
  const std::string odd("\0caf\xc3\xa9 \xff'\"%s\0", 14);
  put("odd", odd);
  put("empty", "  ");
  EXPECT_EQ(text("odd"), odd);
  EXPECT_EQ(text("empty"), "");
}

TEST_P(ValuesContract, A_snapshot_stays_as_it_was_and_shares_what_did_not_change) {
  write({{Kind::kPut, kVars, "a", "1"}, {Kind::kPut, "vars/job/web", "a", "1"}});
  const ValueSnapshotPtr before = snapshot();
  EXPECT_EQ(snapshot(), harness_->values().snapshot());
  harness_->values().write({{Kind::kPut, kVars, "a", "2"}}, day(0));
  const ValueSnapshotPtr after = snapshot();
  EXPECT_EQ(before->find(kVars, "a").value->value, "1");
  EXPECT_EQ(after->find(kVars, "a").value->value, "2");
  EXPECT_LT(before->revision, after->revision);
}

TEST_P(ValuesContract, A_write_that_is_refused_leaves_nothing) {
  const std::string long_name(kMaxValueNameBytes + 1, 'n');
  const struct {
    ValueChange change;
    ValueRefusal refusal;
  } table[] = {
      {{Kind::kPut, "", "k", "v"}, ValueRefusal::kBadName},
      {{Kind::kPut, kVars, "", "v"}, ValueRefusal::kBadName},
      {{Kind::kPut, kVars, long_name, "v"}, ValueRefusal::kBadName},
      {{Kind::kPut, long_name, "k", "v"}, ValueRefusal::kBadName},
      {{Kind::kPut, kVars, "a\nb", "v"}, ValueRefusal::kBadName},
      {{Kind::kPut, kVars, "\xff", "v"}, ValueRefusal::kBadName},
      {{Kind::kDelete, kVars, std::string("\0", 1), ""}, ValueRefusal::kBadName},
      {{Kind::kPut, kVars, "k", std::string(kMaxValueBytes + 1, 'v')}, ValueRefusal::kTooLarge},
      {{Kind::kPutSecret, kSecrets, "k", std::string(kMaxValueBytes + 1, 'v')}, ValueRefusal::kTooLarge},
      {{Kind::kPut, kSecrets, "k", "v"}, ValueRefusal::kNotSecret},
  };
  for (const auto& row : table) {
    const ValueWrite verdict = write({{Kind::kPut, kVars, "good", "v"}, row.change});
    EXPECT_EQ(verdict.refusal, row.refusal) << verdict.problem;
    EXPECT_NE(verdict.problem, "");
    EXPECT_FALSE(verdict.changed);
    EXPECT_TRUE(snapshot()->namespaces.empty());
  }
  EXPECT_TRUE(put(std::string(kMaxValueNameBytes, 'n'), std::string(kMaxValueBytes, 'v')).changed);
}

TEST_P(ValuesContract, A_full_store_is_told_and_deleting_is_the_way_out) {
  const std::string most(kMaxValueBytes, 'v');
  std::vector<ValueChange> changes;
  for (std::size_t i = 0; i < kMaxStoredBytes / kMaxValueBytes - 1; ++i)
    changes.push_back({Kind::kPut, kVars, "k" + std::to_string(i), most});
  ASSERT_TRUE(harness_->values().write(changes, day(0)).changed);
  const std::size_t bytes = snapshot()->stored_bytes;
  const std::vector<ValueChange> last = {{Kind::kPut, kVars, "last", most}};
  ValueWrite verdict = harness_->values().write(last, day(0));
  EXPECT_EQ(verdict.refusal, ValueRefusal::kFull);
  EXPECT_THAT(verdict.problem, testing::HasSubstr("full"));
  EXPECT_EQ(snapshot()->stored_bytes, bytes);
  EXPECT_TRUE(harness_->values().write({{Kind::kDelete, kVars, "k0", ""}}, day(0)).changed);
  EXPECT_TRUE(harness_->values().write(last, day(0)).changed);
}

TEST_P(ValuesContract, A_secret_is_sealed_untrimmed_and_can_be_revealed) {
  put_secret("password", " s3cret\n");
  const StoredValue stored = secret("password");
  EXPECT_TRUE(stored.secret);
  EXPECT_TRUE(stored.value.starts_with(kSealedPrefix)) << stored.value;
  EXPECT_EQ(stored.value.find("s3cret"), std::string::npos);
  const RevealedSecret revealed = harness_->values().reveal(stored);
  EXPECT_EQ(revealed.state, RevealedSecret::State::kOpened) << revealed.problem;
  EXPECT_EQ(revealed.text, " s3cret\n");
}

TEST_P(ValuesContract, Writing_the_same_secret_again_makes_a_version) {
  put_secret("password", "s3cret");
  const StoredValue first = secret("password");
  EXPECT_TRUE(put_secret("password", "s3cret").changed);
  EXPECT_EQ(secret("password").version, 2);
  EXPECT_NE(secret("password").value, first.value) << "a nonce was used twice";
}

TEST_P(ValuesContract, A_secret_may_lie_beside_plain_values_and_is_no_plain_value) {
  write({{Kind::kPutSecret, kVars, "certs/api.key", "PEM"}, {Kind::kPut, kVars, "certs/api.crt", "PEM"}});
  EXPECT_TRUE(snapshot()->find(kVars, "certs/api.key").value->secret);
  EXPECT_FALSE(snapshot()->find(kVars, "certs/api.crt").value->secret);
  EXPECT_EQ(harness_->values().reveal(*snapshot()->find(kVars, "certs/api.crt").value).state,
            RevealedSecret::State::kNotSecret);
}

TEST_P(ValuesContract, A_plain_value_may_look_sealed_without_being_a_secret) {
  put("odd", "enc:v1:AAAA");
  const StoredValue stored = *snapshot()->find(kVars, "odd").value;
  EXPECT_FALSE(stored.secret);
  EXPECT_EQ(harness_->values().reveal(stored).state, RevealedSecret::State::kNotSecret);
}

TEST_P(ValuesContract, A_lost_key_is_told_and_never_replaced) {
  put_secret("password", "s3cret");
  harness_->lose_key();
  EXPECT_EQ(put_secret("other", "x").refusal, ValueRefusal::kNoKey);
  EXPECT_EQ(harness_->values().reveal(secret("password")).state, RevealedSecret::State::kNoKey);
  EXPECT_TRUE(put("greeting", "hello").changed) << "plain values need no key";
  harness_->restore_key();
  EXPECT_EQ(harness_->values().reveal(secret("password")).text, "s3cret");
  EXPECT_TRUE(put_secret("other", "x").changed);
}

TEST_P(ValuesContract, A_lost_key_counts_as_long_as_a_version_needs_it) {
  put_secret("password", "s3cret");
  write({{Kind::kDelete, kSecrets, "password", ""}});
  harness_->lose_key();
  EXPECT_EQ(put_secret("other", "x").refusal, ValueRefusal::kNoKey);
  EXPECT_EQ(trim(0, 1), 2u);
  EXPECT_TRUE(put_secret("other", "x").changed) << "nothing is lost by a new key now";
  EXPECT_EQ(harness_->values().reveal(secret("other")).text, "x");
}

TEST_P(ValuesContract, Another_key_seals_nothing_and_opens_nothing) {
  put_secret("password", "s3cret");
  harness_->swap_key();
  EXPECT_EQ(put_secret("other", "x").refusal, ValueRefusal::kNoKey);
  EXPECT_EQ(harness_->values().reveal(secret("password")).state, RevealedSecret::State::kWrongKeyOrDamaged);
}

TEST_P(ValuesContract, Trimming_keeps_eight_versions_of_a_key_that_rests) {
  for (int i = 1; i <= 10; ++i) put("greeting", "v" + std::to_string(i));
  EXPECT_EQ(trim(7, 7), 0u) << "exactly seven days are not more than seven days";
  EXPECT_EQ(trim(7, 7.001), 2u);
  EXPECT_EQ(history("greeting"), "10 v10, 9 v9, 8 v8, 7 v7, 6 v6, 5 v5, 4 v4, 3 v3");
  EXPECT_EQ(trim(7, 8), 0u);
  EXPECT_EQ(text("greeting"), "v10");
}

TEST_P(ValuesContract, Trimming_looks_at_the_newest_version_alone) {
  for (int i = 1; i <= 10; ++i) put("greeting", "v" + std::to_string(i), i);
  EXPECT_EQ(trim(7, 16.5), 0u);
  EXPECT_EQ(trim(7, 17.5), 2u);
}

TEST_P(ValuesContract, Trimming_forgets_a_key_that_stayed_deleted_and_it_begins_anew) {
  put("greeting", "hello");
  erase("greeting", 1);
  put("other", "x", 1);
  const std::uint64_t revision = snapshot()->revision;
  EXPECT_EQ(trim(7, 7.5), 0u);
  EXPECT_EQ(trim(7, 8.5), 2u);
  EXPECT_EQ(history("greeting"), "");
  EXPECT_EQ(snapshot()->revision, revision) << "nobody can read a difference";
  EXPECT_EQ(snapshot()->keys, 1u);
  put("greeting", "hello", 9);
  EXPECT_EQ(history("greeting"), "1 hello");
}

TEST_P(ValuesContract, A_namespace_goes_with_its_last_key) {
  put("greeting", "hello");
  erase("greeting");
  EXPECT_EQ(snapshot()->find(kVars, "greeting").found, Found::kNoKey);
  trim(0, 1);
  EXPECT_EQ(snapshot()->find(kVars, "greeting").found, Found::kNoNamespace);
}

TEST_P(ValuesContract, Retaining_for_ever_or_less_than_nothing_is_understood) {
  put("greeting", "hello");
  erase("greeting");
  EXPECT_EQ(trim(std::numeric_limits<int>::max(), 1), 0u);
  EXPECT_EQ(trim(std::numeric_limits<int>::min(), 1), 2u);
}

TEST_P(ValuesContract, The_versions_of_a_key_that_never_rests_are_bounded) {
  std::vector<ValueChange> changes;
  for (std::int64_t i = 1; i <= kMostVersions + 20; ++i)
    changes.push_back({Kind::kPut, kVars, "counter", std::to_string(i)});
  write(changes);
  const std::vector<StoredValue> all = harness_->values().history(kVars, "counter");
  ASSERT_EQ(all.size(), static_cast<std::size_t>(kMostVersions));
  EXPECT_EQ(all.front().version, kMostVersions + 20);
  EXPECT_EQ(all.back().version, 21);
}

TEST_P(ValuesContract, Threads_write_and_read_at_once_and_no_write_is_lost) {
  constexpr int kThreads = 4;
  constexpr int kWrites = 20;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::uint64_t seen = 0;
      for (int i = 0; i < kWrites; ++i) {
        harness_->values().write({{Kind::kPut, kVars, "counter", std::to_string(t) + "/" + std::to_string(i)},
                                  {Kind::kPutSecret, kSecrets, "s" + std::to_string(t), "x"}},
                                 day(0));
        const ValueSnapshotPtr now = snapshot();
        EXPECT_GT(now->revision, seen);
        seen = now->revision;
        EXPECT_EQ(harness_->values().reveal(*now->find(kSecrets, "s" + std::to_string(t)).value).text, "x");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(snapshot()->revision, static_cast<std::uint64_t>(kThreads * kWrites));
  EXPECT_EQ(snapshot()->find(kVars, "counter").value->version, kThreads * kWrites);
}

}  // namespace maand
