// How one file's change is shown: what is compared, what is only counted, and that
// nothing is told of a secret.
#include "reconciler/core/file_change.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

ShippedFile file(const std::string& path, const std::string& bytes, int permissions = 0) {
  ShippedFile out;
  out.path = path;
  out.content = sha256(bytes);
  out.size_bytes = bytes.size();
  out.attributes.permissions = permissions;
  return out;
}

// Told what it was asked to compare.
TextDiff compare(std::string_view before, std::string_view after) {
  if (before == after) return {};
  return {{"-" + std::string(before), "+" + std::string(after)}, false};
}

const ShippedFile kOld = file("a.ini", "old text");
const ShippedFile kNew = file("a.ini", "the new text");

TEST(FileChange, IsShownAsWhatItIs) {
  const std::string binary("a\0b", 3);
  const std::string longer(kMostDiffTextBytes + 1, 'x');
  const struct {
    const char* what;
    FileSide before, after;
    std::string title;
    std::vector<std::string> diff;
  } table[] = {
      {"text that differs",
       {&kOld, "old text"},
       {&kNew, "the new text"},
       "~ a.ini, 8 → 12 bytes",
       {"-old text", "+the new text"}},
      {"a file more", {}, {&kNew, "the new text"}, "+ a.ini, 12 bytes", {"-", "+the new text"}},
      {"a file less", {&kOld, std::nullopt}, {}, "- a.ini, 8 bytes", {}},
      {"bytes", {&kOld, "old text"}, {&kNew, binary}, "~ a.ini, 8 → 12 bytes, binary", {}},
      {"no UTF-8", {&kOld, "\xff"}, {&kNew, "the new text"}, "~ a.ini, 8 → 12 bytes, binary", {}},
      {"too much",
       {&kOld, "old text"},
       {&kNew, longer},
       "~ a.ini, 8 → 12 bytes, too long to compare here",
       {}},
      {"nobody knows what lies there",
       {&kOld, std::nullopt},
       {&kNew, "the new text"},
       "~ a.ini, 8 → 12 bytes, old content is not known here",
       {}},
  };
  for (const auto& row : table) {
    const FileChange change = change_of(row.before, row.after, true, compare);
    EXPECT_EQ(title_of(change), row.title) << row.what;
    EXPECT_EQ(change.diff, row.diff) << row.what;
  }
}

TEST(FileChange, OfASecretNeitherSizeNorDigestIsTold) {
  const struct {
    const char* what;
    FileSide before, after;
    std::string title;
    std::vector<std::string> diff;
  } table[] = {
      {"another secret",
       {&kOld, "p=<secret>", true},
       {&kNew, "p=<secret>", true},
       "~ a.ini, differs (holds a secret)",
       {}},
      {"what stands beside it",
       {&kOld, "p=<secret>", true},
       {&kNew, "q=<secret>", true},
       "~ a.ini",
       {"-p=<secret>", "+q=<secret>"}},
      {"it is new in the file",
       {&kOld, "none"},
       {&kNew, "<secret>", true},
       "~ a.ini",
       {"-none", "+<secret>"}},
      {"the old text is unknown",
       {&kOld, std::nullopt},
       {&kNew, "<secret>", true},
       "~ a.ini, differs (holds a secret), old content is not known here",
       {}},
      {"it cannot be rendered without it",
       {&kOld, "none"},
       {&kNew, std::nullopt, true},
       "~ a.ini, differs (holds a secret)",
       {}},
      {"a secret file more", {}, {&kNew, "<secret>", true}, "+ a.ini", {"-", "+<secret>"}},
      {"a secret file less", {&kOld, std::nullopt, true}, {}, "- a.ini, holds a secret", {}},
  };
  for (const auto& row : table) {
    const FileChange change = change_of(row.before, row.after, true, compare);
    EXPECT_EQ(title_of(change), row.title) << row.what;
    EXPECT_EQ(change.diff, row.diff) << row.what;
    EXPECT_FALSE(change.old_bytes || change.new_bytes) << row.what;
  }
}

TEST(FileChange, AModeAloneIsTold) {
  const ShippedFile strict = file("a.ini", "old text", 0600);
  const FileChange change = change_of({&kOld, "old text"}, {&strict, "old text"}, true, compare);
  EXPECT_EQ(title_of(change), "~ a.ini, 8 bytes, 0644 → 0600");
  EXPECT_TRUE(change.diff.empty());
}

TEST(FileChange, AFirstStartIsNotPrintedWhole) {
  EXPECT_EQ(change_of({}, {&kNew, "the new text"}, false, compare).diff, std::vector<std::string>{});
}

TEST(FileChange, AModeIsWrittenAsLsWouldCountIt) {
  ShippedFile one = file("a", "");
  EXPECT_EQ(mode_text(one), "0644");
  one.mode = FileMode::kExecutable;
  EXPECT_EQ(mode_text(one), "0755");
  one.attributes = {0640, "root", "app"};
  EXPECT_EQ(mode_text(one), "0640 root:app");
  one.mode = FileMode::kSymlink;
  EXPECT_EQ(mode_text(one), "symlink");
}

TEST(FileChange, APathCannotSteerATerminal) {
  const ShippedFile odd = file("a\x1b[2J", "x");
  EXPECT_EQ(title_of(change_of({}, {&odd, "x"}, false, compare)), "+ a\\x1b[2J, 1 bytes");
}

}  // namespace
}  // namespace maand
