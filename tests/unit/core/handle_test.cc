#include "reconciler/core/handle.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace maand {
namespace {

std::vector<int> given_back;
int give_back(int number) {
  given_back.push_back(number);
  return 0;
}
using Number = Handle<&give_back>;

class HandleTest : public ::testing::Test {
 protected:
  void SetUp() override { given_back.clear(); }
};

TEST_F(HandleTest, gives_its_number_back_once_and_none_that_it_does_not_have) {
  {
    const Number one(3);
    const Number none(-1);
    const Number fresh;
    EXPECT_EQ(one.get(), 3);
    EXPECT_TRUE(given_back.empty());
  }
  EXPECT_EQ(given_back, std::vector<int>{3});
}

TEST_F(HandleTest, is_handed_on_and_what_was_held_there_before_is_given_back) {
  {
    Number one(3);
    Number two(std::move(one));
    EXPECT_EQ(one.get(), -1);  // NOLINT(bugprone-use-after-move): what it promises
    Number three(4);
    three = std::move(two);
    EXPECT_EQ(given_back, std::vector<int>{4});
    Number& same = three;
    three = std::move(same);
    EXPECT_EQ(three.get(), 3);
  }
  EXPECT_EQ(given_back, (std::vector<int>{4, 3}));
}

TEST_F(HandleTest, is_given_back_early_where_that_is_asked) {
  Number one(0);
  one.reset();
  one.reset();
  EXPECT_EQ(given_back, std::vector<int>{0});
}

}  // namespace
}  // namespace maand
