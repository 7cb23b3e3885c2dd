// Previews with the real daemon: a request to merge gets the plan on its commit before
// anybody merges, workers and secrets stay out of it, and what it said is what happens.
#include <gtest/gtest.h>

#include "reconciler/store/kv_store.h"
#include "tests/support/bucket_world.h"

namespace maand::testing {
namespace {

constexpr const char* kSecret = "hunter2-is-the-secret";

class PreviewWorld : public ::testing::Test {
 protected:
  PreviewWorld() {
    open_kv_store(world_.bucket() / "secrets")
        ->write({{ValueChange::Kind::kPutSecret, "secrets/job/api", "token", kSecret}},
                std::chrono::system_clock::now());
    GitChanges changes =
        BucketWorld::job("api", "1.0.0", "", {{"app.ini.tpl", "token={{getSecret \"token\"}}\n"}});
    for (const auto& [path, content] : BucketWorld::job("web", "1.0.0")) changes[path] = content;
    changes["workers.json"] = world_.workers_json(2);
    base_ = world_.commit(changes, "first");
    world_.serve();
    world_.wait_for_note(base_, "applied");
  }

  // A commit on top of `parent` that only refs/pull/<number>/head names; paths as in BucketWorld::commit.
  std::string propose(int number, const std::string& parent, const GitChanges& changes) {
    GitServer& git = world_.git();
    git.git({"checkout", "-q", "--detach", parent});
    for (const auto& [path, content] : changes) {
      const std::filesystem::path file = git.work() / "workspace" / path;
      std::filesystem::create_directories(file.parent_path());
      if (content) {
        write_file(file, *content);
      } else {
        std::filesystem::remove_all(file);
      }
    }
    git.git({"add", "-A"});
    git.git({"commit", "-q", "-m", "proposed"});
    const std::string id = git.git({"rev-parse", "HEAD"});
    git.git({"push", "-q", "-f", "origin", id + ":refs/pull/" + std::to_string(number) + "/head"});
    git.git({"checkout", "-q", "main"});
    return id;
  }
  std::string preview_of(const std::string& commit, const std::string& result) {
    std::string note;
    EXPECT_TRUE(eventually([&] {
      note = world_.git().note(commit).value_or("");
      return note.find("\"result\":\"" + result + "\"") != std::string::npos;
    })) << note
        << world_.daemon_log();
    EXPECT_EQ(note.rfind("maand world: preview", 0) == 0 || note.find(": preview · ") != std::string::npos,
              true)
        << note;
    return note;
  }
  // Everything that the daemon tells anybody.
  void expect_no_secret(const std::string& note) {
    EXPECT_EQ(note.find(kSecret), std::string::npos) << note;
    EXPECT_EQ(world_.daemon_log().find(kSecret), std::string::npos);
  }

