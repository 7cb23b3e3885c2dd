#include "tests/contract/store_contract.h"

#include "reconciler/store/state_store.h"
#include "tests/support/fake_store.h"
#include "tests/support/temp_dir.h"

namespace maand {
namespace {

namespace fs = std::filesystem;

class FakeHarness : public StoreHarness {
 public:
  explicit FakeHarness(bool crash) : crash_(crash) {}
  Store& store() override { return store_; }
  void disturb() override {
    if (crash_) store_.crash();
  }

 private:
  const bool crash_;
  FakeStore store_;
};

enum class Between { kNothing, kReopen, kCrash };

class SqliteHarness : public StoreHarness {
 public:
  explicit SqliteHarness(Between between) : between_(between) { reopen(); }
  Store& store() override { return *store_; }

  void disturb() override {
    if (between_ == Between::kNothing) return;
    if (between_ == Between::kCrash) {
      // What SIGKILL leaves: the files as they are, with nobody to tidy the log away.
      const fs::path next = directory_.path() / std::to_string(++generation_);
      fs::create_directory(next);
      for (const char* name : {"state.db", "state.db-wal"}) {
        if (fs::exists(path_.parent_path() / name)) fs::copy(path_.parent_path() / name, next / name);
      }
      path_ = next / "state.db";
    }
    reopen();
  }

 private:
  void reopen() {
    store_.reset();
    store_ = open_state_store(path_);
  }

  const Between between_;
  TempDir directory_;
  int generation_ = 0;
  fs::path path_ = directory_.path() / "state.db";
  std::unique_ptr<Store> store_;
};

template <class Harness, class Argument>
StoreCase a_case(const char* name, Argument argument) {
  return {name, [argument] { return std::make_unique<Harness>(argument); }};
}

INSTANTIATE_TEST_SUITE_P(
    All, StoreContract,
    testing::Values(a_case<FakeHarness>("fake", false),
                    a_case<FakeHarness>("fake_crashing_after_each_step", true),
                    a_case<SqliteHarness>("sqlite", Between::kNothing),
                    a_case<SqliteHarness>("sqlite_reopened_after_each_step", Between::kReopen),
                    a_case<SqliteHarness>("sqlite_crashing_after_each_step", Between::kCrash)),
    [](const testing::TestParamInfo<StoreCase>& one) { return one.param.name; });

}  // namespace
}  // namespace maand
