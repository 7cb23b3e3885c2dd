// What a replica of a bucket in PostgreSQL says of itself, beside what is asked: whether it leads.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "reconciler/core/control.h"

namespace maand {

class ReplicaView : public StatusSource {
 public:
  // `inner` outlives this. `role`: "leader" or "standby"; `leader`: who leads, in words; any thread.
  ReplicaView(const StatusSource& inner, std::string role, std::function<std::string()> leader)
      : inner_(inner), role_(std::move(role)), leader_(std::move(leader)) {}

  HealthState health() const override { return inner_.health(); }
  // With "replica": {"role","leader"}.
  std::string status_json() const override;
  std::string commits_json(std::size_t limit) const override { return inner_.commits_json(limit); }
  std::string allocations_json() const override { return inner_.allocations_json(); }
  std::optional<std::string> job_json(const std::string& name) const override {
    return inner_.job_json(name);
  }
  std::string plan_json() const override { return inner_.plan_json(); }
  std::string previews_json() const override { return inner_.previews_json(); }
  // With `maand_leader`.
  std::string metrics_text() const override;

 private:
  const StatusSource& inner_;
  const std::string role_;
  const std::function<std::string()> leader_;
};

}  // namespace maand
