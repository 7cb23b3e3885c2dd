// One seed, one story: commits, operators, faults and the daemon that lives through
// them, until it has come to rest or time is up.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/fleet.h"
#include "tests/simulation/hook_referee.h"
#include "tests/simulation/programs.h"
#include "tests/simulation/referee.h"
#include "tests/simulation/timeline.h"
#include "tests/support/fake_source.h"
#include "tests/support/fake_store.h"
#include "tests/support/fake_values.h"

namespace maand::simulation {

// What may go wrong, as how often in one story.
struct Trouble {
  int kills = 0;         // of the daemon, at any moment
  int write_kills = 0;   // of the daemon, before or after a write of its store
  int cuts = 0;          // workers that are out of reach for a while
  int reboots = 0;       // of workers
  int remote = 0;        // times the git remote does not answer for a while
  int store = 0;         // times the store cannot be written for a while
  int jumps = 0;         // of the machine's clock
  int replaced = 0;      // workers that come back empty
  int lost_stores = 0;   // times the daemon comes up without its store
  int old_stores = 0;    // times it comes up with a copy of it that is older
  int operators = 0;     // words: retry, release, suspend, resume
  int resets = 0;        // times a worker is reset that was never wiped
  int bad_versions = 0;  // in percent of commits
  Weather weather;
  bool hooks = false;  // jobs have some
  int hook_fails = 0;  // in percent of them
};

class Story {
 public:
  Story(std::uint64_t seed, Trouble trouble);
  ~Story();

  // Broken promises, as sentences; empty when all were kept.
  std::vector<std::string> tell();

  int targets() const { return referee_.targets(); }
  int lives() const { return lives_; }
  int commits() const { return commits_; }
  int hooks() const { return hook_referee_.runs(); }
  // Everything that happened, for whoever looks for the cause, and to compare two tellings.
  const std::vector<std::string>& trace() const { return trace_; }

 private:
  struct Daemon;
  class Notes;
  class Observer;

  int pick(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }
  bool chance(int percent) { return pick(1, 100) <= percent; }
  Instant sometime() {
    return begin_ + Duration(pick(0, static_cast<int>(Duration(std::chrono::minutes(15)).count())));
  }
  void write(std::string line);

  void plan_commits();
  void plan_trouble(const Trouble& trouble);
  void commit();
  void say(std::function<void()> word);  // of an operator, to the daemon that runs
  void operator_speaks();
  void calm();           // from here on nothing goes wrong
  void clear_the_way();  // operators let go of everything that waits for them
  bool at_rest() const;
  void live();  // one process, until it is killed or the story ends
  void kill();
  void lose_store(std::function<void()> replace);
  void replace_worker();
  void reset_workers();  // what operators say of those that came back empty
  void reset_by_mistake();
  void take_over();

  std::mt19937_64 random_;
  const Trouble trouble_;
  Timeline timeline_;
  const Instant begin_;
  Fleet fleet_;
  Programs programs_;
  Referee referee_;
  HookReferee hook_referee_;
  testing::FakeSource source_;
  FakeStore store_;
  FakeValues values_;
  std::unique_ptr<Notes> notes_;
  std::unique_ptr<Observer> observer_;
  std::unique_ptr<Daemon> daemon_;
  Wish wish_;
  CommitId head_;
  std::set<WorkerHost> empty_;           // replaced, and no operator has said so yet
  std::function<void()> backup_;         // puts back what the store held once
  std::function<void()> replace_store_;  // before the daemon comes up again
  int most_workers_ = 0;
  int bad_percent_ = 0;
  int writes_until_kill_ = 0;
  bool kill_after_write_ = false;
  bool calm_ = false;
  bool over_ = false;
  int lives_ = 0;
  int commits_ = 0;
  std::uint64_t next_id_ = 0;
  std::vector<std::string> trace_;
};

}  // namespace maand::simulation
