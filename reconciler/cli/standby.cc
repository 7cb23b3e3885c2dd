#include "reconciler/cli/standby.h"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "reconciler/app/event_ring.h"
#include "reconciler/app/metrics.h"
#include "reconciler/app/observers.h"
#include "reconciler/app/recovery.h"
#include "reconciler/app/reporter.h"
#include "reconciler/app/standing.h"
#include "reconciler/app/status_board.h"
#include "reconciler/app/system_clock.h"
#include "reconciler/cli/bucket_details.h"
#include "reconciler/cli/bucket_store.h"
#include "reconciler/cli/fit_to_lead.h"
#include "reconciler/cli/listeners.h"
#include "reconciler/cli/log_settings.h"
#include "reconciler/cli/replica_view.h"
#include "reconciler/cli/standby_desk.h"
#include "reconciler/cli/status_document.h"

namespace maand {
namespace {

constexpr std::chrono::seconds kLookEvery{1};
constexpr std::chrono::minutes kLookAtSecretsEvery{1};
constexpr std::size_t kPassesShown = 100;

// What the board shows is what the leader has stored; what it has in its head (a plan, a rollout's
// progress) only the leader can tell.
class StoredStatus : public StatusSource {
 public:
  StoredStatus(const StatusBoard& board, StandbyDesk& desk) : board_(board), desk_(desk) {}

  void put(std::string status) {
    const std::lock_guard lock(mutex_);
    status_ = std::move(status);
  }
  // Which passes the leader has told to be over, and which of those are in what was stored and read. Whoever
  // waits for a pass is shown what came of it, and not what was there before.
  std::int64_t told() const {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  void read_since(std::int64_t told) {
    const std::lock_guard lock(mutex_);
    shown_ = told;
  }

  HealthState health() const override { return board_.health(); }
  std::string status_json() const override {
    const StandbyDesk::Passes passes = desk_.passes();
    std::string text;
    std::int64_t served = 0;
    {
      const std::lock_guard lock(mutex_);
      told_ = passes.served;
      served = shown_;
      text = status_;
    }
    if (text.empty()) return board_.status_json();
    return text.insert(text.rfind('}'), ",\"requested\":" + std::to_string(passes.requested) +
                                            ",\"served\":" + std::to_string(served));
  }
  std::string commits_json(std::size_t limit) const override { return board_.commits_json(limit); }
  std::string allocations_json() const override { return board_.allocations_json(); }
  std::optional<std::string> job_json(const std::string& name) const override {
    return board_.job_json(name);
  }
  std::string plan_json() const override { return board_.plan_json(); }
  std::string previews_json() const override { return board_.previews_json(); }
  std::string metrics_text() const override { return board_.metrics_text(); }

 private:
  const StatusBoard& board_;
  StandbyDesk& desk_;
  mutable std::mutex mutex_;
  std::string status_;
  mutable std::int64_t told_ = 0;
  std::int64_t shown_ = 0;
};

}  // namespace

struct Standby::Parts {
  Parts(const Bucket& of, const Context& context)
      : bucket(of),
        reporter(log_options(of, context)),
        link(open_link(of)),
        board(inbox, metrics, of.config.bucket_id, of.config.name),
        desk(open_link(of)),
        stored(board, desk),
        view(stored, "standby", [this] { return leader_now(); }),
        details(bucket, [] { return CommitId{}; }) {
    memory.source.tried = true;  // by the leader; a standby asks no remote
    memory.source.detail = "this is a standby";
  }

  std::string leader_now() const {
    const std::lock_guard lock(mutex);
    return leader;
  }

  // What is stored, where it has changed. Throws StoreError.
  void read() {
    const std::int64_t now = link->commits();
    if (now == commits) return;
    if (!store) store = open_state_if_any(bucket);
    if (!store) return;
    const AppliedState state = store->load();
    memory.suspended = kept_suspensions(*store);
    memory.pinned = kept_pins(*store);
    memory.drained = kept_drains(*store);
    memory.authority = kept_authority(*store);
    board.set_passes(store->passes(kPassesShown));
    stored.put(stored_status(bucket, *store, state, "this is a standby"));
    board.update(memory, state, triggers, true);
    applied = state;
    commits = now;
  }

