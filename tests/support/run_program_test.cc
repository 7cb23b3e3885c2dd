#include "tests/support/run_program.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <stdexcept>

namespace maand::testing {
namespace {

TEST(RunProgram, KeepsBothOutputsAndTheStatusApart) {
  const ProgramResult result = call_program({.argv = {"/bin/sh", "-c", "echo out; echo err >&2; exit 7"}});
  EXPECT_EQ(result.status, 7);
  EXPECT_EQ(result.out, "out\n");
  EXPECT_EQ(result.err, "err\n");
  EXPECT_FALSE(result.timed_out);
}

TEST(RunProgram, GivesInputDirectoryAndEnvironment) {
  const ProgramResult result = call_program({.argv = {"/bin/sh", "-c", "cat; pwd; echo $COLOUR"},
                                             .environment = {{"COLOUR", "red"}},
                                             .input = "in\n",
                                             .cwd = "/"});
  EXPECT_EQ(result.out, "in\n/\nred\n");
}

TEST(RunProgram, KillsTheWholeGroupAtItsLimit) {
  const ProgramResult result = call_program(
      {.argv = {"/bin/sh", "-c", "(while :; do :; done) & wait"}, .limit = std::chrono::seconds(1)});
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.status, 128 + 9);
}

TEST(RunProgram, SaysWhatCannotBeStarted) {
  EXPECT_THROW(call_program({.argv = {"/nonexistent/program"}}), std::runtime_error);
}

}  // namespace
}  // namespace maand::testing
