#include "reconciler/core/private_file.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

TEST(PrivateFile, IsItsOwnersOrHandedOverByRoot) {
  struct Row {
    const char* what;
    unsigned mode, owner, group;
    bool expected;
  };
  constexpr unsigned kOurs = 10001;
  const Row table[] = {{"our own", 0100600, 10001, kOurs, true},
                       {"our own, read-only", 0100400, 10001, kOurs, true},
                       {"our own, for our group", 0100640, 10001, kOurs, false},
                       {"our own, read-only, for our group", 0100440, 10001, kOurs, false},
                       {"systemd's, with an access list", 0100440, 0, 0, true},
                       {"of a volume of Kubernetes", 0100440, 0, kOurs, true},
                       {"root's, for another group", 0100440, 0, 5, false},
                       {"root's, which root may write", 0100640, 0, 0, false},
                       {"root's, which the group may write", 0100460, 0, kOurs, false},
                       {"root's, for everybody", 0100444, 0, 0, false}};
  for (const Row& row : table)
    EXPECT_EQ(is_private_file(row.mode, row.owner, row.group, kOurs), row.expected) << row.what;
}

}  // namespace
}  // namespace maand
