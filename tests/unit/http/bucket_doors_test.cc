// Buckets behind listeners that they share: names, addresses, and leaving while somebody is inside.
#include "reconciler/http/bucket_doors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "reconciler/http/bucket_list.h"
#include "reconciler/http/bucket_paths.h"
#include "reconciler/http/reply_stream.h"

namespace maand {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(BucketPaths, Say_which_bucket_is_meant) {
  struct Row {
    const char* path;
    const char* name;  // nullptr: none
    const char* rest;
  };
  const Row table[] = {
      {"/buckets", "", ""},
      {"/buckets/", "", ""},
      {"/buckets/prod", "prod", ""},
      {"/buckets/prod/", "prod", "/"},
      {"/buckets/prod/api/v1/status", "prod", "/api/v1/status"},
      {"/buckets/a b/x", "a b", "/x"},
      {"/buckets/prod//x", "prod", "//x"},
      {"/buckets//x", nullptr, ""},
      {"/bucketsprod/x", nullptr, ""},
      {"/api/v1/status", nullptr, ""},
      {"/", nullptr, ""},
      {"", nullptr, ""},
  };
  for (const Row& row : table) {
    const auto path = bucket_path(row.path);
    ASSERT_EQ(path.has_value(), row.name != nullptr) << row.path;
    if (!path) continue;
    EXPECT_EQ(path->name, row.name) << row.path;
    EXPECT_EQ(path->rest, row.rest) << row.path;
  }
  EXPECT_EQ(path_of_bucket("prod-1.eu_x~"), "/buckets/prod-1.eu_x~/");
  EXPECT_EQ(path_of_bucket("ä \"<?#"), "/buckets/%C3%A4%20%22%3C%3F%23/");
}

BucketRooms rooms_that_say(const std::string& text) {
  BucketRooms out;
  out.api = out.health = out.webhook = [text](const HttpRequest& request) {
    return HttpReply{200, text + " " + request.path};
  };
  out.before_webhook = [](const HttpRequest&) { return std::nullopt; };
  out.knows = [](const HttpRequest&) { return true; };
  out.state = [] { return HealthState{true, true, ""}; };
  out.metrics = [text] { return text; };
  return out;
}

TEST(BucketDoors, A_name_and_an_id_belong_to_one_directory) {
  struct Row {
    const char* directory;
    const char* name;
    const char* id;
    const char* refused;  // nullptr: it is not
  };
  const Row table[] = {
      {"/b/one", "prod", "id-1", nullptr},
      {"/b/one", "prod", "id-1", nullptr},  // once more, at a reload
      {"/b/two", "prod", "id-2", "name \"prod\" is that of /b/one as well"},
      {"/b/two", "lab", "id-1", "bucket_id id-1 is that of /b/one as well"},
      {"/b/two", "lab", "id-2", nullptr},
      {"/b/one", "lab", "id-1", "name \"lab\" is that of /b/two as well"},
      {"/b/one", "renamed", "id-1", nullptr},
      {"/b/three", "prod", "id-3", nullptr},  // free again
      {"/b/four", "a/b", "id-4", "cannot stand in an address"},
      {"/b/four", "..", "id-4", "cannot stand in an address"},
  };
  BucketDoors doors;
  for (const Row& row : table) {
    const auto refused = doors.claim(row.directory, row.name, row.id);
    EXPECT_EQ(refused.has_value(), row.refused != nullptr) << row.directory << " " << row.name;
    EXPECT_THAT(refused.value_or(""), HasSubstr(row.refused ? row.refused : ""));
  }
  doors.remove("/b/two");
  EXPECT_EQ(doors.claim("/b/five", "lab", "id-2"), std::nullopt);
}

std::vector<std::string> names(const BucketDoors& doors) {
  std::vector<std::string> out;
  for (const BucketLine& line : doors.lines()) out.push_back(line.name + (line.up ? " up" : ""));
  return out;
}

TEST(BucketDoors, A_bucket_whose_file_was_never_read_is_called_like_its_directory) {
  BucketDoors doors;
  doors.add("/b/prod");
  doors.add("/b/lab");
  EXPECT_THAT(names(doors), ElementsAre("lab", "prod"));
  doors.claim("/b/prod", "production", "1");
  doors.open("/b/prod", BucketDoor::open(rooms_that_say("hello")));
  EXPECT_THAT(names(doors), ElementsAre("lab", "production up"));
  doors.claim("/b/prod", "lab", "1");  // whoever has the name by his file keeps it
  EXPECT_THAT(names(doors), ElementsAre("/b/lab", "lab up"));
  EXPECT_FALSE(doors.find("prod").has_value());
  EXPECT_TRUE(doors.find("lab")->door != nullptr);
  EXPECT_FALSE(doors.only().has_value());
  doors.remove("/b/lab");
  EXPECT_EQ(doors.only()->name, "lab");
}

TEST(BucketDoors, Why_one_is_down_and_how_often_it_failed_is_kept) {
  BucketDoors doors;
  doors.add("/b/prod");
  doors.start_failed("/b/prod", "maand.conf is not there");
  doors.start_failed("/b/prod", "the bucket is locked");
  const BucketLine line = doors.lines().front();
  EXPECT_FALSE(line.up);
  EXPECT_EQ(line.health.why, "the bucket is locked");
  EXPECT_EQ(line.failed_starts, 2U);
}

TEST(BucketDoor, Shutting_waits_for_who_is_inside_and_lets_nobody_in_afterwards) {
  std::promise<void> entered;
  std::promise<void> go_on;
  std::atomic<bool> over{false};
  BucketRooms rooms = rooms_that_say("hello");
  rooms.api = [&](const HttpRequest&) {
    entered.set_value();
    go_on.get_future().wait();
    over = true;
    return HttpReply{200, "answered"};
  };
  BucketDoors doors;
  doors.claim("/b/prod", "prod", "1");
  const auto door = BucketDoor::open(std::move(rooms));
  doors.open("/b/prod", door);
  std::thread guest([&] { EXPECT_EQ(door->api({}).body, "answered"); });
  entered.get_future().wait();
  std::thread opener([&] { go_on.set_value(); });
  doors.shut("/b/prod", "it is being stopped");
  EXPECT_TRUE(over) << "the bucket would have been taken down under a request";
  guest.join();
  opener.join();
  EXPECT_EQ(door->api({}).status, 503);
  EXPECT_EQ(door->webhook({}).status, 503);
  EXPECT_EQ(door->before_webhook({})->status, 503);
  EXPECT_EQ(door->health({}).status, 503);
  EXPECT_EQ(door->state(), std::nullopt);
  EXPECT_EQ(door->metrics(), "");
  EXPECT_FALSE(door->knows({}));
  EXPECT_EQ(doors.find("prod")->door, nullptr);
}

class Ticking : public ReplyStream {
 public:
  explicit Ticking(const bool& alive) : alive_(alive) {}
  std::string take(std::size_t) override { return alive_ ? "tick" : "from a bucket that is gone"; }
  std::string heartbeat() const override { return alive_ ? "beat" : "from a bucket that is gone"; }

