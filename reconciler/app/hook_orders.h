// Commands that an operator asks for (`maand job_command`, `maand health_check`, `maand job run`): run at
// once beside whatever a pass does, one job after another.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/app/hook_runs.h"

namespace maand {

class HookOrders {
 public:
  // ---- reconcile thread

  struct Order {
    HookEvent event = HookEvent::kCli;
    std::string command;          // empty: every command of the event
    std::vector<JobName> jobs;    // that have it, sorted
    std::size_t concurrency = 1;  // 0: as the event has it
    std::string actor;
    std::string target;               // of job_control: TARGET
    std::vector<WorkerHost> workers;  // on these alone; empty: on all
  };
  // Begins, and gives its id. `runs` outlives this.
  std::string give(HookRuns& runs, HookWorldPtr world, Order order);
  // What runs of it is stopped, and no more begins. False: there is none of this id that is not over.
  bool cut(const std::string& id);
  bool idle() const { return going_.empty(); }

  // ---- any thread

  // {"order","verb","job","actor","state","message","exit","allocations"}, as of other orders.
  std::optional<std::string> json(const std::string& id) const;

 private:
  struct Going {
    std::string id;
    Order order;
    HookWorldPtr world;
    HookRuns* runs = nullptr;
    std::size_t next = 0;  // of order.jobs
    HookRuns::Id round = 0;
    bool cut = false;
    bool failed = false;
    std::string message;  // of each job that is through
  };
  void go_on(const std::shared_ptr<Going>& going);
  void show(const Going& going, bool over);

  std::map<std::string, std::shared_ptr<Going>> going_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> documents_;
  std::list<std::string> newest_;  // ids of those, oldest first
};

}  // namespace maand
