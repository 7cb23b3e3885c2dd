#include "executor/hook_semaphores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maand {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Semaphore `lock` of job api in pre_deploy, asked for by hooks 1, 2, …
class HookSemaphoresTest : public ::testing::Test {
 protected:
  void ask(Hooks::Ticket holder, int capacity = 1, seconds wait = seconds(60)) {
    semaphores_.acquire({.scope = scope_,
                         .holder = holder,
                         .allocation_id = "a" + std::to_string(holder),
                         .capacity = capacity,
                         .wait = wait,
                         .gone = gone_},
                        now_, [this, holder](HookSemaphores::Acquired verdict, int) {
                          static constexpr const char* kWords[] = {"has it", "waited too long", "too large",
                                                                   "other capacity"};
                          told_.push_back(std::to_string(holder) + " " + kWords[static_cast<int>(verdict)]);
                        });
  }
  std::vector<std::string> told() { return std::exchange(told_, {}); }

  HookSemaphores semaphores_;
  HookSemaphores::Scope scope_{JobName("api"), HookEvent::kPreDeploy, "lock"};
  HookSemaphores::Time now_{};
  std::shared_ptr<std::atomic<bool>> gone_;
  std::vector<std::string> told_;
};

TEST_F(HookSemaphoresTest, whoever_comes_first_has_it_first) {
  for (const Hooks::Ticket hook : {1U, 2U, 3U}) ask(hook);
  EXPECT_THAT(told(), ElementsAre("1 has it"));
  EXPECT_TRUE(semaphores_.release(scope_, 1));
  EXPECT_THAT(told(), ElementsAre("2 has it"));
  EXPECT_TRUE(semaphores_.release(scope_, 2));
  EXPECT_THAT(told(), ElementsAre("3 has it"));
}

TEST_F(HookSemaphoresTest, as_many_as_its_capacity_have_it_at_once) {
  for (const Hooks::Ticket hook : {1U, 2U, 3U}) ask(hook, 2);
  EXPECT_THAT(told(), ElementsAre("1 has it", "2 has it"));
  const HookSemaphores::Status status = semaphores_.status(scope_);
  EXPECT_EQ(status.capacity, 2);
  EXPECT_THAT(status.holders, ElementsAre("a1", "a2"));
  EXPECT_EQ(status.waiting, 1);
  EXPECT_EQ(status.available, 0);
}

TEST_F(HookSemaphoresTest, a_capacity_is_at_most_64_and_that_of_whoever_came_first) {
  struct Row {
    int asked;
    const char* told;
  };
  ask(1, 2);
  EXPECT_THAT(told(), ElementsAre("1 has it"));
  for (const Row& row : {Row{65, "2 too large"}, Row{3, "2 other capacity"}, Row{1, "2 other capacity"},
                         Row{0, "2 other capacity"}, Row{2, "2 has it"}}) {
    ask(2, row.asked);
    EXPECT_THAT(told(), ElementsAre(row.told)) << row.asked;
  }
  semaphores_.ended(1);
  semaphores_.ended(2);
  ask(3, 64);  // nobody has it any more
  EXPECT_THAT(told(), ElementsAre("3 has it"));
}

TEST_F(HookSemaphoresTest, whoever_has_it_and_asks_again_has_it_once) {
  ask(1);
  ask(1);
  EXPECT_THAT(told(), ElementsAre("1 has it", "1 has it"));
  EXPECT_THAT(semaphores_.status(scope_).holders, ElementsAre("a1"));
  EXPECT_TRUE(semaphores_.release(scope_, 1));
  EXPECT_FALSE(semaphores_.release(scope_, 1));
}

TEST_F(HookSemaphoresTest, whoever_asked_twice_is_answered_twice_and_holds_up_nobody) {
  ask(1);
  ask(2);
  ask(2);
  ask(3);
  told();
  EXPECT_TRUE(semaphores_.release(scope_, 1));
  EXPECT_THAT(told(), ElementsAre("2 has it", "2 has it"));
  EXPECT_TRUE(semaphores_.release(scope_, 2));
  EXPECT_THAT(told(), ElementsAre("3 has it"));
}

TEST_F(HookSemaphoresTest, a_holder_that_ends_lets_the_next_one_in) {
  ask(1);
  ask(2);
  told();
  semaphores_.ended(1);
  EXPECT_THAT(told(), ElementsAre("2 has it"));
  semaphores_.ended(2);
  EXPECT_EQ(semaphores_.status(scope_).available, 1);
}

TEST_F(HookSemaphoresTest, one_that_ends_while_it_waits_waits_no_more) {
  ask(1);
  ask(2);
  ask(3);
  told();
  semaphores_.ended(2);
  EXPECT_THAT(told(), ElementsAre("2 waited too long"));
  EXPECT_TRUE(semaphores_.release(scope_, 1));
  EXPECT_THAT(told(), ElementsAre("3 has it"));
}

TEST_F(HookSemaphoresTest, one_that_listens_no_more_is_passed_over) {
  ask(1);
  gone_ = std::make_shared<std::atomic<bool>>(false);
  ask(2);
  const auto of_second = std::exchange(gone_, nullptr);
  ask(3);
  told();
  *of_second = true;
  EXPECT_TRUE(semaphores_.release(scope_, 1));
  EXPECT_THAT(told(), ElementsAre("3 has it"));
}

TEST_F(HookSemaphoresTest, waiting_has_an_end) {
  struct Row {
    seconds asked;
    seconds until;
  };
  for (const Row& row : {Row{seconds(5), seconds(5)}, Row{seconds(0), seconds(600)},
                         Row{seconds(-1), seconds(600)}, Row{seconds(90000), seconds(3600)}}) {
    ask(1);
    ask(2, 1, row.asked);
    told();
    semaphores_.expire(now_ + row.until - std::chrono::milliseconds(1));
    EXPECT_THAT(told(), IsEmpty());
    semaphores_.expire(now_ + row.until);
    EXPECT_THAT(told(), ElementsAre("2 waited too long")) << row.asked.count();
    semaphores_.ended(1);
    EXPECT_THAT(told(), IsEmpty());
  }
}

TEST_F(HookSemaphoresTest, job_event_and_name_are_one_semaphore_each) {
  ask(1);
  const HookSemaphores::Scope others[] = {{JobName("db"), HookEvent::kPreDeploy, "lock"},
                                          {JobName("api"), HookEvent::kPostDeploy, "lock"},
                                          {JobName("api"), HookEvent::kPreDeploy, "lock2"}};
  for (const HookSemaphores::Scope& other : others) {
    scope_ = other;
    ask(2);
  }
  EXPECT_THAT(told(), ElementsAre("1 has it", "2 has it", "2 has it", "2 has it"));
}

TEST_F(HookSemaphoresTest, one_that_nobody_knows_is_free) {
  const HookSemaphores::Status status = semaphores_.status(scope_);
  EXPECT_EQ(status.capacity, 1);
  EXPECT_EQ(status.available, 1);
  EXPECT_THAT(status.holders, IsEmpty());
  EXPECT_FALSE(semaphores_.release(scope_, 1));
}

}  // namespace
}  // namespace maand