  BucketWorld world_{2,
                     {{"git", "poll_interval = \"500ms\""},
                      {"git", "preview_refs = [\"refs/pull/*/head\"]"},
                      {"limits", "preview_timeout = \"5s\""}}};
  std::string base_;
};

// The process that judges has no key: that a secret of git is another one is all it can tell.
TEST_F(PreviewWorld, ARequestThatChangesASecretOfGitIsToldToRollOut) {
  const std::string sealed =
      "token = \"\"\"\n-----BEGIN AGE ENCRYPTED FILE-----\nYQ==\n-----END AGE ENCRYPTED FILE-----\n\"\"\"\n";
  const std::string note = preview_of(propose(9, base_, {{"jobs/api/secrets.age.toml", sealed}}), "changes");
  EXPECT_NE(note.find(": preview · 2 to restart, 2 unchanged"), std::string::npos) << note;
  expect_no_secret(note);
}

TEST_F(PreviewWorld, ARequestIsToldWhatMergingItWouldDoAndThatIsWhatItDoes) {
  const int logins = world_.logins();
  const std::string proposed = propose(7, base_, BucketWorld::job("web", "1.1.0"));
  const std::string note = preview_of(proposed, "changes");
  EXPECT_NE(note.find(": preview · 2 to restart, 2 unchanged · merged into " + base_.substr(0, 12)),
            std::string::npos)
      << note;
  EXPECT_NE(note.find("1.0.0 → 1.1.0  restart  VersionChanged"), std::string::npos) << note;
  expect_no_secret(note);
  EXPECT_EQ(world_.logins(), logins) << "no worker hears of a preview";
  EXPECT_EQ(world_.events(0, "web"), std::vector<std::string>{"start 0.0.0 1.0.0 1 none"});

  // Merged as it is: the real note takes the place of the plan.
  world_.git().git({"push", "-q", "origin", proposed + ":main"});
  const std::string applied = world_.wait_for_note(proposed, "applied");
  EXPECT_NE(applied.find("2 restarted, 2 unchanged"), std::string::npos) << applied;
  EXPECT_EQ(applied.find("preview"), std::string::npos) << applied;
  EXPECT_EQ(world_.events(0, "web").back(), "restart 1.0.0 1.1.0 1 none");
  EXPECT_TRUE(world_.daemon_says("preview refs/pull/7/head at " + proposed.substr(0, 12) + ": merged"));
}

TEST_F(PreviewWorld, ARequestWithHooksIsToldThatNobodyHasEnabledThem) {
  const std::string proposed = propose(
      8, base_,
      BucketWorld::job("web", "1.1.0", R"("commands": {"command_x": {"executed_on": ["post_deploy"]}})",
                       {{"_modules/command_x.py", "pass\n"}}));
  const std::string note = preview_of(proposed, "held");
  EXPECT_NE(note.find("HooksDisabled"), std::string::npos) << note;
  EXPECT_EQ(note.find("to restart"), std::string::npos) << note;
}

TEST_F(PreviewWorld, TheHeadMovesAndThePlanIsOfTheMergeWithIt) {
  const std::string proposed = propose(7, base_, BucketWorld::job("web", "1.1.0"));
  preview_of(proposed, "changes");
  const std::string head = world_.commit(BucketWorld::job("api", "1.0.1"), "meanwhile");
  world_.wait_for_note(head, "applied");
  EXPECT_TRUE(eventually([&] {
    return world_.git().note(proposed).value_or("").find("merged into " + head.substr(0, 12)) !=
           std::string::npos;
  })) << world_.daemon_log();
  const std::string note = preview_of(proposed, "changes");
  EXPECT_NE(note.find("2 to restart, 2 unchanged"), std::string::npos)
      << "nothing of the head's own: " << note;
  const std::string other = propose(8, base_, BucketWorld::job("api", "1.0.2"));
  EXPECT_NE(preview_of(other, "conflict").find("conflict workspace/jobs/api/manifest.json"),
            std::string::npos);
}

TEST_F(PreviewWorld, NoTemplateGetsASecretOutAndNoneStopsTheLoop) {
  const std::string path = "jobs/api/app.ini.tpl";
  const std::string leak = propose(1, base_,
                                   {{path, "{{get \"vars/job/api\" (getSecret \"token\")}}"},
                                    {"jobs/web/leak.tpl", "{{get \"secrets/job/api\" \"token\"}}"}});
  const std::string told = preview_of(leak, "held");
  EXPECT_NE(told.find("(a name made from a secret)"), std::string::npos) << told;
  expect_no_secret(told);
  // Never ends by itself, and would take all memory.
  const std::string endless = propose(2, base_,
                                      {{path,
                                        "{{define \"x\"}}{{template \"x\" (printf \"%s%s\" . "
                                        ".)}}{{end}}{{template \"x\" (getSecret \"token\")}}"}});
  expect_no_secret(preview_of(endless, "held"));
  std::string workers = "[";
  for (int i = 0; i < 60'000; ++i)
    workers += std::string(i ? "," : "") + "{\"host\": \"h" + std::to_string(i) + "\"}";
  std::string templates;
  for (int i = 0; i < 400; ++i) templates += "{{range split \"a,b,c,d,e,f,g,h\" \",\"}}{{upper .}}{{end}}\n";
  const std::string heavy =
      propose(3, base_, {{"workers.json", workers + "]"}, {"jobs/web/a.tpl", templates}});
  expect_no_secret(preview_of(heavy, "failed"));
  const std::string refused = propose(4, base_, {{"workers.json", std::string("[\n---\n")}});
  expect_no_secret(preview_of(refused, "refused"));

  // All the while, and after it, the branch is followed.
  const std::string head = world_.commit(BucketWorld::job("web", "2.0.0"), "the real one");
  world_.wait_for_note(head, "applied");
  EXPECT_EQ(world_.events(0, "web").back(), "restart 1.0.0 2.0.0 1 none");
  EXPECT_EQ(world_.events(0, "api").size(), 1u);
  EXPECT_EQ(world_.maand({"status"}).status, 0);
}

}  // namespace
}  // namespace maand::testing
