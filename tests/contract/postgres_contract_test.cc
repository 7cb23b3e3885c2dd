// The suites of both seams over a real PostgreSQL.
#include <filesystem>
#include <fstream>

#include "reconciler/store/kv_store.h"
#include "reconciler/store/postgres_store.h"
#include "tests/contract/postgres_server.h"
#include "tests/contract/store_contract.h"
#include "tests/contract/values_contract.h"
#include "tests/support/temp_dir.h"

namespace maand {
namespace {

namespace fs = std::filesystem;

// kEnded: the server ends every connection, as an administrator or a failover does.
enum class Between { kNothing, kReopen, kEnded };

class PostgresStoreHarness : public StoreHarness {
 public:
  explicit PostgresStoreHarness(Between between) : between_(between) { open(); }
  Store& store() override { return *store_; }
  void disturb() override {
    if (between_ == Between::kReopen) {
      store_.reset();
      open();
    } else if (between_ == Between::kEnded) {
      postgres_server().end_connections();
    }
  }

 private:
  void open() { store_ = open_postgres_store({url_, id_, directory_.path(), directory_.path()}); }

  const Between between_;
  TempDir directory_;
  const std::string url_ = postgres_server().url();
  const std::string id_ = fresh_bucket_id();
  std::unique_ptr<Store> store_;
};

class PostgresValuesHarness : public ValuesHarness {
 public:
  explicit PostgresValuesHarness(Between between) : between_(between) { open(); }
  Values& values() override { return *values_; }
  void disturb() override {
    if (between_ == Between::kReopen) {
      values_.reset();
      open();
    } else if (between_ == Between::kEnded) {
      postgres_server().end_connections();
    }
  }
  void lose_key() override { fs::rename(key_, directory_.path() / "lost"); }
  void restore_key() override { fs::rename(directory_.path() / "lost", key_); }
  void swap_key() override {  // in place: the mode stays
    std::ofstream(key_, std::ios::binary | std::ios::in) << std::string(kSecretKeyBytes, 'x');
  }

 private:
  void open() { values_ = open_postgres_values({url_, id_, directory_.path(), directory_.path()}); }

  const Between between_;
  TempDir directory_;
  const fs::path key_ = directory_.path() / kSecretKeyFile;
  const std::string url_ = postgres_server().url();
  const std::string id_ = fresh_bucket_id();
  std::unique_ptr<Values> values_;
};

template <class Case, class Harness>
Case a_case(const char* name, Between between) {
  return {name, [between] { return std::make_unique<Harness>(between); }};
}

INSTANTIATE_TEST_SUITE_P(
    Postgres, StoreContract,
    testing::Values(a_case<StoreCase, PostgresStoreHarness>("postgres", Between::kNothing),
                    a_case<StoreCase, PostgresStoreHarness>("postgres_reopened_after_each_step",
                                                            Between::kReopen),
                    a_case<StoreCase, PostgresStoreHarness>("postgres_ending_connections_after_each_step",
                                                            Between::kEnded)),
    [](const testing::TestParamInfo<StoreCase>& one) { return one.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Postgres, ValuesContract,
    testing::Values(a_case<ValuesCase, PostgresValuesHarness>("postgres", Between::kNothing),
                    a_case<ValuesCase, PostgresValuesHarness>("postgres_reopened_after_each_step",
                                                              Between::kReopen),
                    a_case<ValuesCase, PostgresValuesHarness>("postgres_ending_connections_after_each_step",
                                                              Between::kEnded)),
    [](const testing::TestParamInfo<ValuesCase>& one) { return one.param.name; });

}  // namespace
}  // namespace maand
