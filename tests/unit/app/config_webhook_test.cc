// `http.webhook_listen`, `[webhook]` and their limit (interface.md, R6.3).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconciler/app/config.h"

namespace maand {
namespace {

using ::testing::HasSubstr;

constexpr const char* kEverything = R"(
[http]
webhook_listen = "0.0.0.0:8486"
[webhook]
github_secret_file = "a"
gitlab_secret_file = "b"
gitea_secret_file = "c"
bitbucket_secret_file = "d"
generic_secret_file = "e"
[limits]
max_webhook_bytes = "32MiB"
)";

TEST(ConfigOfWebhooks, IsReadAndMayListenBeyondLoopback) {
  const LoadedConfig loaded = parse_config(kEverything, "maand.conf", {});
  EXPECT_TRUE(loaded.diagnostics.all().empty());
  EXPECT_EQ(loaded.config.http.webhook_listen, "0.0.0.0:8486");
  const Config::Webhook& files = loaded.config.webhook;
  EXPECT_EQ(files.github_secret_file + files.gitlab_secret_file + files.gitea_secret_file +
                files.bitbucket_secret_file + files.generic_secret_file,
            "abcde");
  EXPECT_EQ(loaded.config.max_webhook_bytes, 32u << 20);
}

TEST(ConfigOfWebhooks, IsOffByDefault) {
  const Config config = parse_config("", "maand.conf", {}).config;
  EXPECT_EQ(config.http.webhook_listen, "");
  EXPECT_EQ(config.webhook.github_secret_file, "");
  EXPECT_EQ(config.max_webhook_bytes, 5u << 20);
}

TEST(ConfigOfWebhooks, TellsWhatIsWrong) {
  const struct {
    const char* text;
    const char* told;
  } table[] = {
      {"[http]\nwebhook_listen = \":9000\"", "an address and a port"},
      {"[http]\nwebhook_listen = 9000", "an address and a port"},
      {"[webhook]\ngithub_secret_file = \"../t\"", "directly under secrets/"},
      {"[webhook]\ngithub_secret = \"the secret itself\"", "did you mean `webhook.github_secret_file`"},
      {"[limits]\nmax_webhook_bytes = \"1GiB\"", "32MiB"},
      {"[limits]\nmax_webhook_bytes = 100", "1KiB"},
  };
  for (const auto& row : table) {
    const Diagnostics problems = parse_config(row.text, "maand.conf", {}).diagnostics;
    ASSERT_EQ(problems.all().size(), 1u) << row.text;
    EXPECT_THAT(to_string(problems.all()[0]), HasSubstr(row.told)) << row.text;
    EXPECT_THAT(to_string(problems.all()[0]), ::testing::Not(HasSubstr("the secret itself"))) << row.text;
  }
}

}  // namespace
}  // namespace maand
