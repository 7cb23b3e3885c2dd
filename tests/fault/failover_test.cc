// Three replicas, a real PostgreSQL, real git and real sshd workers: the leader is killed, or cut off from
// the server, in the middle of rollouts, and no target is lost or runs twice (R3.4, R3.12, R7.1).
//
// MAAND_FAILOVER_KILLS: how often it is killed, 3 when it is not set; MAAND_FAULT_SEED: which moments.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>

#include "tests/fault/deployed_wish.h"
#include "tests/fault/faulty_world.h"
#include "tests/fault/ledger_referee.h"
#include "tests/fault/replica_set.h"

namespace maand::testing {
namespace {

using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

constexpr int kWorkers = 3;
constexpr std::size_t kReplicas = 3;
constexpr std::chrono::seconds kLongest{240};

long from_environment(const char* name, long usual) {
  const char* text = std::getenv(name);
  return text ? std::atol(text) : usual;
}

class Failover : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = PostgresServer::missing()) GTEST_SKIP() << *why;
    world_ = std::make_unique<FaultyWorld>(kWorkers, RemoteKind::kPath, false);
    replicas_ = std::make_unique<ReplicaSet>(world_->world().bucket(), kReplicas);
    wish_ = std::make_unique<DeployedWish>(kWorkers);
    referee_ = std::make_unique<LedgerReferee>(world_->ledger(), world_->bucket_roots());
    for (std::size_t i = 0; i < kReplicas; ++i) replicas_->launch(i);
    commit(0);
    leader_ = replicas_->leader();
    poke();  // it may have looked before there was a commit
    come_to_rest();
  }

  int pick(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }

  void wait_up_to(int most_ms) {
    // lint-allow-sleep: the moment of the fault is what is varied
    std::this_thread::sleep_for(std::chrono::milliseconds(pick(0, most_ms)));
  }

  void commit(int changes) {
    for (; changes > 0; --changes) said_ += ", " + wish_->change(random_);
    GitChanges files = wish_->files(world_->ledger());
    files["workers.json"] = world_->workers_json();
    head_ = world_->world().commit(files);
    referee_->committed(head_, *wish_);
    said_ += "; commit " + head_.substr(0, 8) + "\n";
  }

  // Whoever is asked: a standby hands it on. One that has just been started, or is about to lead, may not
  // listen yet.
  void poke() {
    ProgramResult asked;
    const bool taken = eventually([&] {
      asked = replicas_->maand(static_cast<std::size_t>(pick(0, kReplicas - 1)), {"reconcile"});
      return asked.status == 0;
    });
    EXPECT_TRUE(taken) << asked.err << replicas_->logs();
  }

  // Returns when another one leads.
  void take_over() {
    const auto before = Clock::now();
    const std::size_t next = replicas_->leader(leader_);
    const auto took = std::chrono::duration<double>(Clock::now() - before).count();
    slowest_ = std::max(slowest_, took);
    said_ += "replica " + std::to_string(next) + " leads after " + std::to_string(took) + " s\n";
    leader_ = next;
  }

  void come_to_rest() {
    const std::string state = wish_->holds() ? ": held" : ": applied";
    std::string note;
    const bool rests = eventually(
        [&] {
          note = world_->world().git().note(head_).value_or("");
          return note.substr(0, note.find('\n')).find(state) != std::string::npos;
        },
        kLongest);
    ASSERT_TRUE(rests) << "it does not come to rest as `" << state << "`; the note says\n" << note << told();
    // One more pass has nothing to do; it would show in the ledger.
    replicas_->maand(leader_, {"reconcile", "--wait"});
    referee_->at_rest(note, world_->world().bucket_id());
    ASSERT_TRUE(referee_->broken().empty()) << told();
    wish_->settled();
  }

  std::string told() {
    std::string out = said_;
    for (const std::string& line : referee_->broken()) out += "BROKEN " + line + "\n";
    for (const LedgerEntry& entry : referee_->entries()) out += "  " + entry.line + "\n";
    return out + replicas_->logs();
  }

  std::mt19937_64 random_{static_cast<std::uint64_t>(from_environment("MAAND_FAULT_SEED", 7))};
  std::unique_ptr<FaultyWorld> world_;
  std::unique_ptr<ReplicaSet> replicas_;
  std::unique_ptr<DeployedWish> wish_;
  std::unique_ptr<LedgerReferee> referee_;
  std::size_t leader_ = 0;
  std::string head_, said_;
  double slowest_ = 0;
};

