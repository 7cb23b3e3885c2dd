// How an operator's order fares and how it ended, in words and as an exit status.
#pragma once

#include <string>
#include <vector>

#include "reconciler/core/order_plan.h"
#include "reconciler/core/rollout.h"

namespace maand {

// One allocation that was chosen.
struct OrderRow {
  WorkerHost worker;
  std::string action;  // a target; empty: none runs there
  // waiting, running, done, failed, out of reach, not reached, unknown, left; "left" is no failure, refused
  // is.
  std::string state;
  std::string detail;  // why, or what it said
};

struct OrderEnd {
  // interface.md: 0 done, 1 some of it failed, 2 what was named is not there, 4 refused or waiting by a
  // policy.
  int exit = 0;
  std::string sentence;  // `api: 2 of 3 stopped; failed on 10.0.0.2 (exit status 2)`
};

// By worker. `report`: as far as it is; null: nothing was begun yet.
std::vector<OrderRow> order_rows(const OrderPlan& plan, const JobReport* report);

// Of an order that is over. `cut`: why nothing more of it began; empty: nobody cut it short.
OrderEnd order_end(const JobOrder& order, const OrderPlan& plan, const JobReport* report,
                   const std::string& cut);

}  // namespace maand
