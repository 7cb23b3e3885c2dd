// Operators' words about workers that are lost, replaced, gone or another controller's
// (R3.5, R3.9, R3.10, R3.12). Reconcile thread.
#pragma once

#include <string>

#include "reconciler/app/reconciler.h"
#include "reconciler/core/control.h"

namespace maand {

class RecoveryOrders {
 public:
  RecoveryOrders(Reconciler& reconciler, Store& store, Clock& clock)
      : reconciler_(reconciler), store_(store), clock_(clock) {}

  ControlReply takeover(const std::string& reason, const std::string& actor);
  ControlReply forget(const std::string& subject, const std::string& actor);
  ControlReply worker(const std::string& verb, const std::string& host, const std::string& actor);

 private:
  const AppliedState& state() { return reconciler_.journal().state(); }
  void audit(const std::string& actor, const std::string& action, const std::string& subject,
             const std::string& detail = "");
  bool listed(const WorkerHost& host) const;
  // Whether the workspace wants the job there; also where it cannot say.
  bool wanted(const AllocationKey& key) const;
  Forgotten allocations_on(const WorkerHost& host);
  ControlReply reset(const WorkerHost& host, const std::string& actor);
  ControlReply trust(const WorkerHost& host, const std::string& actor);
  ControlReply forget_worker(const WorkerHost& host, const std::string& actor);

  Reconciler& reconciler_;
  Store& store_;
  Clock& clock_;
};

}  // namespace maand
