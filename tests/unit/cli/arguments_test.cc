#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"
#include "tests/unit/cli/maand.h"

namespace maand::testing {
namespace {

using ::testing::HasSubstr;

TEST(CommandLine, RefusesWhatItDoesNotUnderstandWithTwoAndSaysWhy) {
  struct {
    std::vector<std::string> arguments;
    const char* says;
  } const rows[] = {
      {{"stauts"}, "did you mean `maand status`?"},
      {{"--bucket", "/tmp", "--json", "stauts"}, "did you mean `maand status`?"},
      {{"build"}, "there is no `build`"},
      {{"deploy", "--jobs", "api"}, "there is no `deploy`"},
      {{"version", "--colour"}, "--colour"},
      {{"version", "extra"}, "extra"},
      {{"version", "--log-level", "loud"}, "loud"},
      {{"init"}, "--repo"},
      {{"validate", "--format", "xml"}, "xml"},
      {{"job"}, "maand job --help"},
      {{"job", "create"}, "NAME"},
      {{"version", "--\x1b[31m"}, "--\\x1b[31m"},
  };
  for (const auto& row : rows) {
    const ProgramResult result = maand(row.arguments);
    EXPECT_EQ(result.status, 2) << row.says;
    EXPECT_THAT(result.err, HasSubstr(row.says));
    EXPECT_EQ(result.err.rfind("maand: ", 0), 0u) << result.err;
    EXPECT_EQ(result.out, "") << row.says;
  }
}

// A variable of a script that is not set: never everything, never the default.
TEST(CommandLine, RefusesWhatIsEmpty) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"suspend", "", "--reason", "r", "--for", "1h"},
        {"resume", ""},
        {"note", ""},
        {"suspend", "--reason", "", "--for", "1h"},
        {"pin", "", "--reason", "r"},
        {"plan", "--commit", ""},
        {"plan", "--workspace", ""},
        {"render", "api", "--file", ""},
        {"worker", "drain", ""},
        {"worker", "reset", ""},
        {"retry", ""},
        {"release", ""},
        {"rollback", "api", "--to", "", "--reason", "r"},
        {"run_command", ""},
        {"job", "run", "api", "--target", ""},
        {"backup", ""},
        {"validate", ""},
        {"--bucket", "", "status"}}) {
    const ProgramResult result = maand(arguments);
    EXPECT_EQ(result.status, 2) << arguments[0];
    EXPECT_THAT(result.err, HasSubstr(": it is empty")) << arguments[0];
  }
}

TEST(CommandLine, WhatCouldNotBePrintedIsNoSuccessUnlessNobodyReadsOn) {
  const auto shell = [](const std::string& script) {
    return call_program({.argv = {"/bin/sh", "-c", script, MAAND_BINARY}, .cwd = "/"});
  };
  const ProgramResult full = shell("\"$0\" schema manifest >/dev/full");
  EXPECT_EQ(full.status, 1);
  EXPECT_THAT(full.err, HasSubstr("could not all be written"));
  const ProgramResult left = shell("{ \"$0\" schema conf; echo $? >&2; } | true");
  EXPECT_EQ(left.err, "0\n") << "like `maand history | head`";
}

TEST(CommandLine, WithoutAWordShowsTheHelpOnStderr) {
  const ProgramResult result = maand({});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("A bucket is a directory with maand.conf"));
}

TEST(CommandLine, HelpIsAResult) {
  const ProgramResult all = maand({"--help"});
  EXPECT_EQ(all.status, 0);
  EXPECT_THAT(all.out, HasSubstr("validate"));
  EXPECT_THAT(all.out, HasSubstr("Exit status"));
  EXPECT_THAT(all.out, ::testing::Not(HasSubstr("git-transport")));  // only the daemon calls it
  const ProgramResult one = maand({"init", "--help"});
  EXPECT_EQ(one.status, 0);
  EXPECT_THAT(one.out, HasSubstr("--repo"));
  EXPECT_THAT(one.out, HasSubstr("--branch"));
}

TEST(CommandLine, GlobalOptionsWorkBeforeAndAfterTheVerb) {
  const std::string json = maand({"version", "--json"}).out;
  EXPECT_EQ(json.rfind("{\"version\":\"", 0), 0u) << json;
  EXPECT_EQ(maand({"--json", "version"}).out, json);
}

TEST(CommandLine, VersionIsOneLine) {
  const ProgramResult result = maand({"version"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.out.rfind("maand ", 0), 0u) << result.out;
  EXPECT_EQ(result.err, "");
}

TEST(CommandLine, WithoutABucketSaysHowToGetOne) {
  const TempDir empty;
  const ProgramResult result = maand({"history"}, empty.path());
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("maand init --repo URL"));
}

}  // namespace
}  // namespace maand::testing
