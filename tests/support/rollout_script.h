// Drives a Rollout by hand: a clock that ticks on demand, workers that do what
// the test says, and a log of every step in words.
//
// Steps are answered when the test says so, or all at once by run(). A test reads
// like the story of a rollout:
//
//   RolloutScript script;
//   script.put(job("api").upgrades(3).checks());
//   script.fails("api@w2");
//   script.run();
//   EXPECT_EQ(script.log("api"), "contact w1 w2 w3 | …");
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "reconciler/core/rollout.h"

namespace maand {

// A JobPlan in the making. Workers are named w1, w2, …
class JobText {
 public:
  explicit JobText(const std::string& name);
  // Each adds active allocations, running and healthy unless it says otherwise.
  JobText& upgrade(const std::string& workers, Action action = Action::kRestart);  // "w1 w2"
  JobText& start(const std::string& workers);
  JobText& unchanged(const std::string& workers);
  // Those do not.
  JobText& disable(const std::string& workers);
  JobText& leave(const std::string& workers);   // stop, then remove
  JobText& remove(const std::string& workers);  // not running
  JobText& forget(const std::string& workers);
  JobText& checks(int attempts = 3);
  JobText& demands(const std::string& job, const std::string& min = "", const std::string& max = "");
  // On each of the workers it takes a port that `holder` has there.
  JobText& takes(const std::string& workers, int port, const std::string& holder,
                 PortWait::How how = PortWait::How::kLetsGo);
  // May be stopped there for another job, and is a start then.
  JobText& gives_up(const std::string& workers);
  JobText& wave(int number);
  JobText& leaves();
  ActiveAllocation& active(const std::string& worker);

  JobPlan plan;

 private:
  PlannedAction action(const std::string& worker, Action action, Reason reason);
  void add_active(const std::string& worker, bool running);
};
JobText job(const std::string& name);

class RolloutScript {
 public:
  explicit RolloutScript(RolloutLimits limits = {}) : rollout(limits) {}

  void put(const JobText& job) { rollout.put(job.plan, now); }

  // What happens to steps, by `job@worker`, unless said otherwise: all succeed,
  // all workers are there, all are healthy. A list is used up one by one; its
  // last entry stays.
  void outcomes(const std::string& key, std::vector<Outcome> list) { outcomes_[key] = std::move(list); }
  // What becomes of confirmations, likewise; unless said otherwise they come in time.
  void confirmations(const std::string& key, Outcome outcome) { confirmations_[key] = std::move(outcome); }
  // What becomes of rounds of hooks, by event; unless said otherwise they are done.
  void hooks(const std::string& event, HookRoundEnd end) { hooks_[event] = std::move(end); }
  void unreachable(const std::string& worker);
  void unhealthy(const std::string& key) { unhealthy_.insert(key); }
  void healthy(const std::string& key) { unhealthy_.erase(key); }

  // Fetches new steps into in_flight.
  void fetch();
  void answer(const Step& step);  // and takes it out of in_flight
  void answer_all();              // those in flight, oldest first
  void tick(Seconds by) { now += by; }
  // Until the rollout is finished; time passes only where nothing else can happen.
  // Throws when it does not end within `steps` steps.
  void run(int steps = 100000);

  // `stop w1 | remove w1 | …`: actions of a job in the order they were handed out;
  // those handed out by one call of next() stand together. Probes and contacts are
  // not told.
  std::string log(const std::string& job) const;
  // `done`, or `waiting: Unavailable`, …
  std::string end(const std::string& job) const;
  JobReport report(const std::string& job) const;
  // `done`, `failed`, … of one allocation
  std::string end_of(const std::string& key) const;
  int probes(const std::string& key) const;
  std::vector<Step> in_flight_of(Step::Kind kind) const;

  Rollout rollout;
  Instant now{};
  std::vector<Step> in_flight;
  std::vector<std::vector<Step>> history;  // by call of next()
  std::function<void(const Step&)> on_step;

 private:
  Outcome outcome_for(const Step& step);
  std::map<std::string, std::vector<Outcome>> outcomes_;
  std::map<std::string, Outcome> confirmations_;
  std::map<std::string, HookRoundEnd> hooks_;
  std::set<std::string> unhealthy_;
  std::set<std::string> unreachable_;
};

// Outcomes, in a word.
Outcome succeeded();
Outcome failed();
Outcome missing_target();
Outcome interrupted(const std::string& boot);
Outcome condition(WorkerCondition condition);
Outcome unknown();
Outcome pending();   // ended well, and waits to be confirmed
Outcome reverted();  // nobody confirmed it, and its worker went back

}  // namespace maand
