// SIGKILL in the middle of writes (R7.1): whatever the store had confirmed is
// there afterwards, and of the write that was cut either all or nothing.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "reconciler/store/state_store.h"
#include "tests/fault/killed_writer.h"
#include "tests/support/applied_text.h"
#include "tests/support/temp_dir.h"

namespace maand {
namespace {

constexpr int kAllocations = 4;
constexpr int kKills = 25;

AllocationKey key_of(int i) { return {JobName("api"), WorkerHost("w" + std::to_string(i))}; }

// State after `n` confirmed steps: odd steps begin an operation on every
// allocation, even ones settle it.
std::vector<AppliedAllocation> after_step(std::uint64_t n) {
  std::vector<AppliedAllocation> all;
  for (int i = 0; i < kAllocations; ++i) {
    const int round = static_cast<int>(n / 2);
    AppliedAllocation allocation = sample_allocation(key_of(i), round);
    if (n % 2 == 1) allocation.open = sample_operation(key_of(i), round);
    all.push_back(std::move(allocation));
  }
  return all;
}

// Writes step after step, and says each number only once the store has returned.
void write_for_ever(const std::filesystem::path& path, std::uint64_t step, const Said& said) {
  const std::unique_ptr<Store> store = open_state_store(path);
  for (;;) {
    ++step;
    if (step % 2 == 1) {
      store->begin(after_step(step), step);
    } else {
      store->settle(after_step(step), {}, 0);
    }
    said(step);
  }
}

TEST(StoreKill, Every_confirmed_step_survives_sigkill_and_no_step_is_half_there) {
  TempDir directory;
  const std::filesystem::path path = directory.path() / "state.db";
  std::mt19937 random(20240817);
  std::uint64_t confirmed = 0;
  for (int kill = 0; kill < kKills; ++kill) {
    // Kill it after a number of confirmed steps, at a moment inside the next one.
    const std::uint64_t from = confirmed;
    const std::uint64_t until = confirmed + 1 + random() % 12;
    const unsigned inside = static_cast<unsigned>(random() % 1500);
    confirmed =
        kill_inside_a_write([&](const Said& said) { write_for_ever(path, from, said); }, from, until, inside);

    const AppliedState state = open_state_store(path)->load();
    ASSERT_EQ(state.allocations.size(), static_cast<std::size_t>(kAllocations));
    // The step that was being written may have become durable before it could be said.
    std::string found;
    for (const auto& [key, allocation] : state.allocations) found += to_text(allocation);
    const auto text_of = [](std::uint64_t n) {
      std::string out;
      for (const AppliedAllocation& allocation : after_step(n)) out += to_text(allocation);
      return out;
    };
    if (found == text_of(confirmed + 1)) {
      ++confirmed;
    } else {
      ASSERT_EQ(found, text_of(confirmed)) << "after kill " << kill;
    }
    EXPECT_GE(state.last_seq, confirmed - (confirmed % 2 == 0 ? 1 : 0));
  }
}

}  // namespace
}  // namespace maand
