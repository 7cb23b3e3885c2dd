// What the variables cost: reading a store of `range` values, asking again, one write.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "reconciler/store/kv_store.h"
#include "tests/support/temp_dir.h"

namespace maand {
namespace {

// Jobs of 100 variables each, 64 bytes a value, and `versions` of each.
void fill(Values& values, std::int64_t count, int versions) {
  for (int version = 0; version < versions; ++version) {
    std::vector<ValueChange> changes;
    for (std::int64_t i = 0; i < count; ++i) {
      changes.push_back({ValueChange::Kind::kPut, "vars/job/job" + std::to_string(i / 100),
                         "key" + std::to_string(i % 100), std::string(63, 'v') + std::to_string(version)});
    }
    values.write(changes, WallTime());
  }
}

// Opening checks the pages of the file, then reads the newest version of everything.
void OpenAndLoad(benchmark::State& state) {
  TempDir directory;
  fill(*open_kv_store(directory.path()), state.range(0), static_cast<int>(state.range(1)));
  for (auto _ : state) benchmark::DoNotOptimize(open_kv_store(directory.path()));
}
BENCHMARK(OpenAndLoad)
    ->Args({1'000, 1})
    ->Args({100'000, 1})
    ->Args({100'000, 8})
    ->Unit(benchmark::kMillisecond);

void SnapshotUnchanged(benchmark::State& state) {
  TempDir directory;
  const auto values = open_kv_store(directory.path());
  fill(*values, state.range(0), 1);
  for (auto _ : state) benchmark::DoNotOptimize(values->snapshot());
}
BENCHMARK(SnapshotUnchanged)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);

// One changed value, on disk when it returns, and the snapshot after it.
void WriteOne(benchmark::State& state) {
  TempDir directory;
  const auto values = open_kv_store(directory.path());
  fill(*values, state.range(0), 1);
  std::int64_t turn = 0;
  for (auto _ : state) {
    values->write({{ValueChange::Kind::kPut, "vars/job/job1", "key1", std::to_string(++turn)}}, WallTime());
    benchmark::DoNotOptimize(values->snapshot());
  }
}
BENCHMARK(WriteOne)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMillisecond)->UseRealTime();

void RevealSecret(benchmark::State& state) {
  TempDir directory;
  const auto values = open_kv_store(directory.path());
  values->write({{ValueChange::Kind::kPutSecret, "secrets/job/api", "k", std::string(64, 's')}}, WallTime());
  const ValueSnapshotPtr now = values->snapshot();
  const StoredValue& secret = *now->find("secrets/job/api", "k").value;
  for (auto _ : state) benchmark::DoNotOptimize(values->reveal(secret));
}
BENCHMARK(RevealSecret)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace maand
