// Operators' words and webhooks that come to a standby: handed on to the leader, through PostgreSQL.
//
// Thread-safe. A word is answered within about 10 s: with what the leader said of it; or, where nobody
// took it, it is withdrawn, so that nothing happens later that nobody waits for. A push is not: whoever
// leads next reads the remote anyway.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "reconciler/core/announcement.h"
#include "reconciler/core/control.h"
#include "reconciler/store/replica_link.h"

namespace maand {

class StandbyDesk : public Controls, public Announcements {
 public:
  explicit StandbyDesk(std::unique_ptr<ReplicaLink> link,
                       std::chrono::milliseconds patience = std::chrono::seconds(8));

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

  // What Status calls so (openapi.json), for whoever waits for a pass that was asked for here: the leader is
  // only asked while one is waited for.
  struct Passes {
    std::int64_t requested = 0, served = 0;
  };
  Passes passes();

  void announced(const Announcement& announcement) override;
  void preview_announced(WebhookProvider provider) override;
  void judged(WebhookProvider, WebhookVerdict, const std::string&) override {}

 private:
  ControlReply hand_on(const std::string& verb, const std::vector<std::string>& arguments,
                       const std::string& actor) const {
    return hand_on(verb, arguments, actor, patience_);
  }
  ControlReply hand_on(const std::string& verb, const std::vector<std::string>& arguments,
                       const std::string& actor, std::chrono::milliseconds patience) const;
  void tell(const std::string& kind, const std::string& body);

  const std::chrono::milliseconds patience_;
  mutable std::mutex mutex_;
  const std::unique_ptr<ReplicaLink> link_;
  std::mutex passes_mutex_;
  Passes passes_;
};

}  // namespace maand
