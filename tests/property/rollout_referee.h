// Watches a rollout from outside and says which promise it broke.
//
// It knows the plans and every step and answer, and counts for itself: nothing
// of the machine's own bookkeeping is used.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "reconciler/core/rollout.h"

namespace maand {

class RolloutReferee {
 public:
  // `exact`: no news but answers changes who is available, so that R2.5 can be
  // judged at the moment a step is handed out.
  RolloutReferee(RolloutLimits limits, bool exact) : limits_(limits), exact_(exact) {}

  void put(const JobPlan& plan);
  void replace(const JobPlan& plan) {
    jobs_.erase(plan.job);
    put(plan);
  }
  void at(Instant now) { now_ = now; }
  bool was_stopped(const JobName& job) const { return jobs_.at(job).stopped; }
  // What an allocation may listen on when the rollout begins.
  void holds(const AllocationKey& key, const std::vector<int>& ports) {
    held_[key] = {ports.begin(), ports.end()};
  }
  void handed_out(const Step& step);
  void contacted(const Step& step, const Contact& contact);
  void ended(const Step& step, const Outcome& outcome);
  void confirmed(const Step& step, const Outcome& outcome);  // R2.9 confirm_seconds
  void probed(const Step& step, Health health);
  void stopped(const JobName& job) { jobs_.at(job).stopped = true; }
  void finished(const std::vector<JobReport>& reports);

  // Sentences; empty = every promise was kept.
  const std::vector<std::string>& broken() const { return broken_; }

 private:
  struct Member {
    bool begun = false;      // in this batch or an earlier one
    bool through = false;    // ended for good, its gate included
    bool confirmed = false;  // its last operation
    bool stop_confirmed = false;
    bool awaits = false;  // to be confirmed over a new connection
    bool gated = false;   // has passed, or outlasted, its gate
    bool ill = false;     // newest probe
    bool failed = false;  // last target
    bool aside = false;
    bool stopped = false;          // for a port
    int in_a_row = 0, probes = 0;  // since it was confirmed
    int failures = 0, interruptions = 0;
    Instant bakes_until{};
  };
  struct Watched {
    JobPlan plan;
    std::map<WorkerHost, Member> members;
    std::set<WorkerHost> active, upgrades, starts, stops;
    bool stopped = false;
    bool has_reason_to_fail = false;
    int batch = 0;  // so many began since nothing was at work or baking
    bool batch_of_starts = false;
    std::vector<WorkerHost> order;  // of those that were begun
    int failed = 0;                 // for good
  };
  void check_canary(Watched& job, const Step& step);
  void check_bakes(Watched& job, const Step& step);
  void check_batch(Watched& job, const Step& step);
  void check_availability(Watched& job, const Step& step);
  void check_waves(const Watched& job);
  void check_ports(const Step& step);
  void ports_after(const Step& step, const Outcome& outcome);
  bool asked_of_a_later_wave(const Step& step) const;
  bool down(const Watched& job, const WorkerHost& worker) const;
  void confirms(const Step& step);
  void say(const Step& step, const std::string& what);

  RolloutLimits limits_;
  bool exact_;
  Instant now_{};
  std::map<JobName, Watched> jobs_;
  std::set<WorkerHost> dead_;
  std::map<WorkerHost, int> on_worker_;
  std::set<AllocationKey> in_flight_;
  std::map<AllocationKey, std::set<int>> held_;
  std::set<JobName> drains_in_flight_;
  std::vector<std::string> broken_;
};

}  // namespace maand
