#include "reconciler/http/answer_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconciler/http/reply_stream.h"

namespace maand {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(AnswerText, Every_answer_is_stored_nowhere_and_taken_for_what_it_says) {
  const std::string text = answer_text({200, "{}"});
  EXPECT_THAT(text,
              AllOf(StartsWith("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"),
                    HasSubstr("\r\nConnection: close\r\n"), HasSubstr("\r\nCache-Control: no-store\r\n"),
                    HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"),
                    HasSubstr("\r\nReferrer-Policy: no-referrer\r\n"), EndsWith("\r\n\r\n{}")));
}

TEST(AnswerText, A_page_loads_from_us_alone) {
  const std::string page = answer_text({200, "<p>", "text/html; charset=utf-8"});
  EXPECT_THAT(page,
              HasSubstr("Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
                        "connect-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors "
                        "'none'; form-action 'none'\r\n"));
  EXPECT_THAT(answer_text({200, "{}"}),
              HasSubstr("Content-Security-Policy: default-src 'none'; frame-ancestors"));
}

TEST(AnswerText, What_the_reply_says_itself_is_not_said_twice_and_stays_on_its_line) {
  HttpReply reply;
  reply.headers = {{"cache-control", "max-age=60"}, {"ETag", "\"a\"\r\nSet-Cookie: b"}};
  const std::string text = answer_text(reply);
  EXPECT_THAT(text, AllOf(HasSubstr("cache-control: max-age=60\r\n"), Not(HasSubstr("no-store")),
                          HasSubstr("ETag: \"a\"\r\n"), Not(HasSubstr("Set-Cookie"))));
}

TEST(AnswerText, HEAD_has_the_length_and_no_body) {
  EXPECT_THAT(answer_text({200, "12345"}, true),
              AllOf(HasSubstr("Content-Length: 5\r\n"), EndsWith("\r\n\r\n")));
}

TEST(AnswerText, A_stream_has_no_length) {
  struct Silent : ReplyStream {
    std::string take(std::size_t) override { return ""; }
    std::string heartbeat() const override { return ""; }
  };
  HttpReply reply;
  reply.stream = std::make_shared<Silent>();
  EXPECT_THAT(answer_text(reply), Not(HasSubstr("Content-Length")));
}

TEST(UnlessKnown, A_reply_that_the_client_has_is_not_sent_again) {
  struct Row {
    const char* method;
    const char* offered;  // If-None-Match
    const char* tag;      // ETag
    int status;
  };
  const Row table[] = {{"GET", "\"a\"", "\"a\"", 304},   {"GET", "W/\"a\"", "\"a\"", 304},
                       {"GET", "\"a\"", "W/\"a\"", 304}, {"GET", "\"b\", W/\"a\"", "W/\"a\"", 304},
                       {"GET", "*", "\"a\"", 304},       {"GET", "\"b\"", "\"a\"", 200},
                       {"GET", "\"a", "\"a\"", 200},     {"GET", "", "\"a\"", 200},
                       {"POST", "\"a\"", "\"a\"", 200},  {"GET", "\"a\"", nullptr, 200}};
  for (const Row& row : table) {
    HttpRequest request;
    request.method = row.method;
    request.headers.emplace("if-none-match", row.offered);
    HttpReply reply{200, "body"};
    if (row.tag) reply.headers.emplace_back("ETag", row.tag);
    const HttpReply sent = unless_known(request, reply);
    EXPECT_EQ(sent.status, row.status) << row.offered;
    EXPECT_EQ(sent.body.empty(), row.status == 304) << row.offered;
    if (row.tag) {
      EXPECT_THAT(answer_text(sent), HasSubstr("ETag")) << row.offered;
    }
  }
  HttpRequest request;
  request.method = "GET";
  request.headers.emplace("if-none-match", "\"a\"");
  EXPECT_EQ(unless_known(request, {404, "gone", "text/plain", {{"ETag", "\"a\""}}, nullptr}).status, 404);
}

}  // namespace
}  // namespace maand
