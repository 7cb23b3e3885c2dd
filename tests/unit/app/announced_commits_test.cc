// What a webhook makes of the loop (R1.1, R6.3).
#include "reconciler/app/announced_commits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/support/loop_world.h"

namespace maand::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using P = WebhookProvider;
using V = WebhookVerdict;
using std::chrono::milliseconds;

ReconcilerOptions expecting(std::vector<P> webhooks, milliseconds poll_interval) {
  ReconcilerOptions options;
  options.webhooks = std::move(webhooks);
  options.poll_interval = poll_interval;
  return options;
}

class AnnouncedCommitsTest : public ::testing::Test {
 protected:
  void make(ReconcilerOptions options) {
    world_ = std::make_unique<LoopWorld>(LoopWorld::usual(), std::move(options));
    world_->source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}));
  }
  // Commits that are at the remote, which does not show them yet.
  std::vector<CommitId> hidden(int count) {
    const CommitId shown = head();
    std::vector<CommitId> out;
    for (int i = 1; i <= count; ++i)
      out.push_back(
          world_->source.commit(LoopWorld::workspace(1, {{"api", "1.0." + std::to_string(i)}}), "another"));
    world_->source.set_remote_head(shown);
    return out;
  }
  CommitId head() { return world_->source.ls_remote().commit; }

  // Runs the loop until `done`, which is asked again and again on its thread.
  void run_until(std::function<bool()> done) {
    ask_ = [this, done = std::move(done)] {
      if (done()) {
        world_->reconciler.finish();
      } else {
        world_->inbox.post_at(world_->clock.now() + milliseconds(2), ask_);
      }
    };
    world_->inbox.post(ask_);
    world_->reconciler.run();
  }
  bool applied(const CommitId& commit) { return world_->journal.state().applied == commit; }
  AnnouncedCommits& webhooks() { return world_->reconciler.announcements(); }
  std::vector<std::string> told(const std::string& part) {
    std::vector<std::string> out;
    for (const Event& event : world_->observer.events)
      if (event.text.find(part) != std::string::npos) out.push_back(event.text);
    return out;
  }

  std::unique_ptr<LoopWorld> world_;
  std::function<void()> ask_;
};

TEST_F(AnnouncedCommitsTest, AnAnnouncementPokesTheLoopAndIsTold) {
  make(expecting({P::kGithub}, std::chrono::hours(1)));
  const CommitId next = hidden(1)[0];
  int asked = 0;
  world_->source.on_ls_remote = [&] {
    if (++asked == 2) world_->source.set_remote_head(next);
  };
  bool announced = false;
  run_until([&] {
    if (!announced && world_->journal.state().applied != CommitId()) {
      announced = true;
      webhooks().announced({P::kGithub, next});
    }
    return applied(next);
  });
  EXPECT_EQ(world_->store.passes(1)[0].cause, "commit");
  EXPECT_EQ(told("webhook github announced " + next.str().substr(0, 12)).size(), 1u);
}

TEST_F(AnnouncedCommitsTest, TheRefIsReadAgainUntilItShowsTheCommitWithoutAPassEachTime) {
  make(expecting({P::kGitlab}, std::chrono::hours(1)));
  const CommitId next = hidden(1)[0];
  // Start; the pass after the poke; a reading; the second reading shows it.
  int asked = 0;
  world_->source.on_ls_remote = [&] {
    if (++asked == 4) world_->source.set_remote_head(next);
  };
  bool announced = false;
  run_until([&] {
    if (!announced && world_->journal.state().applied != CommitId()) {
      announced = true;
      webhooks().announced({P::kGitlab, next});
    }
    return applied(next);
  });
  EXPECT_EQ(asked, 5) << "start, poke, two readings, and the pass that fetched";
  EXPECT_TRUE(told("polling goes on").empty());
}

TEST_F(AnnouncedCommitsTest, ADeliveryWithoutACommitWaitsForAnyOtherHead) {
  make(expecting({P::kGeneric}, std::chrono::hours(1)));
  const CommitId next = hidden(1)[0];
  int asked = 0;
  world_->source.on_ls_remote = [&] {
    if (++asked == 3) world_->source.set_remote_head(next);
  };
  bool announced = false;
  run_until([&] {
    if (!announced && world_->journal.state().applied != CommitId()) {
      announced = true;
      webhooks().announced({P::kGeneric, {}});
    }
    return applied(next);
  });
  EXPECT_EQ(told("webhook generic announced a push").size(), 1u);
}

