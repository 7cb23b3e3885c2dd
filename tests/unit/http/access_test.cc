// R6.2, row by row.
#include "reconciler/http/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "reconciler/http/reply_stream.h"
#include "reconciler/http/socket_address.h"
#include "tests/support/temp_dir.h"

namespace maand {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string base64(const std::string& text) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    unsigned bits = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      bits = bits << 8 | (i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += i + k <= text.size() ? kDigits[bits >> (18 - 6 * k) & 63] : '=';
    }
  }
  return out;
}

class AccessTest : public testing::Test {
 protected:
  AccessTest() {
    const auto now = std::chrono::system_clock::now();
    tokens_["read"] = add_token(path(), "rita", Role::kRead, std::nullopt);
    tokens_["operate"] = add_token(path(), "otto", Role::kOperate, now + std::chrono::hours(24));
    tokens_["expired"] = add_token(path(), "eve", Role::kOperate, now - std::chrono::hours(24));
    tokens_["wrong"] = "maand_" + std::string(64, '0');
  }
  std::filesystem::path path() const { return directory_.path() / "tokens"; }

  HttpRequest request(const std::string& method, const std::string& host, const std::string& token) {
    HttpRequest out;
    out.method = method;
    out.path = "/api/v1/status";
    out.peer_address = "10.1.2.3";
    if (!host.empty()) out.headers.emplace("host", host);
    if (!token.empty()) out.headers.emplace("authorization", "Bearer " + tokens_.at(token));
    return out;
  }

  TempDir directory_;
  std::map<std::string, std::string> tokens_;
  std::vector<std::string> said_;
  TokenFile file_{path(), [](const std::string&) {}};
  Access loopback_{{true}, file_, [this](const std::string& text) { said_.push_back(text); }};
  Access network_{{false}, file_, [this](const std::string& text) { said_.push_back(text); }};
  Access::Time now_{std::chrono::system_clock::now(), {}};
};

TEST_F(AccessTest, Every_route_needs_a_token_unless_listener_and_host_are_loopback_and_POST_always) {
  struct Row {
    bool loopback;
    const char* method;
    const char* host;
    const char* token;
    int status;  // 200: may go on
    const char* actor;
  };
  const Row table[] = {
      {true, "GET", "127.0.0.1:8484", "", 200, ""},
      {true, "GET", "evil.example", "", 401, ""},
      {true, "GET", "", "", 401, ""},
      {true, "GET", "evil.example", "read", 200, "token rita"},
      {true, "GET", "localhost", "wrong", 401, ""},  // not as good as none
      {true, "GET", "localhost", "expired", 401, ""},
      {true, "POST", "localhost", "", 401, ""},
      {true, "POST", "localhost", "read", 403, "token rita"},
      {true, "POST", "localhost", "expired", 401, ""},
      {true, "POST", "maand.example", "operate", 200, "token otto"},
      {false, "GET", "localhost", "", 401, ""},
      {false, "GET", "maand.example", "read", 200, "token rita"},
      {false, "GET", "maand.example", "operate", 200, "token otto"},
      {false, "POST", "maand.example", "read", 403, "token rita"},
      {false, "POST", "maand.example", "operate", 200, "token otto"},
  };
  for (const Row& row : table) {
    const std::string name =
        std::string(row.loopback ? "loopback " : "network ") + row.method + " " + row.host + " " + row.token;
    HttpRequest asked = request(row.method, row.host, row.token);
    const auto refused = (row.loopback ? loopback_ : network_).refuse(asked, now_);
    EXPECT_EQ(refused ? refused->status : 200, row.status) << name;
    EXPECT_EQ(asked.actor, row.actor) << name;
    if (!refused) continue;
    EXPECT_THAT(refused->body, HasSubstr("{\"error\":\"")) << name;
    const auto& headers = refused->headers;
    const bool challenged = std::any_of(headers.begin(), headers.end(), [](const auto& header) {
      return header.first == "WWW-Authenticate";
    });
    EXPECT_EQ(challenged, row.status == 401) << name;
  }
}

TEST_F(AccessTest, Two_host_headers_name_nothing_and_two_tokens_nobody) {
  HttpRequest hosts = request("GET", "localhost", "");
  hosts.headers.emplace("host", "localhost");
  EXPECT_EQ(loopback_.refuse(hosts, now_)->status, 401);
  HttpRequest two = request("GET", "localhost", "read");
  two.headers.emplace("authorization", "Bearer " + tokens_["operate"]);
  EXPECT_EQ(loopback_.refuse(two, now_)->status, 400);
}

TEST_F(AccessTest, A_token_comes_as_bearer_or_as_the_password_of_a_browser) {
  const std::string& token = tokens_["operate"];
  struct Row {
    std::string header;
    bool known;
  };
  const Row table[] = {{"Bearer " + token, true},
                       {"bearer   " + token, true},
                       {"Basic " + base64("anybody:" + token), true},
                       {"basic " + base64(":" + token), true},
                       {"Basic " + base64(token), false},
                       {"Basic " + base64(token + ":"), false},
                       {"Basic ####", false},
                       {"Basic ", false},
                       {"Bearer", false},
                       {"Bearer ", false},
                       {"Digest " + token, false},
                       {token, false},
                       {"", false}};
  for (const Row& row : table) {
    HttpRequest asked = request("GET", "maand.example", "");
    asked.headers.emplace("authorization", row.header);
    EXPECT_EQ(!network_.refuse(asked, now_), row.known) << row.header;
  }
}

