// A random workspace against a random applied state, and workers that behave as
// the seed says. One seed, one story.
#pragma once

#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "reconciler/core/plan.h"
#include "reconciler/core/rollout.h"
#include "tests/property/rollout_referee.h"

namespace maand {

// What may go wrong, in percent per step.
struct Mood {
  int fail = 0, interrupt = 0, lose = 0;  // lose: unknown, never, busy
  int condition = 0;                      // a worker turns out unusable when an operation reaches it
  int dead_worker = 0;                    // from the beginning
  int fall_ill = 0;                       // allocations, from the beginning or by an operation
  int recover = 0;                        // an ill one, per probe
  int stop_job = 0;                       // per answer
  int news = 0;                           // a probe nobody asked for, per answer
  int ports_move = 0;                     // jobs whose number is another job's from now on
  int confirm = 0;                        // jobs whose operations have to be confirmed over a new connection
  int roll_back = 0;  // jobs that go back when they fail; and such that have a canary, a bake, a budget
};

class RolloutWorld {
 public:
  RolloutWorld(std::uint64_t seed, Mood mood);

  // One whole pass: plan, roll out, record. Broken promises, as sentences.
  std::vector<std::string> pass();
  void calm();     // from now on nothing goes wrong, and operators clear what waits for them
  void release();  // `maand release` of every job: availability and upstreams hold none of them
  Plan plan() const { return make_plan(desired_, applied_, settings_); }
  // All jobs of the last pass ended `done`.
  bool all_done() const { return all_done_; }
  int operations() const { return operations_; }
  int went_back() const { return went_back_; }
  // Going back has begun and is not through.
  bool is_going_back() const;

 private:
  void make_workers();
  void make_job(int number);
  void give_way_back(Job& job);
  JobPlan begin_rollback(const JobName& name, const JobReport& report);
  std::vector<std::string> end_rollback(const JobReport& report);
  void make_applied(const Job& job, const WorkerHost& worker, int number);
  int pick(int from, int to);
  bool chance(int percent) { return pick(1, 100) <= percent; }
  void begin(const Step& step);
  void answer(Rollout& rollout, RolloutReferee& referee, const Step& step);
  Outcome outcome_of(const Step& step);
  Outcome confirmation_of(const Step& step);
  void fold(const Step& step, const Outcome& outcome);

  std::mt19937_64 random_;
  Mood mood_;
  DesiredState desired_;
  AppliedState applied_;
  PlanSettings settings_;
  std::set<WorkerHost> dead_;
  std::vector<int> numbers_;  // of the jobs' ports from now on, where they move; job i had kFirstPort + i
  std::set<AllocationKey> ill_;
  Instant now_{};
  bool all_done_ = false;
  int operations_ = 0;
  int heads_ = 0;
  int went_back_ = 0;
  std::map<AllocationKey, AppliedAllocation> before_;  // this pass
  std::set<AllocationKey> touched_;                    // by what is no rollback
};

}  // namespace maand
