// `notify.commit_status…` (docs/commit-statuses.md).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconciler/app/config.h"

namespace maand {
namespace {

using ::testing::HasSubstr;

LoadedConfig notify(const std::string& lines) { return parse_config("[notify]\n" + lines, "maand.conf", {}); }

TEST(ConfigOfCommitStatuses, IsReadAndOffByDefault) {
  EXPECT_EQ(notify("").config.commit_status.provider, std::nullopt);
  const LoadedConfig loaded = notify(
      "commit_status = \"forgejo\"\ncommit_status_url = \"https://git.example.com/\"\n"
      "commit_status_repository = \"acme/fleet\"\ncommit_status_token_file = \"forge\"\n"
      "commit_status_context = \"deploy\"\n");
  EXPECT_TRUE(loaded.diagnostics.all().empty());
  const Config::CommitStatus& status = loaded.config.commit_status;
  EXPECT_EQ(status.provider, ForgeProvider::kGitea);
  EXPECT_EQ(status.url + " " + status.repository + " " + status.token_file + " " + status.context,
            "https://git.example.com/ acme/fleet forge deploy");
  for (const ForgeProvider provider : kForgeProviders) {
    const std::string word = to_string(provider);
    EXPECT_EQ(notify("commit_status = \"" + word + "\"").config.commit_status.provider, provider) << word;
  }
  EXPECT_TRUE(notify("commit_status = \"off\"").diagnostics.all().empty());
}

TEST(ConfigOfCommitStatuses, WhatCannotBeIsRefused) {
  for (const char* line :
       {"commit_status = \"sourceforge\"", "commit_status = true",
        "commit_status_url = \"https://me:pw@git.example.com\"", "commit_status_url = \"git.example.com\"",
        "commit_status_token_file = \"../x\"", "commit_status_context = \"a\\nb\""}) {
    const LoadedConfig loaded = notify(line);
    ASSERT_EQ(loaded.diagnostics.all().size(), 1u) << line;
    EXPECT_THAT(loaded.diagnostics.all()[0].field, HasSubstr("notify.commit_status")) << line;
  }
}

}  // namespace
}  // namespace maand
