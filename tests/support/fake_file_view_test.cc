// A fake that lies makes every test above it worthless.
#include "tests/support/fake_file_view.h"

#include <gtest/gtest.h>

namespace maand::testing {
namespace {

std::vector<std::string> paths(const std::optional<std::vector<Entry>>& entries) {
  std::vector<std::string> out;
  for (const Entry& entry : entries.value()) out.push_back(entry.path);
  return out;
}

using Names = std::vector<std::string>;

TEST(FakeFileView, ReadsFilesAndSymlinksButNotDirectoriesOrSubmodules) {
  FakeFileView view{{"a/x", "bytes"}};
  view.symlink("a/link", "x").submodule("a/sub");
  EXPECT_EQ(view.read("a/x"), "bytes");
  EXPECT_EQ(view.read("a/link"), "x");
  EXPECT_EQ(view.read("a"), std::nullopt);
  EXPECT_EQ(view.read("a/sub"), std::nullopt);
  EXPECT_EQ(view.read("b"), std::nullopt);
  EXPECT_EQ(view.reads(), 5);
}

TEST(FakeFileView, ListsRecursivelyAndSortedAndOnlyBelowTheDirectory) {
  const FakeFileView view{{"a/b/z", ""}, {"a/b.c", ""}, {"ab/x", ""}, {"a/b/a", ""}, {"top", ""}};
  EXPECT_EQ(paths(view.list("a")), (Names{"a/b.c", "a/b/a", "a/b/z"}));
  EXPECT_EQ(paths(view.list("")).size(), 5u);
  EXPECT_EQ(view.list("c"), std::nullopt);
  EXPECT_EQ(view.list("top"), std::nullopt) << "a file is no directory";
  EXPECT_TRUE(FakeFileView().list("").has_value()) << "the root is always there";
}

TEST(FakeFileView, EntriesSayKindAndSize) {
  FakeFileView view;
  view.file("f", "123").executable("x", "").symlink("l", "f").submodule("s");
  const auto entries = view.list("").value();
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_EQ(entries[0].kind, EntryKind::kRegular);
  EXPECT_EQ(entries[0].size_bytes, 3u);
  EXPECT_EQ(entries[1].kind, EntryKind::kSymlink);
  EXPECT_EQ(entries[2].kind, EntryKind::kSubmodule);
  EXPECT_EQ(entries[3].kind, EntryKind::kExecutable);
}

TEST(FakeFileView, SubdirectoriesAreDirectOnesOnly) {
  const FakeFileView view{{"jobs/a/b/c", ""}, {"jobs/.git/x", ""}, {"jobs/file", ""}, {"other/x", ""}};
  EXPECT_EQ(view.subdirectories("jobs"), (Names{".git", "a"}));
  EXPECT_EQ(view.subdirectories(""), (Names{"jobs", "other"}));
  EXPECT_EQ(view.subdirectories("nothing"), Names{});
}

TEST(FakeFileView, APathIsAFileOrADirectoryAndNeverBoth) {
  FakeFileView view{{"a/b/x", ""}, {"a/b/y", ""}, {"ab", ""}};
  view.symlink("a/b", "elsewhere");
  EXPECT_EQ(paths(view.list("")), (Names{"a/b", "ab"}));
  view.file("a/b/c/z", "");
  EXPECT_EQ(paths(view.list("")), (Names{"a/b/c/z", "ab"}));
}

TEST(FakeFileView, TreeIdsDependOnContentKindAndNamesBelowAndOnNothingElse) {
  FakeFileView view{{"a/x", "1"}, {"b/x", "1"}};
  const TreeId same = view.tree("a");
  EXPECT_EQ(same.str().size(), 40u);
  EXPECT_EQ(view.tree("b"), same);
  EXPECT_TRUE(view.tree("c").empty());
  view.file("b/x", "2");
  EXPECT_EQ(view.tree("a"), same);
  EXPECT_NE(view.tree("b"), same);
  view.executable("b/x", "1");
  EXPECT_NE(view.tree("b"), same);
  view.remove("b").file("b/y", "1");
  EXPECT_NE(view.tree("b"), same);
}

TEST(FakeFileView, EqualBytesHaveOneBlob) {
  const FakeFileView view{{"a", "same"}, {"b", "same"}, {"c", "other"}};
  const auto entries = view.list("").value();
  EXPECT_EQ(entries[0].blob, entries[1].blob);
  EXPECT_NE(entries[0].blob, entries[2].blob);
  EXPECT_EQ(entries[0].blob, fake_blob_id("same"));
  EXPECT_EQ(view.blob(entries[2].blob), "other");
  EXPECT_EQ(view.blob(BlobId("nothing")), std::nullopt);
}

TEST(FakeFileView, RemoveTakesAFileOrAWholeDirectory) {
  FakeFileView view{{"a/x", ""}, {"a/y", ""}, {"ab", ""}};
  view.remove("a");
  EXPECT_EQ(paths(view.list("")), Names{"ab"});
}

}  // namespace
}  // namespace maand::testing
