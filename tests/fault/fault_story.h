// One seed, one world of real processes, and round after round of it: commits as people
// make them, a fault at a random moment, and then calm, in which everything has to come
// to rest as the head asks for.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/fault/faulty_world.h"
#include "tests/fault/ledger_referee.h"

namespace maand::testing {

enum class FaultKind {
  kKill,  // SIGKILL of the daemon, often once more while it recovers
  kCut,   // connections to workers and to the remote are cut after some bytes
};

class FaultStory {
 public:
  // `seed` chooses the remote as well. Returns when the first commit is applied.
  FaultStory(std::uint64_t seed, FaultKind kind);

  // What was broken in one more round; empty: nothing.
  const std::vector<std::string>& round();
  // What happened in it, line by line, with the daemon's own words.
  std::string told();
  std::size_t targets() const { return referee_.entries().size() / 2; }
  int kills() const { return kills_; }
  int cuts() const { return cuts_; }

 private:
  int pick(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }
  bool chance(int percent) { return pick(1, 100) <= percent; }
  void wait_up_to(int most_ms);
  void say(std::string line) { said_.push_back(std::move(line)); }

  void commit();
  void poke();
  void kill();
  void strike_with_kills();
  void arm_a_cut();
  void strike_with_cuts();
  void calm();
  void come_to_rest();

  std::mt19937_64 random_;
  const FaultKind kind_;
  const RemoteKind remote_;
  FaultyWorld faulty_;
  BucketWorld& world_;
  DeployedWish wish_;
  LedgerReferee referee_;
  std::string head_;
  std::vector<std::string> said_;     // of this round
  std::size_t entries_before_ = 0;    // this round
  std::vector<std::uint64_t> whole_;  // bytes that a proxy relays for one rollout, about
  int kills_ = 0, cuts_ = 0;
};

}  // namespace maand::testing
