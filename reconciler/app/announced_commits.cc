#include "reconciler/app/announced_commits.h"

#include <algorithm>
#include <utility>

#include "reconciler/app/pass.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::chrono::milliseconds kLongestWhile{60'000};
constexpr std::chrono::seconds kBetweenTellings{60};
constexpr int kMissedBeforeTold = 3;

std::size_t index(WebhookVerdict verdict) { return static_cast<std::size_t>(verdict); }
std::size_t index(WebhookProvider provider) { return static_cast<std::size_t>(provider); }
std::string brief(const CommitId& commit) { return commit.str().substr(0, 12); }

}  // namespace

// Written on the lane, read when it is done.
struct AnnouncedCommits::Reading {
  CommitId head;         // empty: not read
  bool fetched = false;  // the announced commit is in the mirror
};

AnnouncedCommits::AnnouncedCommits(Deps deps, AnnouncedCommitsOptions options)
    : deps_(deps), options_(std::move(options)), heads_(std::min(options_.poll_interval, kLongestWhile)) {}

void AnnouncedCommits::announced(const Announcement& announcement) {
  deps_.inbox.post([this, announcement] { hear(announcement); });
}

// The refs come with the listing that any pass begins with.
void AnnouncedCommits::preview_announced(WebhookProvider) {
  deps_.inbox.post([this] { deps_.triggers.poke("commit"); });
}

void AnnouncedCommits::judged(WebhookProvider provider, WebhookVerdict verdict, const std::string& source) {
  deliveries_[index(provider)][index(verdict)].fetch_add(1, std::memory_order_relaxed);
  since_accepted_[index(verdict)].fetch_add(1, std::memory_order_relaxed);
  if (verdict != WebhookVerdict::kUnverified && verdict != WebhookVerdict::kExpired &&
      verdict != WebhookVerdict::kMalformed)
    return;
  // Whoever can connect can be refused; the log must not be theirs to fill.
  {
    const std::lock_guard lock(told_mutex_);
    std::optional<Instant>& told = told_[index(provider)];
    const Instant now = deps_.clock.now();
    if (told && now - *told < kBetweenTellings) return;
    told = now;
  }
  const char* const why =
      verdict == WebhookVerdict::kUnverified ? "it has no signature, or one of no secret of ours"
      : verdict == WebhookVerdict::kExpired  ? "its timestamp is not of now"
                                             : "it is signed, and no push of this provider";
  deps_.observer.on(Event{.kind = EventKind::kNotice,
                          .text = std::string("webhook ") + to_string(provider) + ": a delivery from " +
                                  printable(source, 64) + " was refused: " + why +
                                  " (told once a minute; /metrics counts all)"});
}

CommitId AnnouncedCommits::known_head() const {
  return deps_.status.remote_head.empty() ? deps_.journal.state().head : deps_.status.remote_head;
}

void AnnouncedCommits::hear(const Announcement& announcement) {
  for (auto& count : since_accepted_) count.store(0, std::memory_order_relaxed);
  heads_.announced(announcement.commit, deps_.clock.now());
  deps_.observer.on(Event{.kind = EventKind::kNotice,
                          .commit = announcement.commit,
                          .text = std::string("webhook ") + to_string(announcement.provider) + " announced " +
                                  (announcement.commit.empty() ? "a push" : brief(announcement.commit))});
  if (deps_.meter && !announcement.commit.empty()) deps_.meter->push_announced(announcement.commit);
  const CommitId head = known_head();
  if (!announcement.commit.empty() && announcement.commit == deps_.status.remote_head)
    return;  // polling was faster
  wait_.emplace(announcement.commit, head, deps_.clock.now());
  wait_for_ = announcement.provider;
  ++wait_number_;
  deps_.triggers.poke("commit");  // reads the ref at once
  deps_.inbox.post_at(wait_->next(), [this, wait = wait_number_] { read_again(wait); });
}

void AnnouncedCommits::read_again(std::uint64_t wait) {
  if (!wait_ || wait != wait_number_) return;
  if (wait_->announced() == deps_.status.remote_head && !wait_->announced().empty()) {
    wait_.reset();  // the pass has it
    return;
  }
  auto reading = std::make_shared<Reading>();
  // Refers to nothing of ours: the lane may outlive us.
  deps_.lane.start(
      [&source = deps_.source, reading, commit = wait_->announced()] {
        reading->head = source.ls_remote().commit;
        reading->fetched = !commit.empty() && source.resolve(commit.str()).has_value();
      },
      // A remote that does not answer is told by the pass.
      [this, wait, reading](std::exception_ptr) { was_read(wait, *reading); });
}

