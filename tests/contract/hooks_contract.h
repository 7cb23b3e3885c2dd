// What every Hooks keeps. One suite, run over the fake and over the real one with
// programs that really run.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "reconciler/core/hook.h"
#include "tests/support/hook_answer.h"

namespace maand::testing {

// What a hook can be made to do, under every implementation.
enum class HookDoes { kSucceed, kFailWith3, kSayHello, kSayHelloAndHang, kPutGreeting };

class HooksHarness {
 public:
  virtual ~HooksHarness() = default;
  virtual Hooks& hooks() = 0;
  // Event pre_deploy of api@10.0.0.1.
  virtual HookCall call(HookDoes what) = 0;
  // What kPutGreeting has put, under vars/job/api `greeting`; empty: nothing.
  virtual std::string greeting() = 0;
};

struct HooksCase {
  std::string name;
  std::function<std::unique_ptr<HooksHarness>()> make;
};
inline void PrintTo(const HooksCase& one, std::ostream* out) { *out << one.name; }  // NOLINT: gtest's name

class HooksContract : public ::testing::TestWithParam<HooksCase> {
 protected:
  HooksContract() : harness_(GetParam().make()) {}
  Hooks& hooks() { return harness_->hooks(); }
  HookAnswer run(HookDoes what) {
    HookAnswer answer;
    ticket_ = hooks().run(harness_->call(what), answer.output(), answer.sink());
    return answer;
  }

  std::unique_ptr<HooksHarness> harness_;
  Hooks::Ticket ticket_ = 0;  // of the last one
};

TEST_P(HooksContract, a_hook_is_answered_once_with_how_it_ended) {
  struct Row {
    HookDoes what;
    HookResult::End end;
    int status;
    std::string output;
  };
  for (const Row& row : {Row{HookDoes::kSucceed, HookResult::End::kDone, 0, ""},
                         Row{HookDoes::kFailWith3, HookResult::End::kFailed, 3, ""},
                         Row{HookDoes::kSayHello, HookResult::End::kDone, 0, "hello\n"}}) {
    const HookAnswer answer = run(row.what);
    const HookResult result = answer.wait();
    EXPECT_EQ(result.end, row.end) << result.detail << answer.text();
    EXPECT_EQ(result.status, row.status);
    EXPECT_EQ(result.detail.empty(), row.end == HookResult::End::kDone) << result.detail;
    EXPECT_EQ(answer.text(), row.output);
    EXPECT_EQ(answer.count(), 1u);
  }
}

TEST_P(HooksContract, what_a_hook_writes_reaches_its_values) {
  EXPECT_EQ(harness_->greeting(), "");
  const HookAnswer answer = run(HookDoes::kPutGreeting);
  EXPECT_EQ(answer.wait().end, HookResult::End::kDone) << answer.text();
  EXPECT_EQ(harness_->greeting(), "hello");
}

TEST_P(HooksContract, output_comes_while_it_runs_and_cancelling_ends_it) {
  const HookAnswer answer = run(HookDoes::kSayHelloAndHang);
  EXPECT_TRUE(answer.wait_for_output("hello\n"));
  EXPECT_EQ(answer.count(), 0u);
  hooks().cancel(ticket_);
  EXPECT_EQ(answer.wait().end, HookResult::End::kCancelled);
  hooks().cancel(ticket_);  // of one that has ended: nothing
  EXPECT_EQ(answer.count(), 1u);
}

TEST_P(HooksContract, one_that_is_cancelled_takes_no_other_with_it) {
  const HookAnswer first = run(HookDoes::kSayHelloAndHang);
  const Hooks::Ticket of_first = ticket_;
  const HookAnswer second = run(HookDoes::kSayHelloAndHang);
  EXPECT_NE(of_first, ticket_);
  hooks().cancel(of_first);
  EXPECT_EQ(first.wait().end, HookResult::End::kCancelled);
  EXPECT_TRUE(second.wait_for_output("hello\n"));
  EXPECT_EQ(second.count(), 0u);
  hooks().cancel(ticket_);
  EXPECT_EQ(second.wait().end, HookResult::End::kCancelled);
}

TEST_P(HooksContract, stopping_answers_what_runs_and_whatever_comes_later) {
  const HookAnswer running = run(HookDoes::kSayHelloAndHang);
  hooks().stop();
  EXPECT_EQ(running.wait().end, HookResult::End::kCancelled);
  const HookAnswer late = run(HookDoes::kSucceed);
  EXPECT_EQ(late.wait().end, HookResult::End::kCancelled);
  hooks().stop();
  EXPECT_EQ(running.count(), 1u);
  EXPECT_EQ(late.count(), 1u);
}

}  // namespace maand::testing
