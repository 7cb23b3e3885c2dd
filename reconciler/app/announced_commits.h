// What webhooks announced: pokes the loop, has the ref read again until it shows
// the commit, and tells when commits arrive that nobody announced (R1.1, R6.3).
//
// `announced` and `judged` come from HTTP threads; everything else happens on the
// reconcile thread, and git on the lane (R1.2). A repeated reading is one ls-remote
// and no pass: a pass is asked for only when the ref has moved.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/app/inbox.h"
#include "reconciler/app/journal.h"
#include "reconciler/app/lane.h"
#include "reconciler/app/loop_meter.h"
#include "reconciler/app/triggers.h"
#include "reconciler/core/announcement.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/webhook/announced_heads.h"
#include "reconciler/core/webhook/ref_wait.h"

namespace maand {

struct SourceStatus;

struct AnnouncedCommitsOptions {
  std::vector<WebhookProvider> expected;  // none: nothing is counted as unannounced, nothing is measured
  // How long a webhook may come after polling found its commit: as long, at most a minute.
  std::chrono::milliseconds poll_interval{60'000};
};

class AnnouncedCommits : public Announcements {
 public:
  // All outlive this. `status`: what the loop knows of the remote; reconcile thread.
  struct Deps {
    Inbox& inbox;
    Lane& lane;
    Source& source;
    Journal& journal;
    Clock& clock;
    Observer& observer;
    const SourceStatus& status;
    Triggers& triggers;
    LoopMeter* meter = nullptr;  // may be null
  };
  AnnouncedCommits(Deps deps, AnnouncedCommitsOptions options);

  // Any thread.
  void announced(const Announcement& announcement) override;
  void preview_announced(WebhookProvider provider) override;
  void judged(WebhookProvider provider, WebhookVerdict verdict, const std::string& source) override;
  // `maand_webhook_deliveries_total{provider,verdict}`, `maand_commits_unannounced_total`.
  std::string prometheus() const;

  // Reconcile thread: the head that is known may be another one now.
  void look();

 private:
  static constexpr std::size_t kProviders = kWebhookProviders.size();
  static constexpr std::size_t kVerdicts = kWebhookVerdicts.size();
  struct Reading;

  void hear(const Announcement& announcement);
  void read_again(std::uint64_t wait);
  void was_read(std::uint64_t wait, const Reading& reading);
  void count_missed();
  std::string likely_cause() const;
  CommitId known_head() const;

  Deps deps_;
  const AnnouncedCommitsOptions options_;

  std::array<std::array<std::atomic<std::uint64_t>, kVerdicts>, kProviders> deliveries_{};
  std::array<std::atomic<std::uint64_t>, kVerdicts> since_accepted_{};  // of all providers
  std::atomic<std::uint64_t> unannounced_{0};
  std::mutex told_mutex_;
  std::array<std::optional<Instant>, kProviders> told_;  // when a refused delivery was told last

  AnnouncedHeads heads_;
  std::optional<RefWait> wait_;  // for the newest announcement
  WebhookProvider wait_for_ = WebhookProvider::kGeneric;
  std::uint64_t wait_number_ = 0;  // of wait_: timers of an older one find another
};

}  // namespace maand
