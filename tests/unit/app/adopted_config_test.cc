// maand.conf of an original bucket goes on meaning what it meant.
#include "reconciler/app/adopted_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconciler/app/config.h"

namespace maand {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// As `init` of the original writes it (workspace.md 0.3).
constexpr const char* kOriginal =
    "use_sudo = true\nssh_user = 'ops'\nssh_key = 'worker.key'\nssh_port = 0\ncerts_ttl = 90\n"
    "certs_renewal_buffer = 10\njob_config_selector = 'prod'\nlog_format = 'json'\n";

const AdoptedConfigInputs kInputs{BucketId("b-1"), "prod", "https://git.example/w.git", "live", "ws"};

Config config_of(const std::string& text) {
  const LoadedConfig loaded = parse_config(text, "maand.conf", {});
  for (const Diagnostic& one : loaded.diagnostics.all())
    EXPECT_NE(one.severity, Severity::kError) << to_string(one);
  return loaded.config;
}

TEST(AdoptedConfig, HooksGoOnRunningAndReadTheKeyOnlyWhereOneNeedsIt) {
  EXPECT_FALSE(config_of(adopted_config(kOriginal, kInputs).text).hooks.expose_key);
  AdoptedConfigInputs inputs = kInputs;
  inputs.expose_key = true;
  const Config config = config_of(adopted_config(kOriginal, inputs).text);
  EXPECT_TRUE(config.hooks.enabled);
  EXPECT_TRUE(config.hooks.expose_key);
}

TEST(AdoptedConfig, TheFlatKeysStayAsTheyStandAndKeepTheirMeaning) {
  const AdoptedConfig adopted = adopted_config(kOriginal, kInputs);
  ASSERT_THAT(adopted.problems, IsEmpty());
  EXPECT_THAT(adopted.text, HasSubstr(kOriginal));
  const Config config = config_of(adopted.text);
  EXPECT_EQ(config.bucket_id, BucketId("b-1"));
  EXPECT_EQ(config.name, "prod");
  EXPECT_EQ(config.git.url, "https://git.example/w.git");
  EXPECT_EQ(config.git.branch, "live");
  EXPECT_EQ(config.git.path, "ws");
  EXPECT_TRUE(config.ssh.use_sudo);
  EXPECT_EQ(config.ssh.user, "ops");
  EXPECT_EQ(config.ssh.port, 22);
  EXPECT_EQ(config.certs_ttl_days, 90);
  EXPECT_EQ(config.certs_renewal_buffer_days, 10);
  EXPECT_EQ(config.job_config_selector, "prod");
  EXPECT_EQ(config.log_format, Config::LogFormat::kJson);
}

TEST(AdoptedConfig, AdoptedOnceMoreNothingIsAdded) {
  const AdoptedConfig once = adopted_config(kOriginal, kInputs);
  const AdoptedConfig twice = adopted_config(once.text, {BucketId("b-1"), "other", "", "", ""});
  EXPECT_THAT(twice.problems, IsEmpty());
  EXPECT_EQ(twice.text, once.text);
  EXPECT_THAT(twice.added, IsEmpty());
}

struct Case {
  const char* name;
  std::string text;
  AdoptedConfigInputs inputs;
  const char* problem;  // "" = none
  std::function<void(const Config&, const AdoptedConfig&)> expect;
};

TEST(AdoptedConfig, WhatIsMissingIsWhatTheOriginalTookItFor) {
  AdoptedConfigInputs no_repo = kInputs;
  no_repo.repo = "";
  const auto anything = [](const Config&, const AdoptedConfig&) {};
  const std::vector<Case> cases = {
      {"no file at all", "", kInputs, "",
       [](const Config& config, const AdoptedConfig&) { EXPECT_FALSE(config.ssh.use_sudo); }},
      {"no use_sudo", "ssh_user = ''\n", kInputs, "",
       [](const Config& config, const AdoptedConfig&) {
         EXPECT_FALSE(config.ssh.use_sudo);
         EXPECT_EQ(config.ssh.user, "agent");
       }},
      {"a port that was only probed", "ssh_port = 2222\n", kInputs, "",
       [](const Config&, const AdoptedConfig& adopted) {
         EXPECT_THAT(adopted.remarks, ::testing::Contains(HasSubstr("2222")));
       }},
      {"no newline at its end", "ssh_user = 'ops'", kInputs, "",
       [](const Config& config, const AdoptedConfig&) { EXPECT_EQ(config.ssh.user, "ops"); }},
      {"a name with quotes",
       "",
       {BucketId("b-1"), "a\"b\\c", "https://git.example/w.git", "", ""},
       "",
       [](const Config& config, const AdoptedConfig&) { EXPECT_EQ(config.name, "a\"b\\c"); }},
      {"no repository", kOriginal, no_repo, "--repo", anything},
      {"a [git] section without url", "[git]\nbranch = \"live\"\n", kInputs, "without url", anything},
      {"another bucket's", "bucket_id = \"b-2\"\n", kInputs, "another bucket", anything},
      {"no TOML", "use_sudo = \n", kInputs, "maand.conf:1", anything},
      {"a key nobody knows", "usesudo = true\n", kInputs, "use_sudo", anything},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.name);
    const AdoptedConfig adopted = adopted_config(one.text, one.inputs);
    if (*one.problem) {
      EXPECT_THAT(adopted.problems, ::testing::Contains(HasSubstr(one.problem)));
      continue;
    }
    EXPECT_THAT(adopted.problems, IsEmpty());
    one.expect(config_of(adopted.text), adopted);
  }
}

}  // namespace
}  // namespace maand
