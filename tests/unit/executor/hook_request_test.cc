#include "executor/hook_request.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

using State = HookRequestReader::State;

TEST(hook_request, a_get_with_a_body_is_one_request_wherever_its_bytes_are_cut) {
  const std::string bytes =
      "GET /kv?name=a%20b&x=1+2 HTTP/1.1\r\nHost: localhost:8080\r\nX-Allocation-Id:  abc \r\n"
      "Content-Length: 15\r\n\r\n{\"namespace\":1}";
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    HookRequestReader reader;
    ASSERT_EQ(reader.take(std::string_view(bytes).substr(0, cut)), State::kMore) << cut;
    ASSERT_EQ(reader.take(std::string_view(bytes).substr(cut)), State::kWhole) << cut;
    const HookRequest& request = reader.request();
    EXPECT_EQ(request.method, "GET");
    EXPECT_EQ(request.path, "/kv");
    EXPECT_EQ(request.query.at("name"), "a b");
    EXPECT_EQ(request.query.at("x"), "1 2");
    EXPECT_EQ(request.header("x-allocation-id"), "abc");
    EXPECT_EQ(request.body, "{\"namespace\":1}");
  }
}

TEST(hook_request, what_is_no_request_is_refused_by_name) {
  struct Row {
    std::string bytes;
    int status;
    const char* says;
  };
  const Row rows[] = {
      {"hello\r\n\r\n", 400, "first line"},
      {"GET /kv SPDY/1\r\n\r\n", 400, "first line"},
      {"GET kv HTTP/1.1\r\n\r\n", 400, "no path"},
      {"GET /kv HTTP/1.1\r\nnothing\r\n\r\n", 400, "Name: value"},
      {"GET /kv HTTP/1.1\r\nA : b\r\n\r\n", 400, "Name: value"},
      {"GET /kv HTTP/1.1\r\nEVENT: cli\r\nEvent: pre_deploy\r\n\r\n", 400, "event stands there twice"},
      {"PUT /kv HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, "no number"},
      {"PUT /kv HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400, "no number"},
      {"PUT /kv HTTP/1.1\r\nContent-Length: 8388609\r\n\r\n", 413, "8388608 bytes"},
      {"PUT /kv HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411, "Content-Length"},
      {"GET /" + std::string(20000, 'a'), 431, "16384 bytes"},
  };
  for (const Row& row : rows) {
    HookRequestReader reader;
    EXPECT_EQ(reader.take(row.bytes), State::kRefused) << row.bytes.substr(0, 60);
    EXPECT_EQ(reader.refusal().status, row.status) << row.bytes.substr(0, 60);
    EXPECT_NE(reader.refusal().body.find(row.says), std::string::npos) << reader.refusal().body;
  }
}

TEST(hook_request, whoever_waits_for_leave_to_send_its_body_is_told_once) {
  HookRequestReader reader;
  EXPECT_EQ(reader.take("PUT /kv HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
            State::kMore);
  EXPECT_TRUE(reader.wants_continue());
  EXPECT_FALSE(reader.wants_continue());
  EXPECT_EQ(reader.take("{}"), State::kWhole);
}

TEST(hook_request, a_reply_says_how_long_it_is) {
  EXPECT_EQ((HookReply{.status = 409, .body = "no\n"}).bytes(),
            "HTTP/1.1 409 Conflict\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n"
            "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\nno\n");
}

}  // namespace
}  // namespace maand
