#include "reconciler/cli/hook_key_use.h"

#include <gtest/gtest.h>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace maand::testing {
namespace {

using Paths = std::vector<std::string>;

TEST(HooksWithKey, AreThoseWhoseTextSaysThatTheyGoToWorkersThemselves) {
  const struct {
    const char* path;
    const char* text;
    bool found;
  } kCases[] = {
      {"_modules/command_a.py", "user, key, sudo = maand.load_ssh()", true},
      {"_modules/lib/ssh.py", "import paramiko", true},
      {"_modules/command_b.ts", "spawn('ssh', ['-i', root + '/secrets/fleet.key'])", true},
      {"_modules/command_c.py", "maand.run_ssh(ip, 'uptime')", false},
      {"_modules/maand.py", "def load_ssh():", false},
      {"_modules/.venv/lib/paramiko.py", "import paramiko", false},
      {"_modules/node_modules/x/index.js", "fleet.key", false},
      {"_modules/notes.txt", "load_ssh", false},
      {"tool.py", "import paramiko", false},
  };
  for (const auto& one : kCases) {
    TempDir directory;
    const std::filesystem::path file = directory.path() / "jobs/api" / one.path;
    std::filesystem::create_directories(file.parent_path());
    write_file(file, one.text);
    EXPECT_EQ(hooks_with_key(directory.path(), "fleet.key"),
              one.found ? Paths{std::string("jobs/api/") + one.path} : Paths{})
        << one.path;
  }
}

TEST(HooksWithKey, AreNoneWhereThereIsNoWorkspace) {
  TempDir directory;
  EXPECT_EQ(hooks_with_key(directory.path() / "nowhere", "worker.key"), Paths{});
}

}  // namespace
}  // namespace maand::testing
