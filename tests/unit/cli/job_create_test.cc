#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/temp_dir.h"
#include "tests/unit/cli/maand.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class JobCreate : public ::testing::Test {
 protected:
  JobCreate() {
    fs::create_directories(workspace());
    std::ofstream(workspace() / "workers.json") << R"([{"host": "10.0.0.1", "labels": ["web"]}])";
  }
  fs::path workspace() const { return dir_.path() / "workspace"; }

  const TempDir dir_;
};

TEST_F(JobCreate, WritesAJobThatLoads) {
  const ProgramResult result = maand({"job", "create", "api", "--selectors", "worker, Web"}, dir_.path());
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("wrote workspace/jobs/api/manifest.json"));
  std::ifstream in(workspace() / "jobs" / "api" / "manifest.json");
  const std::string manifest{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(manifest, "{\n  \"version\": \"1.0.0\",\n  \"selectors\": [\"worker\", \"web\"]\n}\n");
  const ProgramResult valid = maand({"validate"}, dir_.path());
  EXPECT_EQ(valid.status, 0);
  EXPECT_EQ(valid.out, "valid: 1 job on 1 worker, 1 allocation\n");
}

TEST_F(JobCreate, EveryTargetIsHarmlessAndSucceeds) {
  ASSERT_EQ(maand({"job", "create", "api", "-s", "worker"}, dir_.path()).status, 0);
  const fs::path job = workspace() / "jobs" / "api";
  for (const char* target : {"start", "stop", "restart", "reload", "status"}) {
    const ProgramResult made = call_program({.argv = {"/usr/bin/make", "-s", "--", target},
                                             .environment = {{"NEW_VERSION", "1.0.0"}},
                                             .cwd = job});
    EXPECT_EQ(made.status, 0) << made.err;
    EXPECT_THAT(made.out, HasSubstr(target));
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(job), {}), 2);
}

TEST_F(JobCreate, FindsTheWorkspaceFromBelowIt) {
  fs::create_directories(workspace() / "jobs" / "other");
  ASSERT_EQ(maand({"job", "create", "api", "-s", "worker"}, workspace() / "jobs" / "other").status, 0);
  EXPECT_TRUE(fs::exists(workspace() / "jobs" / "api" / "Makefile"));
}

TEST_F(JobCreate, RefusesBadNamesExistingJobsAndMissingLabels) {
  fs::create_directories(workspace() / "jobs" / "old");
  struct {
    std::vector<std::string> arguments;
    const char* says;
  } const rows[] = {
      {{"job", "create", "../evil", "-s", "worker"}, "is no name for a job"},
      {{"job", "create", ".hidden", "-s", "worker"}, "is no name for a job"},
      {{"job", "create", std::string(64, 'x'), "-s", "worker"}, "is no name for a job"},
      {{"job", "create", "old", "-s", "worker"}, "exists already"},
      {{"job", "create", "api"}, "--selectors"},
      {{"job", "create", "api", "-s", ","}, "--selectors"},
  };
  for (const auto& row : rows) {
    const ProgramResult result = maand(row.arguments, dir_.path());
    EXPECT_EQ(result.status, 2) << row.says;
    EXPECT_THAT(result.err, HasSubstr(row.says));
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(workspace() / "jobs"), {}), 1);
  EXPECT_TRUE(fs::is_empty(workspace() / "jobs" / "old"));
}

TEST_F(JobCreate, NeedsAWorkspace) {
  const TempDir elsewhere;
  const ProgramResult result = maand({"job", "create", "api", "-s", "worker"}, elsewhere.path());
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("there is no workspace in"));
}

}  // namespace
}  // namespace maand::testing
