// Names of refs, as git check-ref-format has them.
#include "reconciler/core/git_ref.h"

#include <gtest/gtest.h>

#include <string>

namespace maand {
namespace {

TEST(GitRef, ABranchHasANameThatGitAllows) {
  using namespace std::string_literals;
  const std::pair<std::string, bool> table[] = {
      {"main", true},      {"release/1.x", true}, {"refs/heads/main", true},
      {"a@b", true},       {"a{b", true},         {"a./b", true},
      {"größe", true},     {"a-b", true},         {"", false},
      {"a b", false},      {"a..b", false},       {"a.", false},
      {".a", false},       {"a/.b", false},       {"a.lock", false},
      {"a.lock/b", false}, {"a//b", false},       {"/a", false},
      {"a/", false},       {"@", false},          {"a@{b", false},
      {"-b", false},       {"a~1", false},        {"a^", false},
      {"a:b", false},      {"a?", false},         {"a*", false},
      {"a[b", false},      {"a\\b", false},       {"a\tb", false},
      {"a\x7f", false},    {"a\0b"s, false}};
  for (const auto& [name, allowed] : table) EXPECT_EQ(is_branch_name(name), allowed) << name;
}

}  // namespace
}  // namespace maand
