// Letters over the wire: real HTTP and SMTP servers, real certificates.
#include "reconciler/outbound/courier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <future>
#include <thread>

#include "reconciler/core/notice/mail_message.h"
#include "tests/support/probe_server.h"
#include "tests/support/word_server.h"

namespace maand::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

class CourierTest : public ::testing::Test {
 protected:
  CourierTest() { std::signal(SIGPIPE, SIG_IGN); }
  static OutboundMail mail(const WordServer& server) {
    return {.url = server.url(),
            .start_tls = OutboundMail::StartTls::kNever,
            .from = "maand@example.com",
            .to = {"ops@example.com", "dev@example.com"},
            .message = rfc5322({.from = "maand@example.com",
                                .to = {"ops@example.com", "dev@example.com"},
                                .subject = "größer\r\nBcc: evil@example.com",
                                .body = ".\n..two dots\nein ä und = " + std::string(300, 'x') + "\nend",
                                .id = "id1",
                                .date = WallTime(std::chrono::seconds(1'700'000'000))})};
  }
  CurlCourier courier_;
  TempDirectory directory_{"maand-courier"};
};

TEST_F(CourierTest, ARequestArrivesAsItIsAndItsAnswerComesBack) {
  WordServer server("http");
  server.start();
  server.answer("201 echo");
  const Reply reply =
      courier_.send(OutboundRequest{.method = "PUT",
                                    .url = server.url("/a?b=c"),
                                    .headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}},
                                    .body = "{\"t\": \"hunter22\"}",
                                    .secrets = {"hunter22"}});
  EXPECT_EQ(reply.status, 201) << reply.problem;
  EXPECT_EQ(reply.body, "/a?b=c{\"t\": \"<secret>\"}");
  const std::string got = server.wait_for(1)[0];
  EXPECT_THAT(got, HasSubstr("\"method\": \"PUT\""));
  EXPECT_THAT(got, HasSubstr("\"x-empty\": \"\""));
  EXPECT_THAT(got, HasSubstr("\"user-agent\": \"maand\""));
  EXPECT_THAT(got, Not(HasSubstr("expect")));
}

TEST_F(CourierTest, RedirectsAreNotFollowedAndWaitsAreTold) {
  WordServer server("http"), other("http");
  server.start();
  other.start();
  server.answer("redirect " + other.url("/stolen"));
  EXPECT_EQ(courier_.send(OutboundRequest{.url = server.url("/")}).status, 302);
  EXPECT_TRUE(other.got().empty());
  server.answer("429 slow 7");
  EXPECT_EQ(courier_.send(OutboundRequest{.url = server.url("/")}).retry_after, 7s);
}

TEST_F(CourierTest, ACallEndsByItsDeadlineAndAnAnswerWithoutEndIsCut) {
  WordServer server("http");
  EXPECT_NE(courier_.send(OutboundRequest{.url = server.url("/")}).problem, "") << "nobody is there";
  server.start();
  server.answer("hang");
  const Reply hung = courier_.send(OutboundRequest{.url = server.url("/"), .deadline = 300ms});
  EXPECT_EQ(hung.status, 0);
  EXPECT_EQ(hung.problem, "no answer in time");
  server.answer("endless");
  const Reply endless = courier_.send(OutboundRequest{.url = server.url("/"), .most_answer_bytes = 10});
  EXPECT_EQ(endless.status, 200) << endless.problem;
  EXPECT_EQ(endless.body, "xxxxxxxxxx");
}

TEST_F(CourierTest, WhatIsUnderWayIsGivenUpWhenTheDaemonLeaves) {
  WordServer server("http");
  server.start();
  server.answer("hang");
  auto reply = std::async(std::launch::async, [&] {
    return courier_.send(OutboundRequest{.url = server.url("/"), .deadline = 60s});
  });
  server.wait_for(1);
  courier_.interrupt();
  EXPECT_THAT(reply.get().problem, HasSubstr("leaving"));
}

TEST_F(CourierTest, CertificatesAreVerified) {
  const TestAuthority authority(directory_.path() / "ca");
  WordServer server("http", authority.server("127.0.0.1"));
  server.start();
  const Reply unknown = courier_.send(OutboundRequest{.url = server.url("/")});
  EXPECT_EQ(unknown.status, 0);
  EXPECT_THAT(unknown.problem, HasSubstr("certificate"));
  const Reply known =
      courier_.send(OutboundRequest{.url = server.url("/"), .ca_file = authority.certificate()});
  EXPECT_EQ(known.status, 200) << known.problem;
  WordServer wrong("http", authority.server("127.0.0.9"));
  wrong.start();
  EXPECT_EQ(courier_.send(OutboundRequest{.url = wrong.url("/"), .ca_file = authority.certificate()}).status,
            0);
}

TEST_F(CourierTest, WhatMayNotBeSentLeavesNoByte) {
  WordServer server("http");
  server.start();
  const Reply reply = courier_.send(OutboundRequest{.url = server.url("/"), .headers = {{"A", "b\r\nC: d"}}});
  EXPECT_TRUE(reply.hopeless);
  EXPECT_TRUE(courier_.send(OutboundRequest{.url = "file:///etc/passwd"}).hopeless);
  EXPECT_TRUE(server.got().empty());
}

TEST_F(CourierTest, AMailArrivesWholeWithWhateverIsInIt) {
  WordServer server("smtp");
  server.start();
  const Reply reply = courier_.send(mail(server));
  EXPECT_EQ(judge_smtp(reply).verdict, Verdict::kDelivered) << reply.status << reply.problem;
  const std::string got = server.wait_for(1)[0];
  EXPECT_THAT(got, HasSubstr("\"to\": [\"ops@example.com\", \"dev@example.com\"]"));
  EXPECT_THAT(got, HasSubstr("gr\\u00f6\\u00dfer\\\\x0d\\\\x0aBcc: evil@example.com"));
  EXPECT_THAT(got, Not(HasSubstr("\"bcc\"")));
  EXPECT_THAT(got, HasSubstr(".\\r\\n..two dots\\r\\nein \\u00e4 und = xxx"));
  EXPECT_THAT(got, HasSubstr("\"date\": \"Tue, 14 Nov 2023 22:13:20 +0000\""));
  EXPECT_THAT(got, HasSubstr("<id1@example.com>"));
}

TEST_F(CourierTest, StartTlsIsSpokenOrNothingIs) {
  const TestAuthority authority(directory_.path() / "ca");
  WordServer plain("smtp"), secure("smtp", authority.server("127.0.0.1"), "bot:hunter22");
  plain.start();
  secure.start();
  OutboundMail letter = mail(plain);
  letter.start_tls = OutboundMail::StartTls::kRequired;
  EXPECT_NE(judge_smtp(courier_.send(letter)).verdict, Verdict::kDelivered) << "it offers none";
  EXPECT_TRUE(plain.got().empty());

  letter.url = secure.url();
  letter.user = "bot";
  letter.password = "wrong-password";
  letter.ca_file = authority.certificate();
  const Judgement denied = judge_smtp(courier_.send(letter));
  EXPECT_EQ(denied.verdict, Verdict::kRefused) << denied.problem;
  EXPECT_THAT(denied.problem, Not(HasSubstr("wrong-password")));
  letter.password = "hunter22";
  const Reply reply = courier_.send(letter);
  EXPECT_EQ(judge_smtp(reply).verdict, Verdict::kDelivered) << reply.status << reply.problem;
  EXPECT_THAT(secure.wait_for(1)[0], HasSubstr("\"tls\": true, \"user\": \"bot\""));
  letter.ca_file.clear();
  EXPECT_NE(judge_smtp(courier_.send(letter)).verdict, Verdict::kDelivered)
      << "nobody we know vouches for it";
}

TEST_F(CourierTest, ARefusalOfTheMailServerIsTold) {
  WordServer server("smtp");
  server.start();
  server.answer("550 mailbox unavailable");
  const Judgement judgement = judge_smtp(courier_.send(mail(server)));
  EXPECT_EQ(judgement.verdict, Verdict::kRefused);
  EXPECT_THAT(judgement.problem, HasSubstr("SMTP 550: mailbox unavailable"));
  server.answer("451 try later");
  EXPECT_EQ(judge_smtp(courier_.send(mail(server))).verdict, Verdict::kLater);
}

}  // namespace
}  // namespace maand::testing
