// A plain directory looks as the commit it would become.
#include "gitsource/directory_view.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "gitsource/git_tree.h"
#include "tests/support/git_server.h"

namespace maand {
namespace {

namespace fs = std::filesystem;
using testing::write_file;

bool same(const Entry& a, const Entry& b) {
  return a.path == b.path && a.kind == b.kind && a.blob == b.blob && a.size_bytes == b.size_bytes;
}

TEST(DirectoryView, IsEqualToTheCommitOfTheSameFiles) {
  testing::GitServer server;
  write_file(server.work() / "run.sh", "#!/bin/sh\n", 0755);
  fs::create_symlink("../../outside", server.work() / "link");
  const std::string commit = server.commit({{"jobs/api/Makefile", "start:\n"},
                                            {"jobs/api.txt", ""},
                                            {"jobs/api-x/f", "2"},
                                            {"workers.json", "[]"}},
                                           "one");
  fs::create_directories(server.work() / "empty/below");
  ASSERT_EQ(::mkfifo((server.work() / "pipe").c_str(), 0600), 0);

  GitMirror mirror(server.bare().string(), "refs/heads/main");
  const auto from_git = open_git_tree(mirror, CommitId(commit));
  const auto from_disk = open_directory_view(server.work().string());
  for (const char* directory : {"", "jobs", "jobs/api", "empty", "link", "nope"}) {
    SCOPED_TRACE(directory);
    EXPECT_EQ(from_disk->tree(directory), from_git->tree(directory));
    EXPECT_EQ(from_disk->subdirectories(directory), from_git->subdirectories(directory));
    const auto a = from_disk->list(directory);
    const auto b = from_git->list(directory);
    ASSERT_EQ(a.has_value(), b.has_value());
    if (!a) continue;
    ASSERT_EQ(a->size(), b->size());
    for (std::size_t i = 0; i < a->size(); ++i) EXPECT_TRUE(same((*a)[i], (*b)[i])) << (*a)[i].path;
  }
  for (const char* path :
       {"run.sh", "link", "jobs/api/Makefile", "jobs/api.txt", "jobs", "nope", "jobs/../run.sh", "pipe"}) {
    EXPECT_EQ(from_disk->read(path), from_git->read(path)) << path;
  }
}

TEST(DirectoryView, FollowsNoSymlinkAndNoForeignRepository) {
  const testing::TempDirectory outside("maand-view");
  write_file(outside.path() / "secret", "s3cret");
  const testing::TempDirectory root("maand-view");
  fs::create_directory_symlink(outside.path(), root.path() / "way");
  fs::create_symlink(outside.path() / "secret", root.path() / "file");
  fs::create_directories(root.path() / "module/.git");
  write_file(root.path() / "module/f", "x");
  fs::create_directories(root.path() / ".git");
  write_file(root.path() / ".git/config", "x");
  const auto view = open_directory_view(root.path().string());
  EXPECT_EQ(view->read("way/secret"), std::nullopt);
  EXPECT_EQ(view->read("file"), (outside.path() / "secret").string());
  EXPECT_EQ(view->read(".git/config"), std::nullopt);
  const auto files = view->list("");
  ASSERT_TRUE(files);
  ASSERT_EQ(files->size(), 3u);
  EXPECT_EQ((*files)[1].path, "module");
  EXPECT_EQ((*files)[1].kind, EntryKind::kSubmodule);
}

TEST(DirectoryView, AFileThatChangedSinceIsToldAndNotMixedIn) {
  const testing::TempDirectory root("maand-view");
  fs::create_directories(root.path() / "d");
  write_file(root.path() / "d/f", "one");
  const auto view = open_directory_view(root.path().string());
  EXPECT_EQ(view->read("d/f"), "one");
  write_file(root.path() / "d/f", "two");
  EXPECT_THROW(view->read("d/f"), SourceError);
  const testing::TempDirectory elsewhere("maand-view");
  write_file(elsewhere.path() / "f", "one");
  fs::remove_all(root.path() / "d");
  fs::create_directory_symlink(elsewhere.path(), root.path() / "d");
  EXPECT_THROW(view->read("d/f"), SourceError) << "a directory that became a symlink";
}

TEST(DirectoryView, ARootThatIsNoDirectoryIsNotFound) {
  for (const char* root : {"/nonexistent/maand", "/etc/passwd"}) {
    try {
      open_directory_view(root);
      ADD_FAILURE() << root;
    } catch (const SourceError& error) {
      EXPECT_EQ(error.problem(), SourceProblem::kNotFound);
    }
  }
}

}  // namespace
}  // namespace maand