TEST_F(Failover, A_leader_killed_in_rollouts_is_followed_by_a_standby_and_no_target_is_lost_or_doubled) {
  const long kills = from_environment("MAAND_FAILOVER_KILLS", 3);
  for (long i = 0; i < kills; ++i) {
    said_ += "kill " + std::to_string(i + 1) + "\n";
    commit(pick(1, 3));
    poke();
    wait_up_to(1'500);
    replicas_->kill(leader_);
    const std::size_t gone = leader_;
    ASSERT_NO_THROW(take_over()) << told();
    replicas_->launch(gone);
    if (pick(1, 100) <= 30) continue;  // the next one dies over the same rollout
    ASSERT_NO_FATAL_FAILURE(come_to_rest());
  }
  ASSERT_NO_FATAL_FAILURE(come_to_rest());
  std::printf("%ld kills, %zu targets, at most %.1f s without a leader\n", kills,
              referee_->entries().size() / 2, slowest_);
  EXPECT_GT(referee_->entries().size(), 0u);
}

// It still reaches its workers, and does not know that it is none any more.
TEST_F(Failover, A_leader_cut_off_from_PostgreSQL_in_a_rollout_is_followed_and_stands_by_afterwards) {
  commit(2);
  poke();
  wait_up_to(500);
  const std::size_t gone = leader_;
  replicas_->cut_off(gone);
  ASSERT_NO_THROW(take_over()) << told();
  commit(2);
  replicas_->maand(leader_, {"reconcile"});
  ASSERT_NO_FATAL_FAILURE(come_to_rest());
  replicas_->reconnect(gone);
  EXPECT_TRUE(eventually([&] { return replicas_->role(gone) == "standby"; }, kLongest)) << told();
  EXPECT_EQ(replicas_->role(leader_), "leader");
  ASSERT_NO_FATAL_FAILURE(come_to_rest());
  std::printf("%.1f s until another one led\n", slowest_);
}

TEST_F(Failover, A_standby_answers_from_the_store_and_hands_words_on) {
  const std::size_t standby = (leader_ + 1) % kReplicas;
  ASSERT_TRUE(eventually([&] { return replicas_->role(standby) == "standby"; })) << told();
  const auto said = [&](std::size_t which, std::vector<std::string> arguments, int status) {
    const ProgramResult result = replicas_->maand(which, std::move(arguments));
    EXPECT_EQ(result.status, status) << result.out << result.err;
    return result.out + result.err;
  };
  EXPECT_TRUE(eventually([&] {
    return replicas_->maand(standby, {"status"}).out.find("applied") != std::string::npos;
  })) << told();
  said(standby, {"suspend", "api", "--reason", "a test of replicas", "--for", "1h"}, 0);
  EXPECT_THAT(said(leader_, {"status", "--json"}, 0), HasSubstr("a test of replicas"));
  EXPECT_THAT(said(standby, {"audit"}, 0), HasSubstr("suspend"));
  said(standby, {"resume", "api"}, 0);
  // A standby has no leader to ask once it is alone and cut off, and says so.
  replicas_->cut_off(standby);
  EXPECT_NE(replicas_->maand(standby, {"retry", "api"}).status, 0);
  replicas_->reconnect(standby);
  // A leader that waits for the server says that it did not do it, and does not do it once the server is
  // back.
  replicas_->cut_off(leader_);
  // lint-allow-sleep: it asks the server every second, and is to be at it
  std::this_thread::sleep_for(std::chrono::milliseconds(1'200));
  EXPECT_NE(replicas_->maand(leader_, {"suspend", "api", "--reason", "too late", "--for", "1h"}).status, 0);
  replicas_->reconnect(leader_);
  poke();  // and what waited before this is over
  leader_ = replicas_->leader();
  EXPECT_EQ(replicas_->maand(leader_, {"status", "--json"}).out.find("too late"), std::string::npos)
      << told();
}

// And not when it is to take over.
TEST_F(Failover, A_replica_that_could_not_lead_is_told_when_it_begins_to_stand_by) {
  const std::size_t one = (leader_ + 1) % kReplicas, other = (leader_ + 2) % kReplicas;
  for (const std::size_t which : {one, other}) {
    ASSERT_TRUE(eventually([&] { return replicas_->role(which) == "standby"; })) << told();
    replicas_->kill(which);
  }
  std::filesystem::remove(replicas_->bucket(one) / "secrets" / "worker.key");
  // The first secret makes the key, on the machine where it is set.
  const std::string file = replicas_->bucket(leader_) / "maand.conf";
  EXPECT_EQ(replicas_->maand(leader_, {"secrets", "set", "--stored", "--file", file, "api", "k"}).status, 0);
  replicas_->launch(one);
  for (const std::string what : {"secrets/worker.key is not here", "secrets/kv.key is missing"}) {
    EXPECT_TRUE(eventually([&] { return replicas_->log(one).find(what) != std::string::npos; }))
        << what << told();
  }
  const std::filesystem::path conf = replicas_->bucket(other) / "maand.conf";
  write_file(conf, "worker_root = \"/opt/other\"\n" + read_file(conf), 0600);
  replicas_->launch(other);
  EXPECT_TRUE(eventually([&] { return !replicas_->running(other); })) << told();
  EXPECT_THAT(replicas_->log(other), HasSubstr("this bucket was applied with"));
  EXPECT_EQ(replicas_->role(leader_), "leader");
}

}  // namespace
}  // namespace maand::testing