  // Whether somebody leads. What cannot be asked is told, and taken for a leader: the one there is may
  // well be able to reach the server.
  bool led() {
    try {
      const std::optional<std::string> who = link->leader();
      {
        const std::lock_guard lock(mutex);
        if (who && *who != leader) observers.note("standing by: " + *who + " leads");
        leader = who.value_or("");
      }
      if (!who) return false;
      const std::int64_t told = stored.told();
      read();
      stored.read_since(told);
      if (inbox.now() >= next_look) look_at_secrets();
      if (!std::exchange(memory.store_problem, "").empty()) {
        observers.note("the store can be read again");
        board.update(memory, applied, triggers, true);
      }
    } catch (const StoreError& error) {
      if (memory.store_problem != error.what()) observers.note(error.what());
      memory.store_problem = error.what();
      board.update(memory, applied, triggers, true);
    }
    return true;
  }

  // Whoever has been told of it can put it right before the leader is gone. Throws StoreError.
  void look_at_secrets() {
    next_look = inbox.now() + kLookAtSecretsEvery;
    std::set<std::string> now;
    for (const std::string& one : lacking_secrets(bucket, applied)) {
      now.insert(one);
      if (lacking.count(one) == 0)
        observers.note("this standby cannot lead as it should: " + one + " (copy secrets/ from the leader)");
    }
    if (now.empty() && !lacking.empty()) observers.note("this standby lacks nothing any more");
    lacking = std::move(now);
  }

  static std::unique_ptr<ReplicaLink> open_link(const Bucket& bucket) {
    return open_replica_link(postgres_of(bucket));
  }

  const Bucket bucket;
  SystemClock clock;
  Metrics metrics{clock};
  Reporter reporter;
  EventRing events{clock};
  Observers observers{{&metrics, &reporter, &events}};
  Inbox inbox;
  const std::unique_ptr<ReplicaLink> link;
  std::unique_ptr<Store> store;  // for reading, once there is something
  StatusBoard board;
  StandbyDesk desk;
  StoredStatus stored;
  ReplicaView view;
  BucketDetails details;
  Memory memory;
  AppliedState applied;
  Triggers triggers{std::chrono::milliseconds(0)};
  std::int64_t commits = -1;  // as of the last reading
  Instant next_look{};
  std::set<std::string> lacking;  // as it was told
  mutable std::mutex mutex;
  std::string leader;
  bool stopping = false;  // the thread that waits
};

Standby::Standby(const Bucket& bucket, const Context& context)
    : parts_(std::make_unique<Parts>(bucket, context)) {}

Standby::~Standby() = default;

bool Standby::wait(const std::function<void(Inbox&)>& ready, bool at_start) {
  Parts& p = *parts_;
  if (at_start) {
    require_serveable(p.bucket);
    p.link->leader();
  }
  if (!p.led()) return true;
  if (at_start && p.store) require_fixed(p.bucket, *p.store);
  Listeners listeners(p.bucket, {p.view, p.details, p.desk, p.desk, p.events,
                                 [&p](const std::string& text) { p.observers.note(text); }});
  for (const std::string& remark : listeners.remarks()) p.observers.note(remark);
  ready(p.inbox);
  while (!p.stopping) {
    const Instant next = p.inbox.now() + kLookEvery;
    while (!p.stopping && p.inbox.now() < next) p.inbox.serve(next);
    if (!p.stopping && !p.led()) return true;
  }
  return false;
}

void Standby::stop() {
  parts_->inbox.post([this] { parts_->stopping = true; });
}

void Standby::note(const std::string& text) { parts_->observers.note(text); }

}  // namespace maand
