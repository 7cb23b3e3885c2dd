// What only a store on a server can do wrong: two writers, a connection that ends in the middle, a
// server that does not answer, a password in an error.
#include "reconciler/store/postgres_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "reconciler/store/bucket_lock.h"
#include "reconciler/store/healing_connection.h"
#include "reconciler/store/postgres_address.h"
#include "reconciler/store/postgres_text.h"
#include "reconciler/store/session_stores.h"
#include "tests/contract/postgres_server.h"
#include "tests/support/applied_text.h"
#include "tests/support/tcp_proxy.h"
#include "tests/support/temp_dir.h"

namespace maand {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

std::string message(const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "(nothing was thrown)";
}

class PostgresStore : public ::testing::Test {
 protected:
  PostgresBucket bucket() const { return at(url_); }
  PostgresBucket at(std::string_view url) const {
    return {url, id_, directory_.path(), directory_.path() / "secrets"};
  }
  std::string table(const char* name) const { return quoted_identifier(schema_of_state(id_)) + "." + name; }
  AppliedState confirmed() const { return open_postgres_store_readonly(bucket())->load(); }

  TempDir directory_;
  const std::string url_ = postgres_server().url();
  const std::string id_ = fresh_bucket_id();
  const AllocationKey api_{JobName("api"), WorkerHost("10.0.0.1")};
};

TEST_F(PostgresStore, Is_written_by_one_and_the_second_is_told_by_whom) {
  auto first = open_postgres_store(bucket());
  try {
    open_postgres_store(bucket());
    FAIL() << "two write at once";
  } catch (const BucketBusy& busy) {
    EXPECT_THAT(busy.what(), HasSubstr("pid " + std::to_string(::getpid())));
    EXPECT_THAT(busy.what(), HasSubstr(" at " + postgres_server().address().substr(0, 4)));
    EXPECT_THAT(busy.what(), HasSubstr(schema_of_state(id_)));
  }
  first.reset();
  open_postgres_store(bucket())->put_heads(CommitId("a"), CommitId("b"));
}

TEST_F(PostgresStore, Two_buckets_in_one_database_are_two) {
  auto first = open_postgres_store(bucket());
  const std::string other = fresh_bucket_id();
  auto second = open_postgres_store({url_, other, directory_.path(), directory_.path()});
  first->put_heads(CommitId("a"), CommitId("b"));
  EXPECT_EQ(second->load().head, CommitId());
}

TEST_F(PostgresStore, Whoever_lost_the_bucket_to_another_writes_it_never_again) {
  auto ours = open_postgres_store(bucket());
  ours->put_heads(CommitId("ours"), {});
  postgres_server().end_connections();
  auto theirs = open_postgres_store(bucket());
  EXPECT_THAT(message([&] { ours->put_heads(CommitId("late"), {}); }), HasSubstr("works on this bucket"));
  theirs->put_heads(CommitId("theirs"), {});
  theirs.reset();
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(message([&] { ours->put_heads(CommitId("late"), {}); }), HasSubstr("start this one again"));
    EXPECT_THAT(message([&] { ours->load(); }), HasSubstr("start this one again"));
  }
  EXPECT_EQ(confirmed().head, CommitId("theirs"));
}

// The lock is the server's business; the term in each transaction holds even where it fails.
TEST_F(PostgresStore, A_write_of_an_earlier_term_is_refused_whoever_has_the_lock) {
  auto store = open_postgres_store(bucket());
  store->put_heads(CommitId("ours"), {});
  postgres_server().sql("UPDATE " + table("maand_store") + " SET term = term + 1");
  EXPECT_THAT(message([&] { store->put_heads(CommitId("late"), {}); }), HasSubstr("taken this bucket over"));
  EXPECT_EQ(confirmed().head, CommitId("ours"));
}

