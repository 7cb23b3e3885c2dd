#include "reconciler/cli/confinement.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace maand {
namespace {

// As newer kernels know it; the headers of older ones lack the second member.
struct Ruleset {
  std::uint64_t files = 0;
  std::uint64_t network = 0;
};
constexpr std::uint64_t kAllOfFiles = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;  // of the first version
constexpr std::uint64_t kReading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kBindAndConnect = 3;
constexpr long kVersionWithNetwork = 4;

}  // namespace

bool confine_to(const std::vector<std::string>& readable) {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return false;
  const bool network = version >= kVersionWithNetwork;
  const Ruleset rules{kAllOfFiles, network ? kBindAndConnect : 0};
  const std::size_t size = network ? sizeof rules : sizeof rules.files;
  const int ruleset = static_cast<int>(::syscall(SYS_landlock_create_ruleset, &rules, size, 0));
  if (ruleset < 0) return false;
  bool done = true;
  for (const std::string& path : readable) {
    const int fd = ::open(path.c_str(), O_PATH | O_CLOEXEC);
    if (fd < 0) continue;  // what is not there need not be read
    landlock_path_beneath_attr rule{};
    rule.allowed_access = kReading;
    rule.parent_fd = fd;
    done = ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0 && done;
    ::close(fd);
  }
  done = done && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
  ::close(ruleset);
  return done;
}

}  // namespace maand
