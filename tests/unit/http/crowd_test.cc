#include "reconciler/http/crowd.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

using Gone = std::optional<Crowd::Id>;

TEST(Crowd, The_one_that_waits_longest_gives_way_when_all_places_are_taken) {
  Crowd crowd(3, 3);
  for (Crowd::Id id = 1; id <= 3; ++id) {
    EXPECT_EQ(crowd.must_go_for("a"), Gone{}) << id;
    crowd.enter(id, "a");
  }
  EXPECT_EQ(crowd.must_go_for("b"), Gone{1});
  crowd.leave(1);
  EXPECT_EQ(crowd.must_go_for("b"), Gone{});
}

TEST(Crowd, A_source_with_more_than_its_share_displaces_its_own) {
  Crowd crowd(10, 2);
  crowd.enter(1, "honest");
  crowd.enter(2, "greedy");
  crowd.enter(3, "greedy");
  EXPECT_EQ(crowd.must_go_for("greedy"), Gone{2});
  EXPECT_EQ(crowd.must_go_for("honest"), Gone{});
}

TEST(Crowd, A_source_alone_is_held_back_by_age) {
  Crowd crowd(4, 4);
  for (Crowd::Id id = 1; id <= 1000; ++id) {
    if (const Gone gone = crowd.must_go_for("proxy")) crowd.leave(*gone);
    crowd.enter(id, "proxy");
  }
  EXPECT_EQ(crowd.size(), 4u);
  EXPECT_EQ(crowd.oldest(), Gone{997});
}

TEST(Crowd, Who_is_served_keeps_the_place_and_begins_anew_behind_it) {
  Crowd crowd(2, 2);
  crowd.enter(1, "a");
  crowd.enter(2, "a");
  crowd.busy(1);
  EXPECT_EQ(crowd.must_go_for("a"), Gone{2});
  crowd.waiting(1);
  EXPECT_EQ(crowd.must_go_for("a"), Gone{2}) << "1 has asked something whole, 2 has not";
  crowd.busy(1);
  crowd.busy(2);
  EXPECT_EQ(crowd.must_go_for("b"), Gone{});
  EXPECT_TRUE(crowd.full());
  crowd.leave(2);
  EXPECT_FALSE(crowd.full());
}

TEST(Crowd, Sources_without_a_name_share_nothing) {
  Crowd crowd(10, 1);
  crowd.enter(1, "");
  crowd.enter(2, "");
  EXPECT_EQ(crowd.must_go_for(""), Gone{});
}

TEST(Crowd, Nobody_who_left_is_named) {
  Crowd crowd(1, 1);
  crowd.enter(1, "a");
  crowd.leave(1);
  crowd.leave(1);
  crowd.waiting(1);
  crowd.busy(1);
  EXPECT_EQ(crowd.oldest(), Gone{});
  EXPECT_EQ(crowd.must_go_for("a"), Gone{});
  EXPECT_EQ(crowd.size(), 0u);
}

}  // namespace
}  // namespace maand
