#include "tests/contract/values_contract.h"

#include <filesystem>
#include <fstream>

#include "reconciler/store/kv_store.h"
#include "tests/support/fake_values.h"
#include "tests/support/temp_dir.h"

namespace maand {
namespace {

namespace fs = std::filesystem;

class FakeHarness : public ValuesHarness {
 public:
  Values& values() override { return values_; }
  void lose_key() override { values_.set_key(FakeValues::Key::kMissing); }
  void restore_key() override { values_.set_key(FakeValues::Key::kRight); }
  void swap_key() override { values_.set_key(FakeValues::Key::kOther); }

 private:
  FakeValues values_;
};

enum class Between { kNothing, kReopen, kCrash };

class SqliteHarness : public ValuesHarness {
 public:
  explicit SqliteHarness(Between between) : between_(between) { reopen(); }
  Values& values() override { return *values_; }

  void disturb() override {
    if (between_ == Between::kNothing) return;
    if (between_ == Between::kCrash) {
      // What SIGKILL leaves: the files as they are, with nobody to tidy the log away.
      const fs::path next = directory_.path() / std::to_string(++generation_);
      fs::create_directory(next);
      for (const char* name : {"kv.db", "kv.db-wal", "kv.key", "kv.key.lost"}) {
        if (fs::exists(at_ / name)) fs::copy(at_ / name, next / name);
      }
      at_ = next;
    }
    reopen();
  }
  void lose_key() override { fs::rename(at_ / kSecretKeyFile, at_ / "kv.key.lost"); }
  void restore_key() override { fs::rename(at_ / "kv.key.lost", at_ / kSecretKeyFile); }
  void swap_key() override {  // in place: the mode stays
    std::ofstream(at_ / kSecretKeyFile, std::ios::binary | std::ios::in) << std::string(kSecretKeyBytes, 'x');
  }

 private:
  void reopen() {
    values_.reset();
    values_ = open_kv_store(at_);
  }

  const Between between_;
  TempDir directory_;
  int generation_ = 0;
  fs::path at_ = directory_.path();
  std::unique_ptr<Values> values_;
};

ValuesCase sqlite(const char* name, Between between) {
  return {name, [between] { return std::make_unique<SqliteHarness>(between); }};
}

INSTANTIATE_TEST_SUITE_P(All, ValuesContract,
                         testing::Values(ValuesCase{"fake", [] { return std::make_unique<FakeHarness>(); }},
                                         sqlite("sqlite", Between::kNothing),
                                         sqlite("sqlite_reopened_after_each_step", Between::kReopen),
                                         sqlite("sqlite_crashing_after_each_step", Between::kCrash)),
                         [](const testing::TestParamInfo<ValuesCase>& one) { return one.param.name; });

}  // namespace
}  // namespace maand
