// SIGKILL in the middle of writes (R7.1): whatever the store had confirmed is
// there afterwards, and of the write that was cut either all or nothing.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "reconciler/store/state_store.h"
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
[[noreturn]] void write_for_ever(const std::filesystem::path& path, std::uint64_t step, int said) {
  const std::unique_ptr<Store> store = open_state_store(path);
  for (;;) {
    ++step;
    if (step % 2 == 1) {
      store->begin(after_step(step), step);
    } else {
      store->settle(after_step(step), {});
    }
    if (::write(said, &step, sizeof step) != sizeof step) ::_exit(1);
  }
}

TEST(StoreKill, Every_confirmed_step_survives_sigkill_and_no_step_is_half_there) {
  TempDir directory;
  const std::filesystem::path path = directory.path() / "state.db";
  std::mt19937 random(20240817);
  std::uint64_t confirmed = 0;
  for (int kill = 0; kill < kKills; ++kill) {
    int said[2];
    ASSERT_EQ(::pipe(said), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(said[0]);
      try {
        write_for_ever(path, confirmed, said[1]);
      } catch (...) {
        ::_exit(2);
      }
    }
    ::close(said[1]);
    // Kill it after a number of confirmed steps, at a moment inside the next one.
    const std::uint64_t until = confirmed + 1 + random() % 12;
    const unsigned inside = static_cast<unsigned>(random() % 1500);
    std::uint64_t step = 0;
    while (confirmed < until && ::read(said[0], &step, sizeof step) == sizeof step) confirmed = step;
    ASSERT_EQ(confirmed, until) << "the writer ended by itself";
    ::usleep(inside);  // lint-allow-sleep: moments inside a write have no event
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (::read(said[0], &step, sizeof step) == sizeof step) confirmed = step;
    ::close(said[0]);

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