TEST_F(AccessTest, A_browser_is_asked_for_a_password_by_the_page_alone) {
  const auto challenge = [&](const std::string& path) {
    HttpRequest asked = request("GET", "maand.example", "");
    asked.path = path;
    std::string all;
    const std::optional<HttpReply> refused = network_.refuse(asked, now_);
    for (const auto& [name, value] : refused->headers) all += value + "\n";
    return all;
  };
  EXPECT_THAT(challenge("/"), HasSubstr("Basic"));
  EXPECT_THAT(challenge("/api/v1/status"), Not(HasSubstr("Basic")));
}

TEST_F(AccessTest, Orders_from_the_page_of_another_site_are_refused_also_with_a_password_the_browser_knows) {
  for (const auto& [site, may] : std::map<std::string, bool>{
           {"same-origin", true}, {"none", true}, {"cross-site", false}, {"same-site", false}}) {
    HttpRequest asked = request("POST", "maand.example", "operate");
    asked.headers.emplace("sec-fetch-site", site);
    EXPECT_EQ(!network_.refuse(asked, now_), may) << site;
  }
}

TEST_F(AccessTest, The_unix_socket_is_for_its_owner) {
  HttpRequest asked;
  asked.method = "POST";
  asked.over_unix_socket = true;
  asked.peer_uid = 17;
  EXPECT_FALSE(network_.refuse(asked, now_));
  EXPECT_EQ(asked.role, Role::kOperate);
  EXPECT_EQ(asked.actor, "uid 17");
}

TEST_F(AccessTest, Wrong_tokens_are_told_once_a_minute_and_slowed_down_and_right_ones_are_not) {
  int last = 0;
  for (int i = 0; i <= FailedAttempts::kPerWindow; ++i) {
    HttpRequest asked = request("GET", "maand.example", "wrong");
    last = network_.refuse(asked, now_)->status;
  }
  EXPECT_EQ(last, 429);
  HttpRequest right = request("GET", "maand.example", "read");
  EXPECT_FALSE(network_.refuse(right, now_)) << "who shares an address with a guesser is locked out";
  HttpRequest none = request("GET", "maand.example", "");
  EXPECT_EQ(network_.refuse(none, now_)->status, 401);
  EXPECT_THAT(said_, ElementsAre(HasSubstr("10.1.2.3")));
  now_.steady += FailedAttempts::kWindow;
  HttpRequest later = request("GET", "maand.example", "wrong");
  EXPECT_EQ(network_.refuse(later, now_)->status, 401);
  EXPECT_EQ(said_.size(), 2u);
  for (const std::string& text : said_) EXPECT_THAT(text, Not(HasSubstr(tokens_["wrong"])));
}

class Endless : public ReplyStream {
 public:
  std::string take(std::size_t) override { return "news"; }
  std::string heartbeat() const override { return ""; }
};

TEST_F(AccessTest, A_stream_ends_with_the_token_it_was_asked_for_with) {
  const auto streaming = guarded(network_, [](const HttpRequest&) {
    HttpReply reply;
    reply.stream = std::make_shared<Endless>();
    return reply;
  });
  const auto stream = streaming(request("GET", "maand.example.org", "read")).stream;
  ASSERT_NE(stream, nullptr);
  EXPECT_EQ(stream->take(100), "news");
  EXPECT_FALSE(stream->over());
  remove_token(path(), "rita");
  EXPECT_EQ(stream->take(100), "");
  EXPECT_TRUE(stream->over());
}

TEST_F(AccessTest, Whoami_answers_everybody_but_wrong_tokens) {
  const std::tuple<const char*, const char*, const char*> table[] = {
      {"", "", "none"}, {"read", "rita", "read"}, {"operate", "otto", "operate"}};
  for (const auto& [token, name, role] : table) {
    HttpRequest asked = request("GET", "maand.example", token);
    asked.path = "/api/v1/whoami";
    const auto handler = guarded(network_, [](const HttpRequest&) { return HttpReply{404}; });
    EXPECT_EQ(handler(asked).body, std::string("{\"name\":\"") + name + "\",\"role\":\"" + role + "\"}\n");
  }
  HttpRequest wrong = request("GET", "maand.example", "wrong");
  wrong.path = "/api/v1/whoami";
  EXPECT_EQ(network_.refuse(wrong, now_)->status, 401);
}

TEST(SourceOf, Is_the_address_or_the_network_a_household_has) {
  const std::pair<const char*, const char*> table[] = {{"10.0.0.1", "10.0.0.1"},
                                                       {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
                                                       {"2001:db8:1:2::", "2001:db8:1:2::/64"},
                                                       {"fe80::1%eth0", "fe80::/64"},
                                                       {"::ffff:10.0.0.1", "10.0.0.1"},
                                                       {"", ""}};
  for (const auto& [address, source] : table) {
    EXPECT_EQ(source_of(address), source);
  }
}

}  // namespace
}  // namespace maand