TEST_F(PostgresStore, A_connection_that_ends_at_any_byte_leaves_a_write_whole_or_not_there) {
  testing::TcpProxy proxy(postgres_server().address(), postgres_server().port());
  const std::string url = PostgresServer::url(proxy.address(), proxy.port());
  auto store = open_postgres_store(at(url));
  AppliedAllocation torn = sample_allocation(api_, 1);
  AppliedState expected;
  int failures = 0;
  std::uint64_t seq = 0;
  for (const testing::Direction direction : {testing::Direction::kUp, testing::Direction::kDown}) {
    constexpr std::uint64_t kStep = 173;  // no multiple of anything
    for (std::uint64_t bytes = 0;; bytes += kStep) {
      ++seq;
      torn.open = sample_operation(api_, static_cast<int>(seq));
      AppliedState with = expected;
      with.allocations[api_] = torn;
      with.last_seq = seq;
      proxy.cut_all();
      proxy.set_fault_once({testing::ProxyFault::Kind::kCut, direction, bytes});
      bool failed = false;
      try {
        store->begin({torn}, seq);
      } catch (const StoreError&) {
        failed = true;
        ++failures;
      }
      const std::string now = to_text(confirmed());
      if (!failed || now == to_text(with)) {
        EXPECT_EQ(now, to_text(with)) << "byte " << bytes;
        expected = with;
      } else {
        EXPECT_EQ(now, to_text(expected)) << "byte " << bytes;
      }
      if (!failed && proxy.relayed(direction) < bytes) break;
      ASSERT_LT(bytes, 1000 * kStep);
    }
  }
  EXPECT_GT(failures, 10) << "the relay cut nothing";
  proxy.cut_all();
  store.reset();
  store = open_postgres_store(at(url));
  store->put_heads(CommitId("healed"), {});
  EXPECT_EQ(confirmed().head, CommitId("healed"));
}

TEST_F(PostgresStore, A_server_that_says_nothing_any_more_is_given_up) {
  testing::TcpProxy proxy(postgres_server().address(), postgres_server().port());
  const PostgresLimits limits{.answer = std::chrono::milliseconds(1500)};
  const auto open = [&] {
    return store_over(std::make_unique<HealingConnection>(
        postgres_address(PostgresServer::url(proxy.address(), proxy.port()), directory_.path()),
        schema_of_state(id_), current_schema(), limits, PostgresRole::kOnlyWriter));
  };
  open();  // makes the tables
  auto store = open();
  store->put_heads(CommitId("a"), {});
  const std::uint64_t whole = proxy.relayed(testing::Direction::kDown);
  store.reset();
  // Long enough to connect, not to write.
  proxy.set_fault_once({testing::ProxyFault::Kind::kStall, testing::Direction::kDown, whole - 40});
  store = open();
  EXPECT_THAT(message([&] { store->put_heads(CommitId("b"), {}); }), HasSubstr("did not answer in time"));
  EXPECT_EQ(confirmed().head, CommitId("a"));
  // The server knows nothing of it, and the session it has given up holds the bucket there as before.
  store->put_heads(CommitId("c"), {});
  EXPECT_EQ(confirmed().head, CommitId("c"));
}

// A standby of the server that took over without the last writes, or a backup.
TEST_F(PostgresStore, A_server_that_went_back_behind_what_was_confirmed_is_not_written_as_if_it_had_not) {
  auto store = open_postgres_store(bucket());
  store->put_heads(CommitId("a"), {});
  postgres_server().end_connections();
  store->put_heads(CommitId("b"), {});  // the same server
  postgres_server().end_connections();
  postgres_server().sql("UPDATE " + table("maand_store") + " SET commits = commits - 1");
  for (int i = 0; i < 2; ++i)
    EXPECT_THAT(message([&] { store->put_heads(CommitId("c"), {}); }), HasSubstr("not there any more"));
  open_postgres_store(bucket())->put_heads(CommitId("d"), {});
}

TEST_F(PostgresStore, What_was_confirmed_survives_a_server_that_is_killed) {
  auto store = open_postgres_store(bucket());
  AppliedAllocation torn = sample_allocation(api_, 1);
  torn.open = sample_operation(api_, 1);
  for (int i = 1; i <= 3; ++i) {
    store->begin({torn}, static_cast<std::uint64_t>(i));
    postgres_server().crash();
    EXPECT_EQ(store->load().last_seq, static_cast<std::uint64_t>(i));
    EXPECT_EQ(to_text(*store->load().find(api_)), to_text(torn));
  }
}