void AnnouncedCommits::was_read(std::uint64_t wait, const Reading& reading) {
  if (!reading.head.empty() && reading.head != deps_.status.remote_head) deps_.triggers.poke("commit");
  if (!wait_ || wait != wait_number_) return;
  switch (wait_->saw(reading.head, reading.fetched, deps_.clock.now())) {
    case RefWait::Next::kReadAgain:
      deps_.inbox.post_at(wait_->next(), [this, wait] { read_again(wait); });
      return;
    case RefWait::Next::kGivenUp:
      deps_.observer.on(Event{.kind = EventKind::kNotice,
                              .commit = wait_->announced(),
                              .text = std::string("webhook ") + to_string(wait_for_) + " announced " +
                                      (wait_->announced().empty() ? "a push" : brief(wait_->announced())) +
                                      ", and the ref does not show it after 8 s; polling goes on"});
      break;
    case RefWait::Next::kOver:
      break;
  }
  wait_.reset();
}

void AnnouncedCommits::look() {
  if (options_.expected.empty() || deps_.status.state != "Ready") return;
  const auto before = heads_.next_due();
  heads_.seen(deps_.status.remote_head, deps_.clock.now());
  if (const auto due = heads_.next_due(); due && !before)
    deps_.inbox.post_at(*due, [this] { count_missed(); });
}

void AnnouncedCommits::count_missed() {
  const int before = heads_.in_a_row();
  const std::vector<CommitId> missed = heads_.missed(deps_.clock.now());
  unannounced_.fetch_add(missed.size(), std::memory_order_relaxed);
  if (before < kMissedBeforeTold && heads_.in_a_row() >= kMissedBeforeTold) {
    deps_.observer.on(Event{.kind = EventKind::kNotice,
                            .commit = missed.back(),
                            .text = "polling found " + std::to_string(heads_.in_a_row()) +
                                    " commits in a row that no webhook announced: " + likely_cause()});
  }
  if (const auto due = heads_.next_due()) deps_.inbox.post_at(*due, [this] { count_missed(); });
}

// By what came since the last announcement.
std::string AnnouncedCommits::likely_cause() const {
  const auto came = [this](WebhookVerdict verdict) {
    return since_accepted_[index(verdict)].load(std::memory_order_relaxed) > 0;
  };
  if (came(WebhookVerdict::kUnverified)) {
    return "deliveries were refused because their signature does not fit; most likely the secret at the git "
           "host "
           "is not the one in the file under secrets/";
  }
  if (came(WebhookVerdict::kExpired))
    return "deliveries were refused because of their timestamp; look at the clocks of both hosts";
  if (came(WebhookVerdict::kRateLimited))
    return "deliveries were refused because their source sends too many; look at who sends to /webhook/";
  if (came(WebhookVerdict::kMalformed))
    return "deliveries came that are no push as this provider sends it; look at which route the webhook is "
           "sent to";
  if (came(WebhookVerdict::kOtherRef) || came(WebhookVerdict::kOtherEvent) || came(WebhookVerdict::kPing)) {
    return "deliveries came, and none was a push to git.branch; look at the branch and at the events the "
           "webhook is set to";
  }
  return "no delivery came at all; look at the deliveries listed at the git host: its URL, and whether it "
         "reaches "
         "http.webhook_listen (a proxy, a firewall), or whether it was answered 404 (no secret in the file)";
}

std::string AnnouncedCommits::prometheus() const {
  if (options_.expected.empty()) return "";
  std::string out =
      "# HELP maand_webhook_deliveries_total Deliveries of webhooks, by what became of them.\n"
      "# TYPE maand_webhook_deliveries_total counter\n";
  for (const WebhookProvider provider : options_.expected) {
    for (const WebhookVerdict verdict : kWebhookVerdicts) {
      out += std::string("maand_webhook_deliveries_total{provider=\"") + to_string(provider) +
             "\",verdict=\"" + to_string(verdict) + "\"} " +
             std::to_string(deliveries_[index(provider)][index(verdict)].load(std::memory_order_relaxed)) +
             "\n";
    }
  }
  return out +
         "# HELP maand_commits_unannounced_total Commits that polling found and no webhook announced.\n"
         "# TYPE maand_commits_unannounced_total counter\n"
         "maand_commits_unannounced_total " +
         std::to_string(unannounced_.load(std::memory_order_relaxed)) + "\n";
}

}  // namespace maand
