#include "executor/hook_order.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

TEST(hook_order, every_field_comes_back_as_it_was_sent) {
  HookOrder sent;
  sent.argv = {"/usr/bin/python3", "", "a\nb = c"};
  sent.environment = {"A=b\nc", "EMPTY=", "EQ=a=b"};
  sent.cwd = "/dev/shm/x y";
  sent.directory = "/dev/shm/x";
  sent.identity = HookOrder::Identity{.uid = 65534, .gid = 4294967294u, .groups = {0, 7, 65534}};
  sent.own_processes = false;
  sent.limits = {.memory_bytes = 1ull << 40,
                 .tasks = 3,
                 .data_bytes = 5,
                 .cpu = std::chrono::seconds(7),
                 .file_bytes = 11,
                 .open_files = 13,
                 .mercy = std::chrono::milliseconds(17)};
  const std::optional<HookOrder> got = decode_hook_order(encode(sent));
  ASSERT_TRUE(got);
  EXPECT_EQ(encode(*got), encode(sent));
  EXPECT_EQ(got->argv, sent.argv);
  EXPECT_EQ(got->environment, sent.environment);
  EXPECT_EQ(got->cwd, sent.cwd);
  EXPECT_EQ(got->directory, sent.directory);
  ASSERT_TRUE(got->identity);
  EXPECT_EQ(got->identity->uid, 65534u);
  EXPECT_EQ(got->identity->gid, 4294967294u);
  EXPECT_EQ(got->identity->groups, sent.identity->groups);
  EXPECT_FALSE(got->own_processes);
  EXPECT_EQ(got->limits.memory_bytes, 1ull << 40);
  EXPECT_EQ(got->limits.cpu.count(), 7);
  EXPECT_EQ(got->limits.mercy.count(), 17);
}

TEST(hook_order, one_that_is_cut_anywhere_or_says_what_we_do_not_know_is_none) {
  HookOrder sent;
  sent.argv = {"/bin/true"};
  const std::string text = encode(sent);
  int whole = 0;
  for (std::size_t size = 0; size < text.size(); ++size) {
    // Between two fields it cannot be told; whoever runs it has it from a file that is whole.
    if (decode_hook_order(std::string_view(text).substr(0, size))) ++whole;
  }
  EXPECT_LT(whole, 12);
  EXPECT_FALSE(decode_hook_order(text + std::string("nonsense\0x\0", 11)));
  EXPECT_FALSE(decode_hook_order(text + std::string("uid\0-1\0", 7)));
  EXPECT_FALSE(decode_hook_order(""));
}

TEST(hook_order, a_report_comes_back_or_is_none) {
  using How = HookReport::How;
  for (const HookReport& sent :
       {HookReport{.how = How::kExited, .number = 3}, HookReport{.how = How::kSignalled, .number = 9},
        HookReport{.how = How::kOverMemory}, HookReport{.how = How::kOverTasks},
        HookReport{.how = How::kNotStarted, .detail = "could not run its program: No such file"}}) {
    const std::optional<HookReport> got = decode_hook_report(encode(sent));
    ASSERT_TRUE(got) << encode(sent);
    EXPECT_EQ(got->how, sent.how);
    EXPECT_EQ(got->number, sent.number);
    EXPECT_EQ(got->detail, sent.detail);
  }
  for (const char* text : {"", "exited 3", "exited\n", "exited x \n", "gone 3 \n"})
    EXPECT_FALSE(decode_hook_report(text)) << text;
}

}  // namespace
}  // namespace maand