TEST_F(AnnouncedCommitsTest, ACommitThatIsKnownAlreadyMakesNoPass) {
  make(expecting({P::kGithub}, std::chrono::hours(1)));
  const CommitId first = head();
  const Triggers& triggers = world_->reconciler.triggers();
  int rounds = 0;
  std::uint64_t requested = 0;
  run_until([&] {
    if (triggers.served() != triggers.requested()) return false;  // the first pass
    if (++rounds == 1) {
      requested = triggers.requested();
      webhooks().announced({P::kGithub, first});
    }
    return rounds > 5;
  });
  EXPECT_EQ(world_->reconciler.triggers().requested(), requested);
  EXPECT_EQ(told("webhook github announced").size(), 1u);
}

TEST_F(AnnouncedCommitsTest, CommitsThatNobodyAnnouncedAreCountedAndToldTheThirdTime) {
  make(expecting({P::kGithub}, milliseconds(20)));
  const std::vector<CommitId> next = hidden(4);
  std::size_t asked = 0;
  world_->source.on_ls_remote = [&] {
    if (asked > 0 && asked <= next.size()) world_->source.set_remote_head(next[asked - 1]);
    ++asked;
  };
  webhooks().judged(P::kGithub, V::kUnverified, "192.0.2.1");
  run_until([&] {
    return webhooks().prometheus().find("maand_commits_unannounced_total 4\n") != std::string::npos;
  });
  const std::vector<std::string> notices = told("commits in a row that no webhook announced");
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_THAT(notices[0], HasSubstr("the secret at the git host is not the one"));
}

TEST_F(AnnouncedCommitsTest, WhereNoWebhookIsExpectedNothingIsCounted) {
  make(expecting({}, milliseconds(20)));
  const std::vector<CommitId> next = hidden(4);
  std::size_t asked = 0;
  world_->source.on_ls_remote = [&] {
    if (asked > 0 && asked <= next.size()) world_->source.set_remote_head(next[asked - 1]);
    ++asked;
  };
  int rounds = 0;
  run_until([&] { return applied(next.back()) && ++rounds > 50; });
  EXPECT_TRUE(told("webhook").empty());
  EXPECT_EQ(webhooks().prometheus(), "");
}

TEST_F(AnnouncedCommitsTest, TheLikelyCauseFollowsFromWhatCame) {
  const struct {
    std::vector<V> came;
    const char* cause;
  } table[] = {
      {{}, "no delivery came at all"},
      {{V::kPing, V::kUnverified}, "the secret at the git host"},
      {{V::kExpired}, "clocks"},
      {{V::kRateLimited}, "too many"},
      {{V::kMalformed}, "which route"},
      {{V::kPing}, "none was a push to git.branch"},
      {{V::kOtherRef}, "none was a push to git.branch"},
  };
  for (const auto& row : table) {
    make(expecting({P::kGithub}, milliseconds(20)));
    const std::vector<CommitId> next = hidden(3);
    std::size_t asked = 0;
    world_->source.on_ls_remote = [&] {
      if (asked > 0 && asked <= next.size()) world_->source.set_remote_head(next[asked - 1]);
      ++asked;
    };
    for (const V verdict : row.came) webhooks().judged(P::kGithub, verdict, "192.0.2.1");
    run_until([&] { return !told("in a row").empty(); });
    EXPECT_THAT(told("in a row")[0], HasSubstr(row.cause));
  }
}

TEST_F(AnnouncedCommitsTest, RefusedDeliveriesAreCountedEachAndToldOnceAMinute) {
  make(expecting({P::kGithub, P::kGitea}, std::chrono::hours(1)));
  for (int i = 0; i < 100; ++i) webhooks().judged(P::kGithub, V::kUnverified, "\x1b[2J");
  webhooks().judged(P::kGitea, V::kRepeated, "192.0.2.1");
  const std::string metrics = webhooks().prometheus();
  EXPECT_THAT(metrics,
              HasSubstr("maand_webhook_deliveries_total{provider=\"github\",verdict=\"unverified\"} 100\n"));
  EXPECT_THAT(metrics,
              HasSubstr("maand_webhook_deliveries_total{provider=\"gitea\",verdict=\"repeated\"} 1\n"));
  EXPECT_THAT(metrics,
              HasSubstr("maand_webhook_deliveries_total{provider=\"gitea\",verdict=\"accepted\"} 0\n"));
  EXPECT_THAT(metrics, HasSubstr("maand_commits_unannounced_total 0\n"));
  EXPECT_THAT(metrics, Not(HasSubstr("gitlab")));
  ASSERT_EQ(told("was refused").size(), 1u);
  EXPECT_THAT(told("was refused")[0], Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace maand::testing
