// FileView over a commit: what the real git put into it.
#include "gitsource/git_tree.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/git_server.h"

namespace maand {
namespace {

using testing::GitServer;
namespace fs = std::filesystem;

class GitTreeTest : public ::testing::Test {
 protected:
  std::unique_ptr<FileView> view(const std::string& commit) {
    return open_git_tree(mirror_, CommitId(commit));
  }
  GitServer server_;
  GitMirror mirror_{server_.bare().string(), "refs/heads/main"};
};

TEST_F(GitTreeTest, ModesSymlinksAndSubmodulesAreKeptAndNothingIsFollowed) {
  testing::write_file(server_.work() / "run.sh", "#!/bin/sh\n", 0755);
  fs::create_symlink("/etc/passwd", server_.work() / "outside");
  fs::create_directories(server_.work() / "real");
  fs::create_directory_symlink("real", server_.work() / "alias");
  server_.commit({{"plain", "x"}, {"real/file", "inside"}}, "one");
  const std::string any = server_.git({"rev-parse", "HEAD"});
  server_.git({"update-index", "--add", "--cacheinfo", "160000," + any + ",module"});
  server_.git({"commit", "-q", "-m", "a submodule"});
  server_.git({"push", "-q", "origin", "HEAD:main"});
  const auto tree = view(server_.git({"rev-parse", "HEAD"}));
  const auto files = tree->list("");
  ASSERT_TRUE(files);
  std::map<std::string, EntryKind> kinds;
  for (const Entry& entry : *files) kinds[entry.path] = entry.kind;
  EXPECT_EQ(kinds, (std::map<std::string, EntryKind>{{"alias", EntryKind::kSymlink},
                                                     {"module", EntryKind::kSubmodule},
                                                     {"outside", EntryKind::kSymlink},
                                                     {"plain", EntryKind::kRegular},
                                                     {"real/file", EntryKind::kRegular},
                                                     {"run.sh", EntryKind::kExecutable}}));
  EXPECT_EQ(tree->read("outside"), "/etc/passwd");
  EXPECT_EQ(tree->read("alias/file"), std::nullopt);
  EXPECT_EQ(tree->read("module"), std::nullopt);
  EXPECT_FALSE(tree->list("alias"));
  EXPECT_EQ(tree->subdirectories(""), std::vector<std::string>{"real"});
}

TEST_F(GitTreeTest, IdsAndSizesAreGitsOwn) {
  const std::string commit =
      server_.commit({{"jobs/api/Makefile", "start:\n\ttrue\n"}, {"jobs.txt", "a"}}, "one");
  const auto tree = view(commit);
  EXPECT_EQ(tree->tree("jobs/api").str(), server_.git({"rev-parse", "HEAD:jobs/api"}));
  EXPECT_EQ(tree->tree("").str(), server_.git({"rev-parse", "HEAD^{tree}"}));
  const auto files = tree->list("jobs/api");
  ASSERT_TRUE(files);
  ASSERT_EQ(files->size(), 1u);
  EXPECT_EQ((*files)[0].blob.str(), server_.git({"rev-parse", "HEAD:jobs/api/Makefile"}));
  EXPECT_EQ((*files)[0].size_bytes, 13u);
}

TEST_F(GitTreeTest, PathsThatAreNoPathsAreNowhere) {
  const auto tree = view(server_.commit({{"a/b", "x"}}, "one"));
  for (const std::string path : {"", "/", "a/", "/a/b", "a//b", "./a/b", "a/./b", "a/../a/b", ".."}) {
    EXPECT_EQ(tree->read(path), std::nullopt) << path;
    if (!path.empty()) {
      EXPECT_FALSE(tree->list(path)) << path;
    }
  }
  EXPECT_EQ(tree->read(std::string_view("a/b\0c", 5)), std::nullopt);
}

TEST_F(GitTreeTest, AnEntryThatCouldLeaveItsDirectoryIsAnError) {
  const std::string commit = server_.commit({{"a", "x"}}, "one");
  const std::string blob = server_.git_bare({"rev-parse", commit + ":a"});
  for (const char* name : {"..", ".", "x/y"}) {
    SCOPED_TRACE(name);
    // Real git refuses to make such a tree, so it is written byte by byte.
    std::string raw = std::string("100644 ") + name + '\0';
    for (std::size_t i = 0; i < 40; i += 2)
      raw.push_back(static_cast<char>(std::stoi(blob.substr(i, 2), nullptr, 16)));
    const fs::path file = server_.directory() / "tree";
    testing::write_file(file, raw);
    const std::string tree =
        server_.git_bare({"hash-object", "--literally", "-t", "tree", "-w", file.string()});
    const std::string bad = server_.git_bare({"commit-tree", "-m", "bad", tree});
    const auto hostile = view(bad);
    EXPECT_THROW(hostile->list(""), SourceError);
    EXPECT_EQ(hostile->read(name), std::nullopt);
  }
}

TEST_F(GitTreeTest, AFewObjectsThatDescribeTooManyFilesEnd) {
  const std::string commit = server_.commit({{"a", "x"}}, "one");
  std::string tree = server_.git_bare({"rev-parse", commit + "^{tree}"});
  for (int level = 0; level < 30; ++level) {  // 8^30 files
    std::string raw;
    for (char name = 'a'; name < 'i'; ++name) {
      raw += std::string("40000 ") + name + '\0';
      for (std::size_t i = 0; i < 40; i += 2)
        raw.push_back(static_cast<char>(std::stoi(tree.substr(i, 2), nullptr, 16)));
    }
    const fs::path file = server_.directory() / "tree";
    testing::write_file(file, raw);
    tree = server_.git_bare({"hash-object", "-t", "tree", "-w", file.string()});
  }
  const auto bomb = view(server_.git_bare({"commit-tree", "-m", "bomb", tree}));
  EXPECT_THROW(bomb->list(""), SourceError);
  EXPECT_EQ(bomb->subdirectories("").size(), 8u) << "what is asked for by name still works";
}

}  // namespace
}  // namespace maand
