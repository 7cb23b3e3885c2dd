#include "reconciler/app/hook_files.h"

#include <gtest/gtest.h>

#include "tests/support/fake_file_view.h"

namespace maand::testing {
namespace {

constexpr const char* kJob = "ws/jobs/api";

// `path=content` of each, `*` after the path of what is executable.
std::vector<std::string> told(const JobFiles& read) {
  std::vector<std::string> out;
  for (const HookFile& file : *read.files)
    out.push_back(file.path + (file.executable ? "*" : "") + "=" + *file.bytes);
  return out;
}
using Told = std::vector<std::string>;

TEST(HookFiles, AreThoseOfTheJobWithoutWhatIsInstalledThere) {
  FakeFileView view;
  view.file("ws/jobs/api/Makefile", "m").executable("ws/jobs/api/_modules/run", "r");
  view.file("ws/jobs/api/_prometheus/scrape.yaml", "s").file("ws/jobs/api/_modules/.venv/bin/python3", "p");
  view.file("ws/jobs/other/x", "x");
  const JobFiles read = read_hook_files(view, kJob);
  EXPECT_EQ(told(read), (Told{"Makefile=m", "_modules/run*=r"}));
  EXPECT_TRUE(read.own);
}

// workspace.md 2.9
TEST(HookFiles, StandWhereSymlinksLeadToThemAndOnlyWithinTheCommit) {
  const struct {
    const char* target;
    Told there;
    bool own;
  } kCases[] = {
      {"../lib.py", {"_modules/command_x.py=lib", "lib.py=lib"}, true},
      {"./../_modules/../lib.py", {"_modules/command_x.py=lib", "lib.py=lib"}, true},
      {"../../../shared/tool.py", {"_modules/command_x.py*=tool", "lib.py=lib"}, false},
      {"../../../shared/again.py", {"_modules/command_x.py*=tool", "lib.py=lib"}, false},
      {"../nowhere.py", {"lib.py=lib"}, true},
      {"command_x.py", {"lib.py=lib"}, true},  // itself
      {"..", {"lib.py=lib"}, false},
      {"../../../shared", {"lib.py=lib"}, false},
      {"/etc/passwd", {"lib.py=lib"}, false},
      {"../../../../../../../../etc/passwd", {"lib.py=lib"}, false},
      {"", {"lib.py=lib"}, false},
  };
  for (const auto& one : kCases) {
    FakeFileView view;
    view.file("ws/jobs/api/lib.py", "lib").symlink("ws/jobs/api/_modules/command_x.py", one.target);
    view.executable("ws/shared/tool.py", "tool").symlink("ws/shared/again.py", "tool.py");
    const JobFiles read = read_hook_files(view, kJob);
    EXPECT_EQ(told(read), one.there) << one.target;
    EXPECT_EQ(read.own, one.own) << one.target << ": whether the job's tree tells its files";
  }
}

}  // namespace
}  // namespace maand::testing
