// Two buckets behind one set of listeners, over real sockets.
#include "reconciler/http/shared_listeners.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>

#include "reconciler/http/api.h"
#include "reconciler/http/health.h"
#include "reconciler/http/socket_address.h"
#include "reconciler/http/token_file.h"
#include "reconciler/http/webhook_deliveries.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/http/http_fixture.h"

namespace maand {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

struct OneBucket {
  explicit OneBucket(const std::filesystem::path& tokens, SharedListeners& listeners) {
    ApiOptions options;
    options.tokens_file = tokens.string();
    options.shared_loopback = listeners.loopback();
    options.wake_shared = [&listeners] { listeners.wake_streams(); };
    api = std::make_unique<ApiServer>(options, daemon, daemon, daemon);
  }

  BucketRooms rooms(const std::string& name) {
    BucketRooms out;
    out.api = [this](const HttpRequest& request) { return api->shared(request); };
    out.health = [this](const HttpRequest& request) { return health_answer(daemon, request); };
    out.before_webhook = [](const HttpRequest& request) {
      return request.path == "/webhook/generic" ? std::nullopt : std::optional(json_error(404, "not here"));
    };
    out.webhook = [name](const HttpRequest& request) {
      return HttpReply{202, name + " got " + request.body};
    };
    out.knows = [this](const HttpRequest& request) { return api->knows(request); };
    out.state = [this] { return daemon.health(); };
    out.metrics = [this] { return daemon.metrics_text(); };
    return out;
  }

  FakeDaemon daemon;
  std::unique_ptr<ApiServer> api;
};

class SharedListenersTest : public ::testing::Test {
 protected:
  SharedListenersTest() {
    prod_.daemon.say_status("{\"name\": \"prod\"}");
    lab_.daemon.say_status("{\"name\": \"lab\"}");
    open("prod", prod_);
    open("lab", lab_);
  }
  ~SharedListenersTest() override {
    for (const char* name : {"prod", "lab"}) doors_.shut(place(name), "over");
  }

  static std::string place(const std::string& name) { return "/b/" + name; }
  void open(const std::string& name, OneBucket& bucket) {
    doors_.claim(place(name), name, "id of " + name);
    doors_.open(place(name), BucketDoor::open(bucket.rooms(name)));
  }
  std::string token(const std::string& bucket, Role role) {
    return "Authorization: Bearer " + add_token(directory_.path() / bucket, "otto", role, std::nullopt) +
           "\r\n";
  }
  std::string api(const std::string& path, const std::string& headers = "") {
    return get(listeners_.port(), path, headers);
  }
  // As a browser sends it whose name for 127.0.0.1 is somebody else's.
  std::string from_elsewhere(const std::string& path, const std::string& headers = "") {
    return ask(listeners_.port(), "GET " + path + " HTTP/1.1\r\nHost: evil.example\r\n" + headers + "\r\n");
  }
  std::string order(const std::string& path, const std::string& headers) {
    return ask(listeners_.port(), "POST " + path +
                                      " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n" +
                                      headers + "Content-Length: 2\r\n\r\n{}");
  }

