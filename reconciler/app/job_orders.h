// Orders of operators on jobs (`maand job start|stop|restart`): who waits, who has begun, and
// what became of the last of them.
//
// One is carried out at a time, by the pass that rolls out (pass_orders.cc) or, between two
// passes, by itself (order_run.h); so that an order and a pass never meet on one allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "reconciler/app/journal.h"
#include "reconciler/core/job_order.h"
#include "reconciler/core/order_outcome.h"
#include "reconciler/core/ports.h"

namespace maand {

class JobOrders {
 public:
  explicit JobOrders(Observer& observer) : observer_(observer) {}

  // ---- reconcile thread

  // Why no order of the job is taken now: whose is not over, or that too many wait. Empty: one is.
  std::string busy(const JobName& job) const;
  // Gives it its id. REQUIRES: not busy.
  std::string give(JobOrder order);
  // One that a daemon before this one began (begun_order.h), ahead of those that wait. `hooks_ran`: for the
  // content of that tree; empty: not yet. REQUIRES: not busy, and none has begun.
  void take_up(JobOrder order, TreeId hooks_ran);
  // The job whose order is told to be over, and is on record still (begun_order.h); empty: none.
  void set_to_forget(const JobName& job) { to_forget_ = job; }
  const JobName& to_forget() const { return to_forget_; }
  // True: it will begin nothing more. False: there is none of this id that is not over.
  bool cut(const std::string& id, const std::string& actor);
  // Of the one that is carried out next, or now; null: none.
  const JobOrder* first() const { return waiting_.empty() ? nullptr : &waiting_.front().order; }
  const std::string& first_id() const { return waiting_.front().id; }
  // Why nothing more of the first one may begin; empty: it may. REQUIRES: first().
  const std::string& first_cut() const { return waiting_.front().cut; }
  bool first_taken_up() const { return waiting_.front().taken_up; }
  // How the first one fares, and how it ended; that takes it out.
  void begin(OrderPlan plan);
  const OrderPlan& plan() const { return *waiting_.front().plan; }
  bool begun() const { return !waiting_.empty() && waiting_.front().plan.has_value(); }
  void fares(const JobReport& report);
  void end(const JobReport* report);
  void fail(int exit, const std::string& sentence);
  // Nothing of them begins any more: the process ends.
  void leave();

  // What each of its operations is put on record with: its own content, and the word of a stop; a
  // start lifts the word at the last moment. Throws StoreError.
  void amend(Step& step, Journal::Intent& intent, Journal& journal) const;

  // ---- any thread

  // {"order","verb","job","actor","state","message","exit","allocations"} of one that was given, as long
  // as it is among the newest.
  std::optional<std::string> json(const std::string& id) const;

 private:
  struct Entry {
    std::string id;
    JobOrder order;
    std::optional<OrderPlan> plan;
    std::string cut;
    bool taken_up = false;
    TreeId hooks_ran;  // of one that is taken up: its job_control hooks have, for that content
  };
  void show(const Entry& entry, const std::string& state, const JobReport* report, const OrderEnd& end);
  void close(const OrderEnd& end, const JobReport* report);

  Observer& observer_;
  std::deque<Entry> waiting_;  // the first one is next, or has begun
  JobName to_forget_;

  mutable std::mutex mutex_;
  std::map<std::string, std::string> documents_;
  std::list<std::string> newest_;  // ids of those, oldest first
};

}  // namespace maand
