// `[notify]`: who is told outside (docs/notifications.md).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconciler/app/config.h"

namespace maand {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> problems_of(const std::string& notify) {
  std::vector<std::string> out;
  const LoadedConfig loaded = parse_config("[notify]\n" + notify, "maand.conf", {});
  for (const Diagnostic& problem : loaded.diagnostics.all()) out.push_back(to_string(problem));
  return out;
}

// What the daemon says of keys that are right one by one.
std::vector<std::string> gaps_of(const std::string& notify) {
  Diagnostics diagnostics;
  require_whole_notify(parse_config("[notify]\n" + notify, "maand.conf", {}).config.notify, diagnostics);
  std::vector<std::string> out;
  for (const Diagnostic& problem : diagnostics.all()) out.push_back(problem.field);
  return out;
}

constexpr const char* kEverything = R"(severity = "info"
slack_url_file = "slack"
webhook_url = "https://ops.example:8443/maand?x=y"
webhook_secret_file = "hmac"
mail_to = ["ops@example.com", "dev+maand@example.com"]
mail_from = "maand@example.com"
smtp_url = "smtp://mail.example.com:587"
smtp_user = "maand"
smtp_password_file = "smtp"
smtp_starttls = true
link = "https://maand.example/"
ca_file = "/etc/ssl/ca.pem"
)";

TEST(ConfigOfNotify, IsReadWhole) {
  const LoadedConfig loaded = parse_config(std::string("[notify]\n") + kEverything, "maand.conf", {});
  EXPECT_THAT(loaded.diagnostics.all(), IsEmpty());
  const Config::Notify& notify = loaded.config.notify;
  EXPECT_EQ(notify.severity, Urgency::kInfo);
  EXPECT_EQ(notify.slack_url_file + notify.webhook_secret_file + notify.smtp_password_file, "slackhmacsmtp");
  EXPECT_EQ(notify.webhook_url, "https://ops.example:8443/maand?x=y");
  EXPECT_THAT(notify.mail_to, ElementsAre("ops@example.com", "dev+maand@example.com"));
  EXPECT_EQ(notify.smtp_starttls, true);
  EXPECT_THAT(gaps_of(kEverything), IsEmpty());
}

TEST(ConfigOfNotify, TellsNobodyByDefaultAndComesFromTheEnvironmentToo) {
  const Config::Notify none = parse_config("", "maand.conf", {}).config.notify;
  EXPECT_EQ(none.severity, Urgency::kWarning);
  EXPECT_EQ(none.slack_url_file + none.webhook_url + none.smtp_url, "");
  EXPECT_EQ(none.smtp_starttls, std::nullopt);
  const LoadedConfig loaded = parse_config(
      "", "maand.conf", {{"MAAND__NOTIFY__MAIL_TO", "a@x,b@y"}, {"MAAND__NOTIFY__SMTP_STARTTLS", "false"}});
  EXPECT_THAT(loaded.config.notify.mail_to, ElementsAre("a@x", "b@y"));
  EXPECT_EQ(loaded.config.notify.smtp_starttls, false);
}

TEST(ConfigOfNotify, WhatIsNoAddressIsRefused) {
  const struct {
    const char* text;
    const char* said;
  } table[] = {{"severity = \"all\"", "\"info\", \"warning\" or \"error\""},
               {"slack_url_file = \"https://hooks.slack.com/x\"", "under secrets/"},
               {"webhook_url = \"ops.example\"", "http:// or https://"},
               {"webhook_url = \"https://u:p@ops.example\"", "without user or password"},
               {"mail_to = [\"ops\"]", "a list of addresses"},
               {"mail_from = \"Ops <ops@example.com>\"", "an address like"},
               {"smtp_url = \"mail.example.com\"", "smtp://HOST:PORT"},
               {"smtp_password = \"x\"", "notify.smtp_password_file"}};
  for (const auto& row : table)
    EXPECT_THAT(problems_of(row.text), ElementsAre(HasSubstr(row.said))) << row.text;
}

TEST(ConfigOfNotify, ASecretInThePlaceOfItsFileIsNotShown) {
  for (const char* text :
       {"slack_url_file = \"https://hooks.slack.com/s3cr3t\"", "webhook_secret_file = \"s3cr3t/x\""})
    EXPECT_THAT(problems_of(text), ElementsAre(Not(HasSubstr("s3cr3t")))) << text;
}

TEST(ConfigOfNotify, WhatGoesTogetherIsAskedForTogether) {
  EXPECT_THAT(gaps_of("webhook_url = \"https://x/\""), ElementsAre("notify.webhook_secret_file"));
  EXPECT_THAT(gaps_of("webhook_secret_file = \"s\""), ElementsAre("notify.webhook_url"));
  EXPECT_THAT(gaps_of("mail_to = [\"a@x\"]\nsmtp_url = \"smtp://m\""), ElementsAre("notify.mail_from"));
  EXPECT_THAT(gaps_of("smtp_user = \"u\""), ElementsAre("notify.smtp_password_file"));
  const std::string mail =
      "mail_to = [\"a@x\"]\nmail_from = \"b@x\"\nsmtp_user = \"u\"\nsmtp_password_file = \"p\"\n"
      "smtp_starttls = false\n";
  EXPECT_THAT(gaps_of(mail + "smtp_url = \"smtp://m\""), ElementsAre("notify.smtp_starttls"));
  EXPECT_THAT(gaps_of(mail + "smtp_url = \"smtps://m\""), IsEmpty());
  EXPECT_THAT(gaps_of(mail + "smtp_url = \"smtp://127.0.0.1:25\""), IsEmpty());
}

}  // namespace
}  // namespace maand