TEST_F(PostgresStore, A_reader_makes_nothing_and_writes_nothing) {
  EXPECT_THAT(message([&] { open_postgres_store_readonly(bucket()); }), HasSubstr("no state yet"));
  auto values = open_postgres_values_readonly(bucket());
  EXPECT_TRUE(values->snapshot()->namespaces.empty());
  EXPECT_EQ(postgres_server().sql("SELECT count(*) FROM pg_namespace WHERE nspname LIKE " +
                                  quoted_literal("maand_" + id_ + "%")),
            "0");
  auto store = open_postgres_store(bucket());
  auto reader = open_postgres_store_readonly(bucket());
  store->put_heads(CommitId("a"), {});
  EXPECT_EQ(reader->load().head, CommitId("a"));
  EXPECT_THAT(message([&] { reader->put_heads({}, {}); }), HasSubstr("for reading only"));
}

TEST_F(PostgresStore, Variables_that_another_process_wrote_are_seen) {
  fs::create_directory(directory_.path() / "secrets");
  auto one = open_postgres_values(bucket());
  auto two = open_postgres_values(bucket());
  using Kind = ValueChange::Kind;
  one->write({{Kind::kPut, "vars/job/api", "a", "1"}}, {});
  EXPECT_EQ(two->snapshot()->find("vars/job/api", "a").value->value, "1");
  two->write({{Kind::kPut, "vars/job/api", "a", "2"}}, {});
  EXPECT_EQ(one->snapshot()->find("vars/job/api", "a").value->version, 2);
  const ValueSnapshotPtr before = one->snapshot();
  EXPECT_EQ(one->snapshot(), before) << "read again though nothing changed";
}

TEST_F(PostgresStore, Tables_of_others_and_of_newer_versions_are_left_alone) {
  const std::string name = quoted_identifier(schema_of_state(id_));
  postgres_server().sql("CREATE SCHEMA " + name + " AUTHORIZATION maand; CREATE TABLE " + table("theirs") +
                        " (a int)");
  EXPECT_THAT(message([&] { open_postgres_store(bucket()); }), HasSubstr("tables of another program"));
  postgres_server().sql("DROP TABLE " + table("theirs"));
  open_postgres_store(bucket());  // a schema that somebody made for us is taken
  postgres_server().sql("UPDATE " + table("maand_store") + " SET schema_number = 1000");
  EXPECT_THAT(message([&] { open_postgres_store(bucket()); }), HasSubstr("written by a newer maand"));
  EXPECT_THAT(message([&] { open_postgres_store_readonly(bucket()); }),
              HasSubstr("written by a newer maand"));
}

TEST_F(PostgresStore, A_password_comes_from_a_file_and_is_never_told) {
  const std::string& address = postgres_server().address();
  const int port = postgres_server().port();
  fs::create_directory(directory_.path() / "secrets");
  const std::string bare = PostgresServer::url(address, port, "");
  EXPECT_THAT(message([&] { open_postgres_store(at(bare)); }), HasSubstr("postgresql://maand@" + address));
  const auto put = [&](const char* name) {
    std::ofstream(directory_.path() / name) << "*:*:*:maand:hunter2\n";
    fs::permissions(directory_.path() / name, fs::perms::owner_read | fs::perms::owner_write);
  };
  put("other");
  open_postgres_store(at(bare + "?passfile=other"))->load();
  put("secrets/pgpass");
  open_postgres_store(at(bare))->load();

  const std::string wrong[] = {PostgresServer::url(address, port, "s3same"),
                               PostgresServer::url("127.0.0.1", 1, "s3same"),
                               "postgresql://maand:s3same@" + address + ":port/bucket",
                               "postgresql://maand:s3same@" + address + "/bucket?nothing=known",
                               "postgresql://maand:s3same%zz@" + address + "/bucket"};
  for (const std::string& url : wrong) {
    const std::string said = message([&] { open_postgres_store(at(url)); });
    EXPECT_THAT(said, Not(HasSubstr("s3same")));
    EXPECT_THAT(said, Not(HasSubstr("nothing was thrown"))) << url;
  }
}

}  // namespace
}  // namespace maand
