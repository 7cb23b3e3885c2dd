// The database of an original bucket, in every shape that workspace.md tells.
#include "reconciler/store/original_database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "reconciler/core/md5.h"
#include "reconciler/core/ports.h"
#include "tests/support/original_database.h"
#include "tests/support/temp_dir.h"

namespace maand {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::OriginalDatabaseFile;
using ::testing::Pair;

class OriginalDatabase : public ::testing::Test {
 protected:
  std::filesystem::path path() const { return directory_.path() / "maand.db"; }
  std::string refusal() const {
    try {
      read_original_database(path());
    } catch (const StoreError& error) {
      return error.what();
    }
    return "";
  }
  std::string bytes() const {
    std::ifstream in(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  TempDir directory_;
};

const std::map<std::string, std::string> kFiles = {{"Makefile", "start:\n"}, {"app.ini", "x=1\n"}};

TEST_F(OriginalDatabase, ADeployedBucketIsReadWhole) {
  {
    OriginalDatabaseFile file(path());
    file.bucket("b-1", 7);
    file.worker("10.0.0.1", "w-1");
    file.job("api", "1.0");
    file.port("api", "http", 30000);
    file.file("api", "Makefile");
    file.allocation("api", "10.0.0.1", "1.0");
    file.deployed("api", "10.0.0.1", "0.9", kFiles);
  }
  const std::string before = bytes();
  const OriginalBucket bucket = read_original_database(path());
  EXPECT_EQ(bytes(), before);
  EXPECT_EQ(bucket.bucket_id, "b-1");
  EXPECT_EQ(bucket.update_seq, 7);
  EXPECT_THAT(bucket.problems, IsEmpty());
  EXPECT_THAT(bucket.workers, ElementsAre(Pair(WorkerHost("10.0.0.1"), "w-1")));
  EXPECT_EQ(bucket.ports.at(JobName("api")).at("http"), 30000);
  EXPECT_THAT(bucket.built_files.at(JobName("api")), ElementsAre("Makefile"));
  ASSERT_EQ(bucket.allocations.size(), 1u);
  const OriginalAllocation& api = bucket.allocations[0];
  EXPECT_EQ(api.key.str(), "api@10.0.0.1");
  EXPECT_EQ(api.new_version, "1.0");
  EXPECT_EQ(api.current_version, "0.9");
  EXPECT_TRUE(api.known && api.promoted);
  EXPECT_FALSE(api.pending || api.disabled || api.removed);
  EXPECT_EQ(api.promoted_files.at("app.ini"), md5_hex("x=1\n"));
}

struct RowCase {
  const char* name;
  std::function<void(OriginalDatabaseFile&)> change;
  bool known, promoted, pending, disabled, removed;
};

TEST_F(OriginalDatabase, RowsOfAnAllocation) {
  const auto set = [](const char* what) {
    return [what](OriginalDatabaseFile& file) { file.exec(std::string("UPDATE ") + what); };
  };
  const std::vector<RowCase> cases = {
      {"deployed", [](OriginalDatabaseFile&) {}, true, true, false, false, false},
      {"never staged", [](OriginalDatabaseFile& f) { f.exec("DELETE FROM hash"); }, false, false, false,
       false, false},
      {"never went through", set("hash SET previous_hash = NULL, previous_files = NULL"), true, false, true,
       false, false},
      {"other files are staged", set("hash SET current_hash = 'other'"), true, true, true, false, false},
      {"its last deploy was unhealthy", set("hash SET previous_hash = '__maand_health_failed__'"), true, true,
       true, false, false},
      {"disabled", set("allocations SET disabled = 1"), true, true, false, true, false},
      {"left", set("allocations SET removed = 1"), true, true, false, false, true},
      {"flags as text", set("allocations SET disabled = '1', removed = '0'"), true, true, false, true, false},
  };
  for (const RowCase& one : cases) {
    SCOPED_TRACE(one.name);
    std::filesystem::remove(path());
    std::filesystem::remove(path().string() + "-wal");
    {
      OriginalDatabaseFile file(path());
      file.bucket("b-1", 7);
      file.job("api", "1.0");
      file.allocation("api", "10.0.0.1", "1.0");
      file.deployed("api", "10.0.0.1", "1.0", kFiles);
      one.change(file);
    }
    const OriginalBucket bucket = read_original_database(path());
    ASSERT_EQ(bucket.allocations.size(), 1u);
    const OriginalAllocation& api = bucket.allocations[0];
    EXPECT_EQ(api.known, one.known);
    EXPECT_EQ(api.promoted, one.promoted);
    EXPECT_EQ(api.pending, one.pending);
    EXPECT_EQ(api.disabled, one.disabled);
    EXPECT_EQ(api.removed, one.removed);
  }
}

TEST_F(OriginalDatabase, TheHighestVersionOfAValueCountsUnlessItIsDeleted) {
  {
    OriginalDatabaseFile file(path());
    file.bucket("b-1", 7);
    file.value("vars/job/api", "a", "old", 9);
    file.value("vars/job/api", "a", "new", 10);
    file.value("vars/job/api", "gone", "x", 1);
    file.value("vars/job/api", "gone", "", 2, true);
    file.value("secrets/job/api", "token", "enc:v1:x");
  }
  std::vector<std::string> values;
  for (const OriginalValue& one : read_original_database(path()).values)
    values.push_back(one.ns + " " + one.key + " " + one.value + (one.sealed ? " sealed" : ""));
  EXPECT_THAT(values, ElementsAre("secrets/job/api token enc:v1:x sealed", "vars/job/api a new"));
}

TEST_F(OriginalDatabase, NamesThatMaandDoesNotAllowAreProblems) {
  {
    OriginalDatabaseFile file(path());
    file.bucket("b-1", 7);
    file.allocation("a b", "10.0.0.1", "1.0");
    file.allocation("api", "-oProxyCommand=x", "1.0");
  }
  const OriginalBucket bucket = read_original_database(path());
  EXPECT_THAT(bucket.problems, ::testing::UnorderedElementsAre(HasSubstr("\"a b\""), HasSubstr("-oProxy")));
  EXPECT_THAT(bucket.allocations, IsEmpty());
}

struct RefusedCase {
  const char* name;
  std::function<void(const std::filesystem::path&)> make;
  const char* says;
};

TEST_F(OriginalDatabase, WhatItIsNotIsRefusedWithAWayOut) {
  const auto changed = [](const char* sql) {
    return [sql](const std::filesystem::path& path) {
      OriginalDatabaseFile file(path);
      file.bucket("b-1", 7);
      file.exec(sql);
    };
  };
  const std::vector<RefusedCase> cases = {
      {"no file", [](const std::filesystem::path&) {}, "maand init"},
      {"no database",
       [](const std::filesystem::path& path) { std::ofstream(path) << std::string(4096, 'x'); }, "backup"},
      {"another program's",
       [](const std::filesystem::path& path) { OriginalDatabaseFile(path, true).exec("CREATE TABLE t (a)"); },
       "is not the database of a maand bucket"},
      {"no schema version", changed("DROP TABLE schema_version"), "no schema version"},
      {"an old number", changed("UPDATE schema_version SET version = 3"), "has schema 3"},
      {"a newer one", changed("UPDATE schema_version SET version = 5"), "newer"},
      {"a table is missing", changed("DROP TABLE hash"), "hash"},
      {"a column is missing", changed("ALTER TABLE hash DROP COLUMN previous_files"), "previous_files"},
  };
  for (const RefusedCase& one : cases) {
    SCOPED_TRACE(one.name);
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path().string() + suffix);
    one.make(path());
    EXPECT_THAT(refusal(), HasSubstr(one.says));
    EXPECT_THAT(refusal(), HasSubstr(path().string()));
  }
}

// In a process of its own: a lock of ours is no lock to us.
bool seen_at_work(const std::filesystem::path& path) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(original_is_at_work(path) ? 1 : 0);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status) == 1;
}

TEST_F(OriginalDatabase, ADeployThatIsUnderWayIsSeen) {
  for (const char* mode : {"WAL", "DELETE"}) {
    SCOPED_TRACE(mode);
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path().string() + suffix);
    OriginalDatabaseFile file(path());
    file.exec(std::string("PRAGMA journal_mode=") + mode);
    EXPECT_FALSE(seen_at_work(path()));
    file.exec("BEGIN IMMEDIATE");
    EXPECT_TRUE(seen_at_work(path()));
    file.exec("ROLLBACK");
    EXPECT_FALSE(seen_at_work(path()));
  }
}

}  // namespace
}  // namespace maand