 private:
  const bool& alive_;
};

TEST(BucketDoor, A_stream_ends_with_its_bucket) {
  bool alive = true;
  BucketRooms rooms = rooms_that_say("hello");
  rooms.api = [&](const HttpRequest&) {
    HttpReply reply;
    reply.stream = std::make_shared<Ticking>(alive);
    return reply;
  };
  const auto door = BucketDoor::open(std::move(rooms));
  const auto stream = door->api({}).stream;
  EXPECT_EQ(stream->take(100), "tick");
  EXPECT_EQ(stream->heartbeat(), "beat");
  EXPECT_FALSE(stream->over());
  door->shut();
  alive = false;
  EXPECT_EQ(stream->take(100), "");
  EXPECT_EQ(stream->heartbeat(), "");
  EXPECT_TRUE(stream->over());
}

BucketLine line(const std::string& name, bool up, HealthState health) {
  BucketLine out;
  out.name = name;
  out.up = up;
  out.health = std::move(health);
  return out;
}

TEST(BucketList, The_process_is_ready_and_alive_whatever_one_bucket_is) {
  const BucketLine good = line("prod", true, {true, true, ""});
  const BucketLine down = line("lab", false, {false, false, "maand.conf:3: no\nsecond problem"});
  const BucketLine early = line("new", true, {true, false, "the remote was not tried yet"});
  const BucketLine deaf = line("stuck", true, {false, true, "the reconcile thread hangs"});
  struct Row {
    std::vector<BucketLine> lines;
    bool tried;
    int healthz;
    int readyz;
  };
  const Row table[] = {
      {{}, true, 200, 200},           {{good}, true, 200, 200},        {{good}, false, 200, 503},
      {{down, good}, true, 200, 200}, {{down}, true, 200, 503},        {{down, early}, true, 200, 503},
      {{deaf, good}, true, 503, 200}, {{early, good}, true, 200, 200}, {{deaf}, true, 503, 503},
  };
  for (const Row& row : table) {
    std::string which = row.tried ? "tried" : "trying";
    for (const BucketLine& one : row.lines) which += " " + one.name;
    EXPECT_EQ(process_healthz(row.lines).status, row.healthz) << which;
    EXPECT_EQ(process_readyz(row.lines, row.tried).status, row.readyz) << which;
  }
  EXPECT_EQ(process_readyz({down, good, early}, true).body,
            "ok\nlab: not served: maand.conf:3: no\nprod: ok\nnew: the remote was not tried yet\n");
}

TEST(BucketList, Nothing_in_a_name_or_a_reason_is_markup) {
  const std::vector<BucketLine> lines = {line("<b>\"&", true, {true, true, ""}),
                                         line("lab", false, {false, false, "<script>x</script>"})};
  const std::string page = bucket_list_page(lines).body;
  EXPECT_THAT(page, AllOf(HasSubstr("<a href=\"/buckets/%3Cb%3E%22%26/\">&lt;b&gt;&#34;&amp;</a> ok"),
                          HasSubstr("lab not served: &lt;script&gt;"), Not(HasSubstr("<script"))));
  const std::string json = bucket_list_json(lines).body;
  EXPECT_EQ(json, R"({"buckets":[{"name":"<b>\"&","path":"/buckets/%3Cb%3E%22%26/","up":true,"alive":true,)"
                  R"("ready":true,"why":""},{"name":"lab","path":"/buckets/lab/","up":false,"alive":false,)"
                  R"("ready":false,"why":"<script>x</script>"}]})"
                  "\n");
}

}  // namespace
}  // namespace maand
