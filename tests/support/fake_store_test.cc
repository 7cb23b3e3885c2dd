#include "tests/support/fake_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maand {
namespace {

TEST(FakeStore, A_write_that_fails_before_writing_leaves_nothing) {
  FakeStore store;
  store.fail_next(FakeStore::Fail::kBeforeWrite);
  EXPECT_THROW(store.put_setting("a", "1"), StoreError);
  EXPECT_EQ(store.setting("a"), std::nullopt);
  store.put_setting("a", "2");  // only the next one failed
  EXPECT_EQ(store.setting("a"), "2");
}

TEST(FakeStore, A_write_that_fails_before_the_sync_leaves_nothing) {
  FakeStore store;
  store.fail_next(FakeStore::Fail::kBeforeSync);
  EXPECT_THROW(store.put_setting("a", "1"), StoreError);
  EXPECT_EQ(store.setting("a"), std::nullopt);
}

TEST(FakeStore, A_write_that_fails_after_the_sync_is_there_also_after_a_crash) {
  FakeStore store;
  store.fail_next(FakeStore::Fail::kAfterSync);
  EXPECT_THROW(store.put_setting("a", "1"), StoreError);
  store.crash();
  EXPECT_EQ(store.setting("a"), "1");
}

TEST(FakeStore, Fails_until_it_is_healed_and_its_reads_as_well) {
  FakeStore store;
  store.fail_all(FakeStore::Fail::kBeforeWrite);
  EXPECT_THROW(store.load(), StoreError);
  EXPECT_THROW(store.begin({}, 1), StoreError);
  EXPECT_THROW(store.load(), StoreError);
  store.heal();
  EXPECT_EQ(store.load().last_seq, 0u);
}

TEST(FakeStore, Writes_down_what_was_asked_of_it) {
  FakeStore store;
  AppliedAllocation one;
  one.key = {JobName("api"), WorkerHost("w1")};
  store.begin({one}, 1);
  store.settle({}, {{one.key, 0}}, 0);
  EXPECT_THAT(store.calls, testing::ElementsAre("begin api@w1", "settle  -api@w1"));
}

}  // namespace
}  // namespace maand
