// What replicas tell each other through a real PostgreSQL, and how one leads after another.
#include "reconciler/store/replica_link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "reconciler/store/leadership.h"
#include "reconciler/store/postgres_store.h"
#include "reconciler/store/postgres_text.h"
#include "tests/contract/postgres_server.h"
#include "tests/support/tcp_proxy.h"
#include "tests/support/temp_dir.h"

namespace maand {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

class Replicas : public ::testing::Test {
 protected:
  PostgresBucket bucket(std::shared_ptr<Leadership> leadership = nullptr) const {
    return {url_, id_, directory_.path(), directory_.path() / "secrets", std::move(leadership)};
  }

  TempDir directory_;
  const std::string url_ = postgres_server().url();
  const std::string id_ = fresh_bucket_id();
};

TEST_F(Replicas, Somebody_leads_as_long_as_it_has_the_bucket_and_its_term_rises) {
  auto link = open_replica_link(bucket());
  EXPECT_EQ(link->leader(), std::nullopt);
  EXPECT_EQ(link->commits(), 0);
  const auto first = std::make_shared<Leadership>();
  auto store = open_postgres_store(bucket(first));
  EXPECT_THAT(link->leader(), Optional(HasSubstr("pid " + std::to_string(::getpid()))));
  const std::int64_t before = link->commits();
  EXPECT_GT(before, 0);
  store->put_heads(CommitId("a"), {});
  EXPECT_GT(link->commits(), before);
  EXPECT_GT(first->term(), 0);
  EXPECT_FALSE(first->lost());
  store.reset();
  for (int i = 0; i < 200 && link->leader(); ++i) {
    // lint-allow-sleep: the server ends it when it can, and tells nobody
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(link->leader(), std::nullopt);
  const auto second = std::make_shared<Leadership>();
  store = open_postgres_store(bucket(second));
  EXPECT_GT(second->term(), first->term());
}

TEST_F(Replicas, A_leader_learns_that_it_is_none_from_whatever_it_asks_next) {
  int told = 0;
  const auto first = std::make_shared<Leadership>([&told] { ++told; });
  auto ours = open_postgres_store(bucket(first));
  postgres_server().end_connections();
  auto theirs = open_postgres_store(bucket(std::make_shared<Leadership>()));
  EXPECT_THROW(ours->setting("bucket_id"), LostBucket);
  EXPECT_TRUE(first->lost());
  theirs.reset();
  EXPECT_THROW(ours->put_heads(CommitId("late"), {}), LostBucket);
  EXPECT_EQ(told, 1) << "once";
}

TEST_F(Replicas, Whoever_lost_the_bucket_does_not_ask_the_server_for_it_again) {
  testing::TcpProxy proxy(postgres_server().address(), postgres_server().port());
  const std::string url = PostgresServer::url(proxy.address(), proxy.port());
  PostgresBucket through = bucket(std::make_shared<Leadership>());
  through.url = url;
  auto ours = open_postgres_store(through);
  proxy.cut_all();
  while (open_replica_link(bucket())->leader()) {
  }
  auto theirs = open_postgres_store(bucket(std::make_shared<Leadership>()));
  EXPECT_THROW(ours->setting("bucket_id"), LostBucket);
  const int asked = proxy.connections();
  for (int i = 0; i < 3; ++i) EXPECT_THROW(ours->put_heads(CommitId("late"), {}), LostBucket);
  EXPECT_EQ(proxy.connections(), asked);
}

TEST_F(Replicas, A_word_is_taken_once_by_the_newest_term_and_answered) {
  const auto leadership = std::make_shared<Leadership>();
  auto store = open_postgres_store(bucket(leadership));
  auto leader = open_replica_link(bucket());
  EXPECT_TRUE(leader->take(leadership->term()).empty());
  auto standby = open_replica_link(bucket());
  const std::string odd = "it's \"odd\" \x01\xff";
  const std::int64_t id = standby->hand_on("order", odd);
  standby->hand_on("push", "second");
  EXPECT_EQ(standby->answer_to(id), std::nullopt);
  EXPECT_TRUE(leader->take(leadership->term() - 1).empty()) << "of a leader that is none any more";
  leader->wait(std::chrono::seconds(5));
  const auto words = leader->take(leadership->term());
  ASSERT_EQ(words.size(), 2u);
  EXPECT_EQ(words[0].id, id);
  EXPECT_EQ(words[0].kind, "order");
  EXPECT_EQ(words[0].body, odd);
  EXPECT_EQ(words[1].body, "second");
  EXPECT_TRUE(leader->take(leadership->term()).empty());
  EXPECT_FALSE(standby->withdraw(id)) << "it was taken";
  leader->answer(id, "done");
  EXPECT_THAT(standby->answer_to(id), Optional(std::string("done")));
  const std::int64_t late = standby->hand_on("order", "third");
  EXPECT_TRUE(standby->withdraw(late));
  EXPECT_TRUE(leader->take(leadership->term()).empty());
}

// Whoever gave it may have been killed while it waited, and nobody is left to withdraw it.
TEST_F(Replicas, An_order_that_nobody_waits_for_any_more_is_not_taken) {
  const auto leadership = std::make_shared<Leadership>();
  auto store = open_postgres_store(bucket(leadership));
  auto leader = open_replica_link(bucket());
  leader->take(leadership->term());
  auto standby = open_replica_link(bucket());
  standby->hand_on(kOrderWord, "old");
  standby->hand_on("push", "old");
  postgres_server().sql("UPDATE " + quoted_identifier(schema_of_state(id_)) +
                        ".maand_handed SET at = now() - interval '11 s'");
  standby->hand_on(kOrderWord, "new");
  std::vector<std::string> taken;
  for (const HandedWord& word : leader->take(leadership->term()))
    taken.push_back(word.kind + " " + word.body);
  EXPECT_THAT(taken, ::testing::ElementsAre("push old", "order new"));
}

TEST_F(Replicas, Too_many_words_are_refused_and_a_lost_connection_heals) {
  const auto leadership = std::make_shared<Leadership>();
  auto store = open_postgres_store(bucket(leadership));
  auto leader = open_replica_link(bucket());
  leader->take(leadership->term());
  auto standby = open_replica_link(bucket());
  postgres_server().sql("INSERT INTO " + quoted_identifier(schema_of_state(id_)) +
                        ".maand_handed (kind, body) SELECT 'push', '' FROM generate_series(1, 1000)");
  EXPECT_THROW(standby->hand_on("push", ""), StoreError);
  while (!leader->take(leadership->term()).empty()) {
  }
  EXPECT_GT(standby->hand_on("push", ""), 0);
  postgres_server().end_connections();
  EXPECT_THROW(standby->hand_on("push", ""), StoreError);
  EXPECT_GT(standby->hand_on("push", ""), 0);
}

}  // namespace
}  // namespace maand
