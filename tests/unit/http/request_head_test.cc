#include "reconciler/http/request_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maand {
namespace {

using testing::HasSubstr;

const Peer kPeer{"10.0.0.1"};

RequestHead read(const std::string& head, const HttpLimits& limits = {}) {
  return HeadReader(limits).read(head, kPeer);
}

TEST(HeadReader, Says_what_is_asked_and_by_whom) {
  const RequestHead head = read(
      "GET /api/v1/a%20b?limit=3&x=%26 HTTP/1.1\r\nHost: h\r\nX-Two: 1\r\nx-two: 2\r\nRange: "
      "bytes=0-1\r\n\r\n");
  ASSERT_FALSE(head.refused);
  EXPECT_EQ(head.request.method, "GET");
  EXPECT_EQ(head.request.path, "/api/v1/a b");
  EXPECT_EQ(head.request.query.find("x")->second, "&");
  EXPECT_EQ(head.request.headers.count("x-two"), 2u);
  EXPECT_EQ(head.request.header("x-two"), "");
  EXPECT_EQ(head.request.header("host"), "h");
  EXPECT_EQ(head.request.peer_address, "10.0.0.1");
  EXPECT_TRUE(read("HEAD / HTTP/1.1\r\n\r\n").answer_without_body);
  EXPECT_EQ(read("HEAD / HTTP/1.1\r\n\r\n").request.method, "GET");
}

TEST(HeadReader, Headers_stay_as_they_came) {
  const RequestHead head = read(
      "GET / HTTP/1.1\r\nX-Gitlab-Token:  p%41ss+word%20 \r\nno header\r\n: none\r\nX-Spaced : 1\r\n"
      "Empty:\r\nHost: a:80\r\n\r\n");
  ASSERT_FALSE(head.refused);
  EXPECT_EQ(head.request.header("x-gitlab-token"), "p%41ss+word%20");
  EXPECT_EQ(head.request.header("host"), "a:80");
  EXPECT_EQ(head.request.headers.count("empty"), 1u);
  EXPECT_EQ(head.request.headers.size(), 3u);
}

TEST(HeadReader, Refuses_before_a_body_is_read) {
  struct Row {
    const char* head;
    int status;  // 0: not refused
    std::size_t body;
  };
  const Row table[] = {
      {"POST / HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 5\r\n", 0, 5},
      {"POST / HTTP/1.1\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 65536\r\n", 0,
       65536},
      {"POST / HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 65537\r\n", 413, 0},
      {"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n", 413, 0},
      {"POST / HTTP/1.1\r\nContent-Length: -1\r\n", 400, 0},
      {"POST / HTTP/1.1\r\nContent-Length: \r\n", 411, 0},
      {"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n", 400, 0},
      {"POST / HTTP/1.1\r\n", 411, 0},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n", 411, 0},
      {"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Encoding: gzip\r\n", 415, 0},
      {"POST / HTTP/1.1\r\nContent-Length: 1\r\n", 415, 0},
      {"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Type: text/plain\r\n", 415, 0},
      {"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Type: application/jsonp\r\n", 415, 0},
      {"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: 1\r\n",
       0, 1},
      {"GET / HTTP/1.1\r\nContent-Length: 1000000\r\n", 0, 0},
      {"PUT / HTTP/1.1\r\nContent-Length: 1\r\n", 405, 0},
      {"OPTIONS / HTTP/1.1\r\n", 405, 0},
      {"GET /\r\n", 400, 0},
      {"GET / HTTP/2.0\r\n", 400, 0},
  };
  for (const Row& row : table) {
    const RequestHead head = read(std::string(row.head) + "\r\n");
    EXPECT_EQ(head.refused ? head.refused->status : 0, row.status) << row.head;
    EXPECT_EQ(head.refused ? 0 : head.body_bytes, row.body) << row.head;
    if (head.refused) {
      EXPECT_THAT(head.refused->body, HasSubstr("{\"error\":\"")) << row.head;
    }
  }
}

TEST(HeadReader, A_server_may_take_bodies_of_any_type) {
  HttpLimits limits;
  limits.json_only = false;
  for (const char* type :
       {"application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"}) {
    const RequestHead head =
        read(std::string("POST /?a=1 HTTP/1.1\r\nContent-Length: 7\r\nContent-Type: ") + type + "\r\n\r\n",
             limits);
    EXPECT_FALSE(head.refused) << type;
    EXPECT_EQ(head.body_bytes, 7u) << type;
    EXPECT_EQ(head.request.query.size(), 1u) << type;
  }
}

TEST(HeadReader, Ranges_that_would_take_long_to_understand_are_never_looked_at) {
  std::string ranges = "bytes=0-0";
  while (ranges.size() < 8000) ranges += ",0-0";
  EXPECT_FALSE(read("GET / HTTP/1.1\r\nRANGE : " + ranges + "\r\n\r\n").refused);
  EXPECT_FALSE(read("GET / HTTP/1.1\r\nRange: nonsense\r\n\r\n").refused);
}

}  // namespace
}  // namespace maand
