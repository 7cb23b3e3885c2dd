// `[policy]` of maand.conf: what cannot be served.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconciler/app/config.h"

namespace maand {
namespace {

using ::testing::HasSubstr;

TEST(Config, What_a_policy_says) {
  const Config config =
      parse_config("[policy]\nverify = \"strict\"\nkeyring = \"k\"\nmax_removals = 3\n", "maand.conf", {})
          .config;
  EXPECT_EQ(config.policy.verify, Config::Policy::Verify::kStrict);
  EXPECT_EQ(config.policy.keyring, "k");
  EXPECT_EQ(config.policy.max_removals_count, 3);
  EXPECT_FALSE(config.policy.on_history_rewrite) << "R1.4: then it follows from verify";
  const Config share = parse_config("[policy]\nmax_removals = \"20%\"\n", "maand.conf", {}).config;
  EXPECT_FALSE(share.policy.max_removals_count);
  EXPECT_EQ(share.policy.max_removals, 0.2);
}

TEST(Config, Signatures_that_are_required_have_to_be_somebodys) {  // R1.5
  const std::string base = "bucket_id = \"b\"\n[git]\nurl = \"file:///r\"\n[policy]\nverify = \"head\"\n";
  for (const char* keys : {"", "keyring = \"\"", "revoked_signers = \"r\""}) {
    Diagnostics told;
    require_for_serve(parse_config(base + keys, "maand.conf", {}).config, told);
    ASSERT_EQ(told.all().size(), 1u) << keys;
    EXPECT_THAT(to_string(told.all()[0]), HasSubstr("policy.keyring")) << keys;
  }
  for (const char* keys : {"keyring = \"k\"", "allowed_signers = \"s\""}) {
    Diagnostics told;
    require_for_serve(parse_config(base + keys, "maand.conf", {}).config, told);
    EXPECT_TRUE(told.all().empty()) << keys;
  }
}

}  // namespace
}  // namespace maand
