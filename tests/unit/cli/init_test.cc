#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include "reconciler/app/config.h"
#include "reconciler/core/diagnostics.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/cli/maand.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

mode_t mode_of(const fs::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

std::string content(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Init, MakesABucketThatLoadsWithoutAWord) {
  const TempDir dir;
  const fs::path bucket = dir.path() / "deep" / "prod";
  const ProgramResult result = maand({"init", "--repo", "git@example.org:ops/fleet.git", bucket});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(mode_of(bucket / "secrets"), 0700u);
  EXPECT_EQ(mode_of(bucket / "data"), 0700u);

  const LoadedConfig loaded = load_config(bucket, {});
  for (const Diagnostic& one : loaded.diagnostics.all()) ADD_FAILURE() << to_string(one);
  EXPECT_EQ(loaded.config.git.url, "git@example.org:ops/fleet.git");
  EXPECT_EQ(loaded.config.git.branch, "main");
  EXPECT_EQ(loaded.config.git.path, "workspace");
  EXPECT_EQ(loaded.config.name, "prod");
  EXPECT_TRUE(
      std::regex_match(loaded.config.bucket_id.str(),
                       std::regex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")))
      << loaded.config.bucket_id.str();
}

TEST(Init, CommentedDefaultsAreTheDefaults) {
  const TempDir dir;
  ASSERT_EQ(maand({"init", "--repo", "/srv/fleet.git", dir.path() / "b"}).status, 0);
  std::string text = content(dir.path() / "b" / "maand.conf");
  // Every commented key, switched on: each must be known, and accepted.
  text = std::regex_replace(text, std::regex("\n# ([a-z_]+ = )"), "\n$1");
  const LoadedConfig loaded = parse_config(text, "maand.conf", {});
  for (const Diagnostic& one : loaded.diagnostics.all()) {
    if (one.field != "ssh.jump") ADD_FAILURE() << to_string(one);
  }
  const Config defaults;
  EXPECT_EQ(loaded.config.worker_root, defaults.worker_root);
  EXPECT_EQ(loaded.config.ssh.port, defaults.ssh.port);
  EXPECT_EQ(loaded.config.ssh.connect_timeout, defaults.ssh.connect_timeout);
  EXPECT_EQ(loaded.config.git.poll_interval, defaults.git.poll_interval);
  EXPECT_EQ(loaded.config.policy.max_removals, defaults.policy.max_removals);
  EXPECT_EQ(loaded.config.rollout.lifecycle_timeout, defaults.rollout.lifecycle_timeout);
  EXPECT_EQ(loaded.config.http.listen, defaults.http.listen);
  EXPECT_EQ(loaded.config.http.health_listen, defaults.http.health_listen);
}

TEST(Init, SaysTheNextStepsForTheKindOfRepository) {
  struct {
    const char* repo;
    const char* says;
  } const rows[] = {
      {"git@example.org:ops/fleet.git", "secrets/git.key"},
      {"https://example.org/ops/fleet.git", "git.token_file"},
      {"file:///srv/fleet.git", "3. maand --bucket"},
  };
  for (const auto& row : rows) {
    const TempDir dir;
    const ProgramResult result = maand({"init", "--repo", row.repo, dir.path() / "b"});
    ASSERT_EQ(result.status, 0) << result.err;
    for (const char* always : {"secrets/worker.key", "secrets/known_hosts", " serve"}) {
      EXPECT_THAT(result.out, HasSubstr(always));
    }
    EXPECT_THAT(result.out, HasSubstr(row.says));
  }
}

TEST(Init, NeverOverwritesAndNamesWhatIsThere) {
  for (const char* existing : {"maand.conf", "secrets", "data"}) {
    const TempDir dir;
    fs::create_directory(dir.path() / existing);
    const ProgramResult result = maand({"init", "--repo", "/srv/fleet.git", dir.path()});
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.err, HasSubstr(std::string("already has ") + existing));
    EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), {}), 1)
        << "something was made beside " << existing;
  }
}

TEST(Init, TheRootOfARepositoryIsTheEmptyPath) {
  const TempDir dir;
  const ProgramResult made = maand({"init", "--repo", "/srv/x.git", "--path", "", dir.path() / "b"});
  EXPECT_EQ(made.status, 0) << made.err;
  EXPECT_THAT(content(dir.path() / "b" / "maand.conf"), HasSubstr("\npath = \"\""));
}

TEST(Init, RefusesBadValuesBeforeAnythingIsMade) {
  struct {
    std::vector<std::string> arguments;
    const char* says;
  } const rows[] = {
      {{"--repo", "http://example.org/x.git"}, "--repo"},
      {{"--repo", "/srv/x.git", "--bucket-id", "a b"}, "bucket_id"},
      {{"--repo", "/srv/x.git", "--path", "../x"}, "git.path"},
      {{"--repo", "/srv/x.git", "--branch", "a\nb"}, "--branch"},
      {{"--repo", "/srv/x.git", "--branch", "a b"},
       "--branch \"a b\" is no name that git allows for a branch"},
      {{"--repo", "/srv/x.git", "--branch", "a..b"}, "--branch"},
  };
  for (const auto& row : rows) {
    const TempDir dir;
    std::vector<std::string> arguments = {"init"};
    arguments.insert(arguments.end(), row.arguments.begin(), row.arguments.end());
    arguments.push_back(dir.path() / "b");
    const ProgramResult result = maand(arguments);
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.err, HasSubstr(row.says));
    EXPECT_FALSE(fs::exists(dir.path() / "b"));
  }
}

TEST(Init, KeepsValuesWithQuotesAsTheyAre) {
  const TempDir dir;
  ASSERT_EQ(
      maand({"init", "--repo", "/srv/a \"b\" \\c.git", "--bucket-id", "my-id", dir.path() / "b"}).status, 0);
  const LoadedConfig loaded = load_config(dir.path() / "b", {});
  EXPECT_EQ(loaded.config.git.url, "/srv/a \"b\" \\c.git");
  EXPECT_EQ(loaded.config.bucket_id.str(), "my-id");
}

TEST(Init, WithJsonTellsDirectoryAndId) {
  const TempDir dir;
  const ProgramResult result =
      maand({"init", "--json", "--repo", "/srv/x.git", "--bucket-id", "my-id", "."}, dir.path());
  EXPECT_EQ(result.out, "{\"bucket\":\"" + dir.path().string() + "\",\"bucket_id\":\"my-id\"}\n");
}

}  // namespace
}  // namespace maand::testing
