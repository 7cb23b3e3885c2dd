// What HTTP and the command line may see of the loop: snapshots, rendered on the
// thread that asks.
//
// update() runs on the reconcile thread and copies what is shown, at most four
// times a second while a rollout moves (a copy costs about 0.1 µs per
// allocation); everything else is thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "reconciler/app/inbox.h"
#include "reconciler/app/outbox.h"
#include "reconciler/app/pass.h"
#include "reconciler/app/triggers.h"
#include "reconciler/core/control.h"

namespace maand {

class Metrics;

class StatusBoard : public StatusSource {
 public:
  // Both outlive the board.
  StatusBoard(const Inbox& inbox, const Metrics& metrics, BucketId bucket, std::string bucket_name);
  ~StatusBoard() override;

  // `now`: do not wait for the next quarter of a second.
  void update(const Memory& memory, const AppliedState& state, const Triggers& triggers, bool now);
  void set_passes(std::vector<PassRecord> passes);
  // Before anybody asks: how the channels of the outbox fare. Called on any thread.
  void ask_channels(std::function<std::vector<ChannelStatus>()> channels) { channels_ = std::move(channels); }
  void set_previews(std::string json);

  CommitId planned_commit() const;  // of the newest plan; empty: none yet
  HealthState health() const override;
  std::string status_json() const override;
  std::string commits_json(std::size_t limit) const override;
  std::string allocations_json() const override;
  std::optional<std::string> job_json(const std::string& name) const override;
  std::string plan_json() const override;
  std::string previews_json() const override;
  std::string metrics_text() const override;

 private:
  struct Snapshot;
  std::shared_ptr<const Snapshot> snapshot() const;

  const Inbox& inbox_;
  const Metrics& metrics_;
  const BucketId bucket_;
  const std::string bucket_name_;
  std::function<std::vector<ChannelStatus>()> channels_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::vector<PassRecord> passes_;
  std::string previews_ = "{\"previews\":[],\"left_out\":0}\n";
  Instant updated_{};
  WallTime applied_committed_{};  // of the applied commit, once it was judged
};

}  // namespace maand
