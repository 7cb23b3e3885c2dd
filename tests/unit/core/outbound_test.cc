// What answers of services mean, and what may be sent to them.
#include "reconciler/core/outbound.h"

#include <gtest/gtest.h>

#include "reconciler/core/outbound_rules.h"

namespace maand {
namespace {

using namespace std::chrono_literals;

TEST(Outbound, AnAnswerOfHttpIsDeliveredOrTriedAgainOrRefused) {
  const struct {
    int status;
    Verdict verdict;
  } table[] = {{200, Verdict::kDelivered}, {204, Verdict::kDelivered}, {301, Verdict::kRefused},
               {304, Verdict::kRefused},   {400, Verdict::kRefused},   {401, Verdict::kRefused},
               {403, Verdict::kRefused},   {404, Verdict::kRefused},   {408, Verdict::kLater},
               {410, Verdict::kRefused},   {425, Verdict::kLater},     {429, Verdict::kLater},
               {500, Verdict::kLater},     {503, Verdict::kLater},     {102, Verdict::kLater}};
  for (const auto& row : table) {
    EXPECT_EQ(judge_http({.status = row.status}).verdict, row.verdict) << row.status;
  }
  EXPECT_EQ(judge_http({.problem = "no answer in time"}).verdict, Verdict::kLater);
  EXPECT_EQ(judge_http({.problem = "no URL", .hopeless = true}).verdict, Verdict::kRefused);
  EXPECT_EQ(judge_http({.status = 403, .body = " no_\x1b[31mteam\n"}).problem, "HTTP 403: no_\\x1b[31mteam");
}

TEST(Outbound, AnAnswerOfSmtpMeansWhatItsFirstDigitSays) {
  const struct {
    Reply reply;
    Verdict verdict;
  } table[] = {{{.status = 250}, Verdict::kDelivered},
               {{.status = 451}, Verdict::kLater},
               {{.status = 554}, Verdict::kRefused},
               {{.status = 535, .problem = "login denied"}, Verdict::kRefused},
               {{.status = 250, .problem = "cut off"}, Verdict::kLater},
               {{.problem = "connection refused"}, Verdict::kLater}};
  for (const auto& row : table) EXPECT_EQ(judge_smtp(row.reply).verdict, row.verdict) << row.reply.status;
}

TEST(Outbound, ASecretComesBackInNoForm) {
  const std::vector<std::string> secrets = {"T0/B1/s3cr3t+x"};
  EXPECT_EQ(without_secrets("a T0/B1/s3cr3t+x b", secrets), "a <secret> b");
  EXPECT_EQ(without_secrets("{\"u\":\"T0\\/B1\\/s3cr3t+x\"}", secrets), "{\"u\":\"<secret>\"}");
  EXPECT_EQ(without_secrets("T0%2FB1%2Fs3cr3t%2Bx", secrets), "<secret>");
  EXPECT_EQ(without_secrets("abc", {"", "b"}), "abc")
      << "what is too short is no secret and would take words apart";
}

TEST(Outbound, ATryAgainWaitsAsLongAsAskedAndAtMostAnHour) {
  EXPECT_EQ(redelivery_delay(1, std::nullopt, 0.5), 1s);
  EXPECT_EQ(redelivery_delay(3, std::nullopt, 0.5), 4s);
  EXPECT_EQ(redelivery_delay(1, 30s, 0.5), 30s);
  EXPECT_EQ(redelivery_delay(20, 30s, 0.5), 5min) << "our own patience is longer";
  EXPECT_EQ(redelivery_delay(1, 86'400s, 0.5), 1h);
  EXPECT_EQ(redelivery_delay(0, -5s, 0.5), 1s);
}

TEST(OutboundRules, AUrlHasNoUserAndNoControlCharacters) {
  for (const char* good : {"https://hooks.example.com/services/T0/B0/x?y=%20z", "http://127.0.0.1:8080",
                           "http://[::1]:8080/a", "https://a_b-c.internal/#x"})
    EXPECT_TRUE(is_http_url(good)) << good;
  for (const char* bad : {"", "https://", "ftp://x/", "https://user:pass@x/", "https://x/a b",
                          "https://x/\r\nA: b", "https://x:/", "https://x:123456/", "https://x:8a/",
                          "file:///etc/passwd", "//x", "https://\xc3\xa9/", "https://[::1", "https://x\"/"})
    EXPECT_FALSE(is_http_url(bad)) << bad;
  for (const char* good : {"smtp://mail.example.com:587", "smtps://10.0.0.1", "smtp://localhost:25/"})
    EXPECT_TRUE(is_smtp_url(good)) << good;
  for (const char* bad : {"smtp://x/client", "smtp://u:p@x", "mailto:x", "smtp://x\r\nQUIT", "smtp://x?y"})
    EXPECT_FALSE(is_smtp_url(bad)) << bad;
  EXPECT_EQ(host_of_url("https://h.example:1/x"), "h.example");
  EXPECT_EQ(host_of_url("http://[::1]:1/x"), "::1");
}

TEST(OutboundRules, AnAddressIsBare) {
  for (const char* good : {"ops@example.com", "a.b+c@x", "o'neil@ex-ample.org"})
    EXPECT_TRUE(is_mail_address(good)) << good;
  for (const char* bad :
       {"", "ops", "@x", "ops@", "a b@x", "a@x>", "a@x\r\nDATA", "a@x, b@y", "\"a\"@x", "-a@x", "a@-x"})
    EXPECT_FALSE(is_mail_address(bad)) << bad;
}

TEST(OutboundRules, NoValueBecomesAHeaderOrACommandOfItsOwn) {
  const OutboundRequest good{.url = "https://x/", .headers = {{"X-A", "b\tc"}}};
  EXPECT_EQ(problem_with(good), "");
  OutboundRequest bad = good;
  bad.headers = {{"X-A", "b\r\nX-C: d"}};
  EXPECT_EQ(problem_with(bad), "the header X-A holds a control character");
  bad.headers = {{"X A", "b"}};
  EXPECT_NE(problem_with(bad), "");
  bad = good;
  bad.method = "GET / HTTP/1.1\r\n";
  EXPECT_NE(problem_with(bad), "");
  const OutboundMail mail{.url = "smtp://x", .from = "a@x", .to = {"b@y"}};
  EXPECT_EQ(problem_with(mail), "");
  OutboundMail wrong = mail;
  wrong.to = {"b@y", "c@z>\r\nRCPT TO:<d@e"};
  EXPECT_EQ(problem_with(wrong), "a recipient is not an address");
  wrong = mail;
  wrong.password = "a\nb";
  EXPECT_NE(problem_with(wrong), "");
}

}  // namespace
}  // namespace maand
