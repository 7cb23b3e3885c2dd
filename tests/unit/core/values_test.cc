// The rules of versions (workspace.md 6.2) as a table; what a store keeps of them
// is in tests/contract/values_contract.h.
#include "reconciler/core/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace maand {
namespace {

using Kind = ValueChange::Kind;

constexpr char kNs[] = "vars/job/api";

StoredValue stored(std::int64_t version, std::string value, bool deleted = false, bool secret = false) {
  return {
      .value = std::move(value), .version = version, .written_at = {}, .deleted = deleted, .secret = secret};
}

ValueSnapshotPtr holding(const std::optional<StoredValue>& value) {
  auto snapshot = std::make_shared<ValueSnapshot>();
  auto values = std::make_shared<NamespaceValues>();
  if (value) add_loaded(*snapshot, *values, "k", *value);
  if (value) snapshot->namespaces[kNs] = std::move(values);
  return snapshot;
}

TEST(Values, What_a_change_makes_of_a_key) {
  const std::optional<StoredValue> none;
  const struct {
    const char* what;
    std::optional<StoredValue> before;
    Kind kind;
    std::string value;
    ValueEffect effect;
    std::optional<StoredValue> after;
    bool readable;
  } table[] = {
      {"a new key", none, Kind::kPut, "a", ValueEffect::kWritten, stored(1, "a"), true},
      {"an equal value", stored(3, "a"), Kind::kPut, "a", ValueEffect::kUnchanged, stored(3, "a"), false},
      {"an equal value but for white space", stored(3, "a"), Kind::kPut, "\n a\t", ValueEffect::kUnchanged,
       stored(3, "a"), false},
      {"another value", stored(3, "a"), Kind::kPut, "b", ValueEffect::kWritten, stored(4, "b"), true},
      {"an empty value", stored(3, "a"), Kind::kPut, " ", ValueEffect::kWritten, stored(4, ""), true},
      {"a revived key", stored(3, "", true), Kind::kPut, "a", ValueEffect::kWritten, stored(4, "a"), true},
      {"a key revived with nothing", stored(3, "", true), Kind::kPut, "", ValueEffect::kWritten,
       stored(4, ""), true},
      {"a plain value over a secret", stored(3, "enc", false, true), Kind::kPut, "enc", ValueEffect::kWritten,
       stored(4, "enc"), true},
      {"a new secret", none, Kind::kPutSecret, " a ", ValueEffect::kWritten, stored(1, " a ", false, true),
       true},
      {"the same secret", stored(3, "a", false, true), Kind::kPutSecret, "a", ValueEffect::kWritten,
       stored(4, "a", false, true), true},
      {"deleting", stored(3, "a"), Kind::kDelete, "", ValueEffect::kWritten, stored(4, "", true), true},
      {"deleting a secret", stored(3, "a", false, true), Kind::kDelete, "", ValueEffect::kWritten,
       stored(4, "", true), true},
      {"deleting once more", stored(4, "", true), Kind::kDelete, "", ValueEffect::kWritten,
       stored(5, "", true), false},
      {"deleting what never was", none, Kind::kDelete, "", ValueEffect::kNoNamespace, none, false},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.what);
    const ValueSnapshotPtr before = holding(row.before);
    const ChangedValues changed = change_values(before, {{row.kind, kNs, "k", row.value}}, WallTime());
    EXPECT_THAT(changed.verdict.effects, testing::ElementsAre(row.effect));
    EXPECT_EQ(changed.verdict.changed, row.readable);
    EXPECT_EQ(changed.after->revision, row.readable ? 1u : 0u);
    const ValueSnapshotPtr expected = holding(row.after);
    ASSERT_EQ(changed.after->namespaces.count(kNs), expected->namespaces.count(kNs));
    if (row.after) {
      EXPECT_EQ(changed.after->namespaces.at(kNs)->at("k"), *row.after);
    }
    EXPECT_EQ(changed.after->keys, expected->keys);
    EXPECT_EQ(changed.after->stored_bytes, expected->stored_bytes);
    EXPECT_EQ(changed.versions.size(), row.effect == ValueEffect::kWritten ? 1u : 0u);
    if (changed.versions.empty()) {
      EXPECT_EQ(changed.after, before);
    }
  }
}

TEST(Values, A_refusal_says_which_value_and_never_shows_it) {
  const std::string long_value(kMaxValueBytes + 1, 'x');
  const auto large = refusal_of({{Kind::kPutSecret, "secrets/job/api", "password", long_value}});
  ASSERT_TRUE(large);
  EXPECT_EQ(large->problem,
            "the value for \"password\" of \"secrets/job/api\" has 1048577 bytes, more than 1048576; "
            "ship large content as a file of the job");
  const auto plain = refusal_of({{Kind::kPut, "secrets/job/api", "password", "hunter2"}});
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->problem.find("hunter2"), std::string::npos);
}

TEST(Values, Names_are_shown_safely_in_a_refusal) {
  const auto refused = refusal_of({{Kind::kPut, kNs, "a\x1b[31m", "v"}});
  ASSERT_TRUE(refused);
  EXPECT_THAT(refused->problem, testing::HasSubstr("\"a\\x1b[31m\" is not printable UTF-8"));
}

TEST(Values, Any_text_that_can_be_printed_is_a_name) {
  for (const char* name :
       {"certs/ca.crt", "caf\xc3\xa9", "a b", "back\\slash", "\xf0\x9f\x94\x91", "enc:v1:"}) {
    EXPECT_FALSE(refusal_of({{Kind::kPut, name, name, "v"}})) << name;
  }
}

TEST(Values, Too_many_keys_are_refused_and_an_existing_one_can_still_change) {
  auto snapshot = std::make_shared<ValueSnapshot>(*holding(stored(1, "a")));
  snapshot->keys = kMaxStoredKeys;
  EXPECT_EQ(change_values(snapshot, {{Kind::kPut, kNs, "new", "v"}}, WallTime()).verdict.refusal,
            ValueRefusal::kFull);
  EXPECT_TRUE(change_values(snapshot, {{Kind::kPut, kNs, "k", "b"}}, WallTime()).verdict.changed);
}

}  // namespace
}  // namespace maand
