// A request to merge, told at the git host before anybody merges: the real daemon, a real git
// remote, and a server that is as strict as the host.
#include <gtest/gtest.h>

#include "tests/support/bucket_world.h"
#include "tests/support/forge_server.h"

namespace maand::testing {
namespace {

constexpr const char* kToken = "ghp_0123456789abcdefXYZ";

class PreviewStatusWorld : public ::testing::Test {
 protected:
  PreviewStatusWorld() {
    write_file(world_.bucket() / "secrets" / "forge-token", std::string(kToken) + "\n", 0600);
    world_.set("", "name = \"prod\"");
    world_.set("notify", "commit_status = \"github\"");
    world_.set("notify", "commit_status_url = \"" + server_.url() + "\"");
    world_.set("notify", "commit_status_repository = \"acme/fleet\"");
    world_.set("notify", "commit_status_token_file = \"forge-token\"");
    GitChanges changes = BucketWorld::job("web", "1.0.0");
    changes["workers.json"] = world_.workers_json(1);
    base_ = world_.commit(changes, "first");
    world_.serve();
    world_.wait_for_note(base_, "applied");
  }
  void TearDown() override {
    for (const std::string& fault : server_.faults()) ADD_FAILURE() << fault;
  }
  // A commit on top of `parent` that refs/pull/7/head names.
  std::string propose(const std::string& parent, const std::string& version) {
    GitServer& git = world_.git();
    git.git({"checkout", "-q", "--detach", parent});
    write_file(git.work() / "workspace/jobs/web/manifest.json",
               "{\"version\": \"" + version + "\", \"selectors\": [\"worker\"]}\n");
    git.git({"commit", "-q", "-a", "-m", "proposed"});
    const std::string id = git.git({"rev-parse", "HEAD"});
    git.git({"push", "-q", "-f", "origin", id + ":refs/pull/7/head"});
    git.git({"checkout", "-q", "main"});
    return id;
  }
  bool comment_says(const std::string& text) {
    return eventually([&] {
      const std::vector<std::string> comments = server_.comments(7);
      return comments.size() == 1 && comments[0].find(text) != std::string::npos;
    });
  }

  ForgeServer server_{kToken};
  BucketWorld world_{
      1, {{"git", "poll_interval = \"500ms\""}, {"git", "preview_refs = [\"refs/pull/*/head\"]"}}};
  std::string base_;
};

TEST_F(PreviewStatusWorld, ARequestHasOneCommentThatIsEditedAndAStatusOfEachCommit) {
  const std::string context = "maand/prod/preview";
  const std::string first = propose(base_, "1.1.0");
  EXPECT_TRUE(comment_says("1.1.0")) << world_.daemon_log();
  EXPECT_TRUE(eventually([&] { return server_.told(first, context) == "success"; })) << world_.daemon_log();
  EXPECT_TRUE(server_.comments(7)[0].starts_with("<!-- maand "));

  const std::string second = propose(first, "1.2.0");
  EXPECT_TRUE(comment_says("1.2.0")) << world_.daemon_log();
  EXPECT_TRUE(eventually([&] { return server_.told(second, context) == "success"; }));

  // Another daemon finds the comment again.
  EXPECT_EQ(world_.stop_daemon(), 0);
  const std::string third = propose(second, "1.3.0");
  world_.serve();
  EXPECT_TRUE(comment_says("1.3.0")) << world_.daemon_log();

  // Merged: the rollout speaks in its own context.
  world_.git().git({"push", "-q", "origin", third + ":main"});
  EXPECT_TRUE(eventually([&] { return server_.told(third, "maand/prod") == "pending success"; }))
      << world_.daemon_log();
  EXPECT_EQ(world_.daemon_log().find(kToken), std::string::npos);
}

}  // namespace
}  // namespace maand::testing
