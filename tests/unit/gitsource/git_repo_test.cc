// The mirror on disk: what a killed process left, and damage.
#include "gitsource/git_repo.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

#include "gitsource/git_source.h"
#include "tests/support/git_server.h"

namespace maand {
namespace {

namespace fs = std::filesystem;

class GitMirrorTest : public ::testing::Test {
 protected:
  GitOptions options() {
    GitOptions out;
    out.url = server_.file_url();
    out.mirror = mirror().string();
    out.bucket_id = "b1";
    out.bucket_name = "prod";
    out.transport_command = {MAAND_TEST_GIT_TRANSPORT};
    return out;
  }
  fs::path mirror() const { return server_.directory() / "mirror.git"; }
  testing::GitServer server_;
};

TEST_F(GitMirrorTest, LeftoversOfAKilledProcessAreNoObstacle) {
  const std::string one = server_.commit({{"a", "1"}}, "one");
  GitSource(options()).fetch();
  const fs::path packs = mirror() / "objects/pack";
  for (const char* name : {"tmp_pack_AbC123", "pack_git2_0a1b2c"})
    testing::write_file(packs / name, "half a pack");
  for (const char* name : {"refs/heads/main.lock", "packed-refs.lock", "config.lock"})
    testing::write_file(mirror() / name, "");
  const std::string two = server_.commit({{"a", "2"}}, "two");
  GitSource source(options());
  EXPECT_EQ(source.fetch().str(), two);
  for (const char* name : {"tmp_pack_AbC123", "pack_git2_0a1b2c"})
    EXPECT_FALSE(fs::exists(packs / name)) << name;
}

struct Damage {
  const char* what;
  void (*apply)(const fs::path& mirror);
};

class DamagedMirror : public GitMirrorTest, public ::testing::WithParamInterface<Damage> {};

TEST_P(DamagedMirror, IsClonedAgainAndKeepsWhatHeldJobsRun) {
  SCOPED_TRACE(GetParam().what);
  const std::string old = server_.commit({{"a", "old"}}, "old");
  {
    GitSource source(options());
    source.fetch();
    source.keep("api", CommitId(old));
  }
  const std::string head = server_.commit({{"a", "new"}}, "new");
  GitSource(options()).fetch();
  GetParam().apply(mirror());
  GitSource source(options());
  // Whoever meets the damage first is told; the next look at the remote heals it.
  try {
    source.open_view(CommitId(head))->read("a");
  } catch (const SourceError& error) {
    EXPECT_EQ(error.problem(), SourceProblem::kMirrorBroken) << error.what();
  }
  EXPECT_EQ(source.ls_remote().commit.str(), head);
  EXPECT_EQ(source.open_view(CommitId(head))->read("a"), "new");
  EXPECT_EQ(source.open_view(CommitId(old))->read("a"), "old");
  EXPECT_EQ(source.kept("api"), CommitId(old));
  EXPECT_NO_THROW(testing::run_program({"git", "-C", mirror().string(), "fsck"}));
}

void every_pack(const fs::path& mirror, const std::string& extension, const char* content) {
  for (const fs::directory_entry& entry : fs::directory_iterator(mirror / "objects/pack")) {
    if (entry.path().extension() == extension) testing::write_file(entry.path(), content);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Damages, DamagedMirror,
    ::testing::Values(
        Damage{"packs overwritten", [](const fs::path& m) { every_pack(m, ".pack", "garbage"); }},
        Damage{"pack indexes emptied", [](const fs::path& m) { every_pack(m, ".idx", ""); }},
        Damage{"packs gone",
               [](const fs::path& m) {
                 fs::remove_all(m / "objects/pack");
                 fs::create_directories(m / "objects/pack");
               }},
        Damage{"HEAD emptied", [](const fs::path& m) { testing::write_file(m / "HEAD", ""); }},
        Damage{"configuration unreadable",
               [](const fs::path& m) { testing::write_file(m / "config", "[core\n\0x"); }},
        Damage{"branch ref emptied",
               [](const fs::path& m) { testing::write_file(m / "refs/heads/main", ""); }},
        Damage{"objects directory gone", [](const fs::path& m) { fs::remove_all(m / "objects"); }}));

TEST_F(GitMirrorTest, KeptCommitsOfARewrittenHistoryAreTakenFromTheDamagedMirror) {
  const std::string old = server_.commit({{"a", "old"}}, "old");
  GitSource source(options());
  source.fetch();
  source.keep("a/b", CommitId(old));
  const std::string head = server_.rewrite("", {{"a", "new"}}, "new history");
  source.fetch();
  testing::write_file(mirror() / "refs/heads/main", "nonsense\n");
  server_.git_bare({"-c", "gc.pruneExpire=now", "reflog", "expire", "--expire=now", "--all"});
  server_.git_bare({"prune", "--expire=now"});
  EXPECT_EQ(source.ls_remote().commit.str(), head);
  EXPECT_EQ(source.kept("a/b"), CommitId(old));
  EXPECT_EQ(source.open_view(CommitId(old))->read("a"), "old");
}

TEST_F(GitMirrorTest, TheOperatorsEnvironmentAndConfigurationCannotInterfere) {
  const std::string one = server_.commit({{"a", "1"}}, "one");
  const fs::path home = server_.directory() / "home";
  fs::create_directories(home);
  testing::write_file(home / ".gitconfig", "[broken\n");
  ::setenv("HOME", home.c_str(), 1);
  ::setenv("GIT_DIR", "/nonexistent", 1);
  GitSource source(options());
  EXPECT_EQ(source.fetch().str(), one);
  ::unsetenv("GIT_DIR");
}

TEST_F(GitMirrorTest, BlobsAreReadByManyThreadsAndTheCacheIsBounded) {
  testing::GitChanges files;
  for (int i = 0; i < 50; ++i)
    files["f" + std::to_string(i)] = std::string(1000, static_cast<char>('a' + i % 26)) + std::to_string(i);
  server_.commit(files, "one");
  GitOptions small = options();
  small.blob_cache_bytes = 8000;
  GitSource source(small);
  const auto entries = source.open_view(source.fetch())->list("");
  ASSERT_TRUE(entries);
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (const Entry& entry : *entries) right += *source.blobs().read(entry.blob) == *files.at(entry.path);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 200);
}

}  // namespace
}  // namespace maand