  TempDir directory_;
  BucketDoors doors_;
  SharedListeners listeners_{{.listen = "127.0.0.1:0",
                              .health_listen = "127.0.0.1:0",
                              .webhook_listen = "127.0.0.1:0",
                              .metrics = [] { return std::string("of all\n"); },
                              .all_tried = [] { return true; }},
                             doors_};
  OneBucket prod_{directory_.path() / "prod", listeners_};
  OneBucket lab_{directory_.path() / "lab", listeners_};
};

TEST_F(SharedListenersTest, Each_bucket_answers_below_its_name_and_none_elsewhere) {
  EXPECT_THAT(api("/buckets/prod/api/v1/status"), HasSubstr("{\"name\": \"prod\"}"));
  EXPECT_THAT(api("/buckets/lab/api/v1/status"), HasSubstr("{\"name\": \"lab\"}"));
  EXPECT_THAT(api("/buckets/lab/"), HasSubstr("src=\"dashboard/main.js\""));
  EXPECT_THAT(api("/buckets/lab/dashboard/main.js"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(api("/buckets/lab"),
              AllOf(StartsWith("HTTP/1.1 308"), HasSubstr("Location: /buckets/lab/\r\n")));
  EXPECT_THAT(api("/buckets/other/api/v1/status"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(api("/api/v1/status"), AllOf(StartsWith("HTTP/1.1 404"), HasSubstr("/buckets lists them")));
  EXPECT_THAT(api("/"), HasSubstr("<a href=\"/buckets/prod/\">prod</a> ok"));
  EXPECT_THAT(api("/buckets"), HasSubstr("{\"buckets\":[{\"name\":\"lab\""));
  EXPECT_THAT(api("/dashboard/theme.css"), StartsWith("HTTP/1.1 200"));
}

TEST_F(SharedListenersTest, An_order_and_a_webhook_reach_the_bucket_they_name_and_no_other) {
  EXPECT_THAT(order("/buckets/lab/api/v1/reconcile", token("lab", Role::kOperate)),
              StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(lab_.daemon.orders(), ElementsAre("reconcile by token otto"));
  EXPECT_THAT(prod_.daemon.orders(), IsEmpty());
  const auto push = [&](const std::string& path) {
    return ask(listeners_.webhook_port(),
               "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\npush");
  };
  EXPECT_THAT(push("/buckets/lab/webhook/generic"),
              AllOf(StartsWith("HTTP/1.1 202"), HasSubstr("lab got push")));
  EXPECT_THAT(push("/buckets/lab/webhook/github"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(push("/buckets/other/webhook/generic"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(push("/webhook/generic"), StartsWith("HTTP/1.1 404"));
}

TEST_F(SharedListenersTest, A_token_of_one_bucket_opens_no_other) {
  const std::string of_lab = token("lab", Role::kOperate);
  EXPECT_THAT(order("/buckets/prod/api/v1/reconcile", of_lab), StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(prod_.daemon.orders(), IsEmpty());
  EXPECT_THAT(from_elsewhere("/buckets/prod/api/v1/status"), StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(from_elsewhere("/buckets/prod/api/v1/status", of_lab), StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(from_elsewhere("/buckets/lab/api/v1/status", of_lab), StartsWith("HTTP/1.1 200"));
  // The list shows those that the token is of.
  for (const char* path : {"/", "/buckets"}) {
    EXPECT_THAT(from_elsewhere(path), StartsWith("HTTP/1.1 401")) << path;
    EXPECT_THAT(from_elsewhere(path, "Authorization: Bearer maand_no\r\n"), StartsWith("HTTP/1.1 401"))
        << path;
    EXPECT_THAT(from_elsewhere(path, of_lab),
                AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("lab"), Not(HasSubstr("prod"))))
        << path;
  }
  // Nobody without a token learns which names there are.
  doors_.shut(place("prod"), "its file is broken");
  const auto body = [](const std::string& answer) { return answer.substr(answer.find("\r\n\r\n")); };
  EXPECT_EQ(body(from_elsewhere("/buckets/prod/")), body(from_elsewhere("/buckets/other/")));
}

TEST_F(SharedListenersTest, One_that_is_down_says_why_and_the_others_go_on) {
  doors_.shut(place("lab"), "it is being stopped");
  doors_.start_failed(place("lab"), "maand.conf:7: port is no number");
  EXPECT_THAT(api("/buckets/lab/api/v1/status"),
              AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("maand.conf:7: port is no number")));
  EXPECT_THAT(api("/buckets/prod/api/v1/status"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(api("/"), HasSubstr("lab not served: maand.conf:7"));
  const int health = listeners_.health_port();
  EXPECT_THAT(get(health, "/healthz"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(get(health, "/readyz"),
              AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("lab: not served"), HasSubstr("prod: ok")));
  EXPECT_THAT(get(health, "/buckets/lab/readyz"),
              AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("maand.conf:7")));
  EXPECT_THAT(get(health, "/buckets/prod/readyz"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(get(health, "/buckets/prod/metrics"), HasSubstr("maand_ready 1"));
  EXPECT_THAT(get(health, "/metrics"), HasSubstr("\r\n\r\nof all\n"));
  prod_.daemon.say_health({false, true, "the reconcile thread hangs"});
  EXPECT_THAT(get(health, "/healthz"),
              AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("prod: the reconcile thread hangs")));
}

TEST_F(SharedListenersTest, The_only_bucket_has_its_plain_paths_as_well) {
  doors_.shut(place("lab"), "over");
  doors_.remove(place("lab"));
  EXPECT_THAT(api("/api/v1/status"), HasSubstr("{\"name\": \"prod\"}"));
  EXPECT_THAT(api("/buckets/prod/api/v1/status"), HasSubstr("{\"name\": \"prod\"}"));
  EXPECT_THAT(api("/"), HasSubstr("src=\"dashboard/main.js\""));
  EXPECT_THAT(api("/buckets"), HasSubstr("\"name\":\"prod\""));
  doors_.add(place("lab"));  // put back here, so that it can be shut again
}

TEST(SharedListeners, Beyond_loopback_there_is_TLS_or_a_word_that_a_proxy_speaks_it) {
  BucketDoors doors;
  SharedListenerOptions options;
  options.listen = "0.0.0.0:0";
  EXPECT_THROW(SharedListeners(options, doors), ListenError);
  options.allow_plaintext = true;
  const SharedListeners open(options, doors);
  EXPECT_FALSE(open.loopback());
  EXPECT_THAT(get(open.port(), "/"), StartsWith("HTTP/1.1 401"));
}

}  // namespace
}  // namespace maand
