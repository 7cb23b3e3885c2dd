// Operators' words on their way into the loop: each runs on the reconcile thread,
// is kept with its actor (R7.4), and pokes a pass.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "reconciler/app/reconciler.h"
#include "reconciler/app/recovery_orders.h"
#include "reconciler/core/control.h"

namespace maand {

class OperatorDesk : public Controls {
 public:
  OperatorDesk(Inbox& inbox, Reconciler& reconciler, Store& store, Clock& clock);

  ControlReply reconcile(const std::string& actor) override;
  ControlReply retry(const std::string& job, const std::string& actor) override;
  ControlReply release(const std::string& subject, const std::string& actor) override;
  ControlReply release_unsigned(const std::string& commit, const std::string& reason,
                                const std::string& actor) override;
  ControlReply suspend(const std::string& job, const std::string& reason, const std::string& span,
                       const std::string& actor) override;
  ControlReply resume(const std::string& job, const std::string& actor) override;
  ControlReply rollback(const std::string& job, const std::string& commit, const std::string& reason,
                        const std::string& span, const std::string& actor) override;
  ControlReply takeover(const std::string& reason, const std::string& actor) override;
  ControlReply forget(const std::string& subject, const std::string& actor) override;
  ControlReply job_order(const JobOrderRequest& request, const std::string& actor) override;
  std::optional<std::string> job_order_json(const std::string& id) const override;
  ControlReply hook_order(const HookOrderRequest& request, const std::string& actor) override;
  ControlReply cut_job_order(const std::string& id, const std::string& actor) override;
  ControlReply drain(const DrainRequest& request, const std::string& actor) override;
  ControlReply undrain(const std::string& host, const std::string& actor) override;
  ControlReply worker(const std::string& verb, const std::string& host, const std::string& actor) override;

  // The same words for a command that holds the bucket itself. Reconcile thread.
  ControlReply retry_here(const std::string& job, const std::string& actor);
  ControlReply release_here(const std::string& subject, const std::string& actor);
  ControlReply release_unsigned_here(const std::string& commit, const std::string& reason,
                                     const std::string& actor);
  ControlReply suspend_here(const std::string& job, const std::string& reason, const std::string& span,
                            const std::string& actor);
  ControlReply resume_here(const std::string& job, const std::string& actor);
  ControlReply rollback_here(const std::string& job, const std::string& commit, const std::string& reason,
                             const std::string& span, const std::string& actor);
  ControlReply job_order_here(const JobOrderRequest& request, const std::string& actor);
  ControlReply hook_order_here(const HookOrderRequest& request, const std::string& actor);
  ControlReply cut_job_order_here(const std::string& id, const std::string& actor);
  ControlReply drain_here(const DrainRequest& request, const std::string& actor);
  ControlReply undrain_here(const std::string& host, const std::string& actor);
  RecoveryOrders& recovery() { return recovery_; }

 private:
  ControlReply on_reconcile_thread(const std::function<ControlReply()>& word);
  void audit(const std::string& actor, const std::string& action, const std::string& subject,
             const std::string& detail = "");
  bool knows(const JobName& job) const;
  std::vector<AllocationKey> stops_of(const JobName& job) const;
  ControlReply release_commit_here(const CommitId& commit, const std::string& actor);
  ControlReply release_job_here(const JobName& job, const std::string& actor);

  Inbox& inbox_;
  Reconciler& reconciler_;
  Store& store_;
  Clock& clock_;
  RecoveryOrders recovery_;
};

}  // namespace maand
