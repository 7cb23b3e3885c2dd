#include "reconciler/http/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>

#include "reconciler/http/client.h"
#include "reconciler/http/server.h"
#include "reconciler/http/token_file.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/http/http_fixture.h"

namespace maand {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class Api : public testing::Test {
 protected:
  std::string socket_path() const { return (directory_.path() / "maand.sock").string(); }

  TempDir directory_;
  FakeDaemon daemon_;
  ApiServer server_{{"127.0.0.1:0", socket_path()}, daemon_, daemon_, daemon_};
  ApiClient client_{socket_path()};
};

TEST_F(Api, Reads_are_answered_over_both_listeners) {
  struct Row {
    const char* target;
    int status;
    const char* body;
  };
  const Row table[] = {{"/api/v1/status", 200, "{\"state\": \"applied\"}"},
                       {"/api/v1/previews", 200, "{\"previews\": []}"},
                       {"/api/v1/commits", 200, "{\"limit\": 20}"},
                       {"/api/v1/commits?limit=3", 200, "{\"limit\": 3}"},
                       {"/api/v1/commits?limit=999999999", 200, "{\"limit\": 1000}"},
                       {"/api/v1/allocations", 200, "{\"allocations\": []}"},
                       {"/api/v1/jobs/api", 200, "{\"job\": \"api\"}"},
                       {"/api/v1/jobs/none", 404, "there is no job none"},
                       {"/api/v1/plan", 200, "{\"plan\": []}"},
                       {"/api/v1/plan/api/w1", 200, "{\"files of\": \"api@w1\"}"},
                       {"/api/v1/plan/web/w1", 404, "nothing is planned for web"},
                       {"/api/v1/plan/api", 404, "known here"},
                       {"/api/v1/commits/c0ffee/note", 503, "no mirror for c0ffee"},
                       {"/api/v1/commits/c0ffee", 404, "known here"},
                       {"/api/v1/logs/api/w1", 200, "{\"output of\": \"api@w1\", \"from\": -65536}"},
                       {"/api/v1/logs/api/w1?from=7", 200, "\"from\": 7}"},
                       {"/api/v1/logs/api/w1?from=x", 200, "\"from\": -65536}"},
                       {"/api/v1/logs/api/w1/more", 404, "known here"},
                       {"/api/v1/other", 404, "known here"},
                       {"/api/v1/%0A", 404, "known here"},
                       {"/", 200, "<!doctype html>"},
                       {"/dashboard/main.js", 200, "import "},
                       {"/dashboard/none.js", 404, "/api/v1/"}};
  for (const Row& row : table) {
    const ClientReply reply = client_.get(row.target);
    EXPECT_EQ(reply.status, row.status) << row.target;
    EXPECT_THAT(reply.body, HasSubstr(row.body)) << row.target;
    EXPECT_THAT(get(server_.port(), row.target), StartsWith("HTTP/1.1 " + std::to_string(row.status)))
        << row.target;
  }
}

TEST_F(Api, Orders_come_through_the_unix_socket_with_an_actor) {
  EXPECT_EQ(client_.post("/api/v1/reconcile", "{\"actor\": \"alice\"}").body,
            "{\"message\":\"will be done\"}\n");
  EXPECT_EQ(client_.post("/api/v1/retry", "{\"job\": \"api\"}").status, 200);
  EXPECT_EQ(client_.post("/api/v1/release", "{\"subject\": \"c0ffee\", \"actor\": \"bob\"}").status, 200);
  EXPECT_EQ(client_.post("/api/v1/reconcile", "").status, 200);
  EXPECT_EQ(client_
                .post("/api/v1/suspend",
                      "{\"job\": \"api\", \"reason\": \"work\", \"for\": \"2h\", \"actor\": \"ann\"}")
                .status,
            200);
  EXPECT_EQ(
      client_.post("/api/v1/suspend", "{\"reason\": \"all\", \"for\": \"1h\", \"actor\": \"ann\"}").status,
      200);
  const std::string back = R"({"job": "api", "to": "c0ffee", "reason": "slow", "actor": "ann"})";
  EXPECT_EQ(client_.post("/api/v1/rollback", back).status, 200);
  const std::string pin = R"({"to": "c0ffee", "reason": "freeze", "for": "2h", "actor": "ann"})";
  EXPECT_EQ(client_.post("/api/v1/pin", pin).status, 200);
  EXPECT_EQ(client_.post("/api/v1/resume", "{\"job\": null, \"actor\": \"ann\"}").status, 200);
  EXPECT_EQ(client_.post("/api/v1/takeover", R"({"reason": "lost", "actor": "ann"})").status, 200);
  EXPECT_EQ(client_.post("/api/v1/forget", R"({"subject": "api@w1", "actor": "ann"})").status, 200);
  EXPECT_EQ(client_.post("/api/v1/worker", R"({"verb": "reset", "host": "w1", "actor": "ann"})").status, 200);
  const std::string me = "uid " + std::to_string(::getuid());
  EXPECT_THAT(
      daemon_.orders(),
      ElementsAre("reconcile by alice", "retry api by " + me, "release c0ffee by bob", "reconcile by " + me,
                  "suspend api for 2h by ann: work", "suspend  for 1h by ann: all",
                  "rollback api to the whole id of c0ffee with api for  by ann: slow",
                  "rollback  to the whole id of c0ffee with  for 2h by ann: freeze", "resume  by ann",
                  "takeover by ann: lost", "forget api@w1 by ann", "worker reset w1 by ann"));
}

TEST_F(Api, Orders_that_make_no_sense_reach_nobody) {
  struct Row {
    const char* target;
    std::string body;
    int status;
  };
  const Row table[] = {
      {"/api/v1/retry", "{}", 400},
      {"/api/v1/retry", "{\"job\": 5}", 400},
      {"/api/v1/retry", "{\"job\": \"" + std::string(300, 'x') + "\"}", 400},
      {"/api/v1/release", "", 400},
      {"/api/v1/forget", "{}", 400},
      {"/api/v1/worker", R"({"verb": "reset"})", 400},
      {"/api/v1/worker", R"({"verb": "paint", "host": "w1"})", 400},
      {"/api/v1/release", "{\"subject\": \"c0ffee\", \"unsigned\": true}", 400},
      {"/api/v1/suspend", "{\"job\": \"api\", \"for\": \"2h\"}", 400},
      {"/api/v1/suspend", "{\"job\": \"api\", \"reason\": \"work\"}", 400},
      // A job that is no name is not the whole bucket.
      {"/api/v1/suspend", "{\"job\": 5, \"reason\": \"work\", \"for\": \"2h\"}", 400},
      {"/api/v1/rollback", R"({"job": "api", "to": "c0ffee"})", 400},
      {"/api/v1/rollback", R"({"job": "api", "to": "c0ffee", "reason": "r", "for": 7})", 400},
      {"/api/v1/rollback", R"({"job": "api", "to": "beef", "reason": "r"})", 404},
      {"/api/v1/rollback", R"({"to": "c0ffee", "reason": "r"})", 400},
      {"/api/v1/pin", R"({"to": "c0ffee"})", 400},
      {"/api/v1/pin", R"({"job": "api", "to": "c0ffee", "reason": "r"})", 400},
      {"/api/v1/pin", R"({"to": "beef", "reason": "r"})", 404},
      {"/api/v1/resume", "", 400},
      {"/api/v1/resume", R"({"job": ""})", 400},
      {"/api/v1/resume", R"({"Job": "api"})", 400},
      {"/api/v1/suspend", R"({"jobs": "api", "reason": "r", "for": "1h"})", 400},
      {"/api/v1/resume", "{\"job\": [\"api\"]}", 400},
      {"/api/v1/resume", "{\"job\": \"" + std::string(300, 'x') + "\"}", 400},
      {"/api/v1/reconcile", "[1]", 400},
      {"/api/v1/reconcile", "{", 400},
      {"/api/v1/reconcile", std::string(60'000, '['), 400},
      {"/api/v1/status", "{}", 404}};
  for (const Row& row : table) EXPECT_EQ(client_.post(row.target, row.body).status, row.status) << row.target;
  EXPECT_THAT(daemon_.orders(), IsEmpty());
}

TEST_F(Api, Every_kind_of_reply_has_its_status) {
  using Kind = ControlReply::Kind;
  for (const auto& [kind, status] :
       {std::pair{Kind::kDone, 200}, std::pair{Kind::kUnknownSubject, 404}, std::pair{Kind::kRefused, 409}}) {
    daemon_.say_reply({kind, "because"});
    const ClientReply reply = client_.post("/api/v1/reconcile", "{}");
    EXPECT_EQ(reply.status, status);
    EXPECT_THAT(reply.body, HasSubstr("because"));
  }
}

TEST_F(Api, Orders_over_tcp_without_a_token_are_refused_with_a_sentence) {
  const std::string answer =
      ask(server_.port(),
          "POST /api/v1/reconcile HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
          "Content-Length: 2\r\n\r\n{}");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(answer, HasSubstr("WWW-Authenticate: Bearer"));
  EXPECT_THAT(answer, HasSubstr("orders need a token of role operate"));
  EXPECT_THAT(daemon_.orders(), IsEmpty());
}

// R6.2: a page that rebinds its own name to 127.0.0.1 has the browser send that name.
TEST_F(Api, Without_a_token_only_a_host_header_that_names_loopback_reads) {
  const auto status = [&](const std::string& headers) {
    return ask(server_.port(), "GET /api/v1/status HTTP/1.1\r\n" + headers + "\r\n").substr(0, 12);
  };
  EXPECT_EQ(status("Host: localhost:8484\r\n"), "HTTP/1.1 200");
  EXPECT_EQ(status("Host: evil.example\r\n"), "HTTP/1.1 401");
  EXPECT_EQ(status("Host: 10.0.0.1\r\n"), "HTTP/1.1 401");
  EXPECT_EQ(status(""), "HTTP/1.1 401");
  EXPECT_EQ(status("Host: localhost\r\nHost: evil.example\r\n"), "HTTP/1.1 401");
}

TEST(NamesLoopback, Takes_addresses_and_localhost_and_no_look_alikes) {
  for (const char* host :
       {"localhost", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:8484", "127.1.2.3:1", "[::1]", "[::1]:8484"}) {
    EXPECT_TRUE(names_loopback(host)) << host;
  }
  for (const char* host :
       {"", ":8484", "localhost.evil.example", "127.0.0.1.evil.example", "127.evil", "128.0.0.1", "0.0.0.0",
        "[::]", "::1", "localhost:", "localhost:x", "evil@localhost", "[::1", "127.0.0.1:8484:1"}) {
    EXPECT_FALSE(names_loopback(host)) << host;
  }
}

TEST_F(Api, Bodies_that_are_not_wanted_are_refused_before_they_are_read) {
  const auto status = [&](const std::string& headers) {
    // No body follows: an answer shows that nobody waited for one.
    return ask(server_.port(), "POST /api/v1/reconcile HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n")
        .substr(0, 12);
  };
  EXPECT_EQ(status("Content-Length: 1000000000\r\n"), "HTTP/1.1 413");
  EXPECT_EQ(status("Content-Length: 65537\r\n"), "HTTP/1.1 413");
  EXPECT_EQ(status("Content-Length: 99999999999999999999999\r\n"), "HTTP/1.1 413");
  EXPECT_EQ(status("Content-Length: -1\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(status("Content-Length: 1x\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(status(""), "HTTP/1.1 411");
  EXPECT_EQ(status("Transfer-Encoding: chunked\r\n"), "HTTP/1.1 411");
  EXPECT_EQ(status("Content-Length: 10\r\nContent-Encoding: gzip\r\n"), "HTTP/1.1 415");
  EXPECT_EQ(status("Content-Length: 10\r\n"), "HTTP/1.1 415");
  EXPECT_EQ(status("Content-Length: 10\r\nContent-Type: text/plain\r\n"), "HTTP/1.1 415");
  EXPECT_EQ(status("Content-Length: 10\r\nContent-Type: multipart/form-data; boundary=x\r\n"),
            "HTTP/1.1 415");
  EXPECT_EQ(status("Content-Length: 10\r\nContent-Length: 11\r\n"), "HTTP/1.1 400");
}

TEST_F(Api, A_body_above_the_cap_is_refused_over_the_unix_socket_too) {
  EXPECT_EQ(client_.post("/api/v1/reconcile", "{\"actor\": \"" + std::string(1'000'000, 'x') + "\"}").status,
            413);
  EXPECT_THAT(daemon_.orders(), IsEmpty());
}

TEST_F(Api, Outlives_requests_made_to_break_it) {
  std::string many_headers;
  for (int i = 0; i < 20'000; ++i) many_headers += "X-" + std::to_string(i) + ": y\r\n";
  std::string ranges = "bytes=0-0";
  while (ranges.size() < 8000) ranges += ",0-0";
  const std::string requests[] = {
      "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n" + many_headers + "\r\n",
      "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nRange: " + ranges + "\r\n\r\n",
      "GET /" + std::string(600, 'a') + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET /" + std::string(7000, 'a') + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET /" + std::string(100'000, 'a'),
      "GET /api/v1/status?" + std::string(7000, '&') + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "BREW /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      std::string("\x16\x03\x01\x00\xa5\x01\x00\r\n\r\n", 11),
      "\r\n\r\n\r\n",
      "GET /api/v1/%zz%00%ff HTTP/1.1\r\nHost: localhost\r\n\r\n",
  };
  for (const std::string& request : requests) {
    RawSocket socket(server_.port());
    socket.send(request);
    EXPECT_THAT(socket.read_all(), Not(StartsWith("HTTP/1.1 500"))) << request.substr(0, 40);
  }
  EXPECT_EQ(client_.get("/api/v1/status").status, 200);
}

TEST_F(Api, A_failure_inside_is_told_without_its_text) {
  daemon_.say_status("");
  const ClientReply reply = client_.get("/api/v1/status");
  EXPECT_EQ(reply.status, 500);
  EXPECT_THAT(reply.body, Not(HasSubstr("secret detail")));
}

TEST_F(Api, Large_answers_arrive_whole) {
  daemon_.say_status(std::string(3'000'000, 's'));
  EXPECT_EQ(client_.get("/api/v1/status").body, daemon_.status_json());
}

TEST_F(Api, Stops_while_clients_hang_and_takes_its_socket_away) {
  std::vector<RawSocket> hanging;
  for (int i = 0; i < 20; ++i) {
    hanging.emplace_back(server_.port());
    hanging.back().send("GET ");
  }
  server_.stop();
  for (RawSocket& socket : hanging) socket.read_all();  // every one of them was let go
  EXPECT_FALSE(std::filesystem::exists(socket_path()));
  server_.stop();  // again does nothing
}

TEST(ApiSocket, Is_private_and_goes_with_the_server) {
  TempDir directory;
  const std::string path = (directory.path() / "maand.sock").string();
  FakeDaemon daemon;
  {
    const ApiServer server({"", path}, daemon, daemon, daemon);
    struct stat info {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777u, 0600u);
    EXPECT_EQ(server.port(), 0);
    EXPECT_THROW(ApiServer({"", path}, daemon, daemon, daemon), ListenError);
    EXPECT_EQ(ApiClient(path).get("/api/v1/status").status, 200) << "the second one broke the first";
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_THROW(ApiClient(path).get("/api/v1/status"), NoDaemon);
}

TEST(ApiSocket, One_that_a_dead_process_left_behind_is_replaced_and_other_files_are_not) {
  TempDir directory;
  const std::string path = (directory.path() / "maand.sock").string();
  FakeDaemon daemon;
  std::ofstream(path) << "precious";
  EXPECT_THROW(ApiServer({"", path}, daemon, daemon, daemon), ListenError);
  EXPECT_TRUE(std::filesystem::is_regular_file(path));
  std::filesystem::remove(path);

  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(dead);
  EXPECT_THROW(ApiClient(path).get("/api/v1/status"), NoDaemon);
  const ApiServer server({"", path}, daemon, daemon, daemon);
  EXPECT_EQ(ApiClient(path).get("/api/v1/status").status, 200);
}

TEST(ApiSocket, A_path_that_is_too_long_is_told_with_its_length) {
  FakeDaemon daemon;
  const std::string path = "/tmp/" + std::string(120, 'x');
  try {
    ApiServer({"", path}, daemon, daemon, daemon);
    FAIL();
  } catch (const ListenError& error) {
    EXPECT_THAT(error.what(), HasSubstr("125 bytes"));
    EXPECT_THAT(error.what(), HasSubstr("107"));
  }
}

TEST(ApiListener, Beyond_loopback_or_taken_is_refused) {
  FakeDaemon daemon;
  EXPECT_THROW(ApiServer({"0.0.0.0:0", ""}, daemon, daemon, daemon), ListenError);
  EXPECT_THROW(ApiServer({"nonsense", ""}, daemon, daemon, daemon), ListenError);
  EXPECT_THROW(ApiServer({"example.org:80", ""}, daemon, daemon, daemon), ListenError);
  const ApiServer first({"127.0.0.1:0", ""}, daemon, daemon, daemon);
  try {
    ApiServer({"127.0.0.1:" + std::to_string(first.port()), ""}, daemon, daemon, daemon);
    FAIL();
  } catch (const ListenError& error) {
    EXPECT_THAT(error.what(), HasSubstr("another program has it"));
  }
}

TEST(ApiTokens, One_of_role_operate_gives_orders_under_its_name_and_no_other) {
  TempDir directory;
  const std::string file = (directory.path() / "tokens").string();
  FakeDaemon daemon;
  ApiOptions options;
  options.listen = "127.0.0.1:0";
  options.tokens_file = file;
  const ApiServer server(options, daemon, daemon, daemon);
  const std::string token = add_token(file, "alice", Role::kOperate, std::nullopt);
  const auto post = [&](const std::string& offered) {
    return ask(
        server.port(),
        "POST /api/v1/reconcile HTTP/1.1\r\nHost: maand.example\r\nAuthorization: Bearer " + offered +
            "\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{\"actor\": \"mallory\"}");
  };
  EXPECT_THAT(post(token), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(post(token + "0"), StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(get(server.port(), "/api/v1/whoami", "Authorization: Bearer " + token + "\r\n"),
              HasSubstr("{\"name\":\"alice\",\"role\":\"operate\"}"));
  EXPECT_THAT(get(server.port(), "/api/v1/whoami"), HasSubstr("{\"name\":\"\",\"role\":\"read\"}"));
  remove_token(file, "alice");
  EXPECT_THAT(post(token), StartsWith("HTTP/1.1 401")) << "a running daemon goes on with a removed token";
  EXPECT_THAT(daemon.orders(), ElementsAre("reconcile by token alice"));
}

TEST(ApiListener, Beyond_loopback_needs_tokens_and_TLS) {  // R6.2
  TempDir directory;
  const std::string file = (directory.path() / "tokens").string();
  FakeDaemon daemon;
  ApiOptions options;
  options.listen = "0.0.0.0:0";
  options.tokens_file = file;
  const auto problem = [&]() -> std::string {
    try {
      ApiServer(options, daemon, daemon, daemon);
    } catch (const ListenError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(problem(), HasSubstr("without TLS"));
  options.allow_plaintext = true;
  EXPECT_THAT(problem(), HasSubstr("maand token add"));
  const std::string token = add_token(file, "bob", Role::kRead, std::nullopt);
  EXPECT_EQ(::chmod(file.c_str(), 0644), 0);
  EXPECT_THAT(problem(), HasSubstr("chmod 600"));
  EXPECT_EQ(::chmod(file.c_str(), 0600), 0);
  const ApiServer server(options, daemon, daemon, daemon);
  EXPECT_THAT(get(server.port(), "/api/v1/status"), StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(get(server.port(), "/api/v1/whoami"), HasSubstr("\"role\":\"none\""));
  EXPECT_THAT(get(server.port(), "/api/v1/status", "Authorization: Bearer " + token + "\r\n"),
              StartsWith("HTTP/1.1 200"));
}

}  // namespace
}  // namespace maand
