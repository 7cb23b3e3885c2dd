// Letters on their way: kept in the store until somebody has taken them, one at a time
// per channel, each channel on a lane of its own, so that a dead endpoint holds up
// neither the loop nor another channel.
//
// At least once: a daemon that dies between an answer and its record sends again. What
// has to be told apart at the other end carries an id of its own.
//
// Reconcile thread, where nothing else is said.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "reconciler/app/inbox.h"
#include "reconciler/core/outbound.h"
#include "reconciler/core/ports.h"

namespace maand {

// How one channel fares, for `maand status` and metrics.
struct ChannelStatus {
  std::string name;
  std::size_t waiting = 0;
  std::string problem;  // of the last try; empty: it went through, or there was none yet
  WallTime since{};     // of the problem
  std::uint64_t delivered = 0, refused = 0, later = 0;  // tries that ended so
  std::uint64_t dropped = 0;                            // letters given up
};

class Outbox {
 public:
  // A refusal may be a token that is about to be exchanged: tried again so often (some
  // minutes), then the letter is dropped.
  static constexpr int kMostRefusals = 8;
  // An endpoint that does not answer keeps its letters for so long, and so many.
  static constexpr std::chrono::hours kLongestWait{7 * 24};
  static constexpr std::size_t kMostWaiting = 200;
  // After so many tries without an answer the letters behind it get their turn.
  static constexpr int kGivesWayAfter = 8;

  struct Deps {
    Inbox& inbox;
    Store& store;
    Courier& courier;
    Clock& clock;
    Observer& observer;
  };
  using Channels = std::vector<std::shared_ptr<const Channel>>;

  // Names of channels differ. `changed` is called when channels() has something new.
  Outbox(Deps deps, Channels channels, std::function<void()> changed);
  ~Outbox();  // waits for what is under way (see Courier::interrupt)
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // Takes up what the store kept; letters of channels that are gone are dropped, and
  // that is told. A store that cannot be read is told and the rest goes on.
  void begin();

  bool has(const std::string& channel) const;
  // Keeps a letter and sends it when its turn has come. One for no channel of ours is
  // ignored. When the store cannot be written (that may be what the letter says), it is
  // kept in memory alone.
  void put(Letter letter);

  // Sends what is due. Called through the inbox; tests call it.
  void look();
  // A delivery is on its way.
  bool sending() const;

  // For a command that does one pass: serves the inbox until every letter was tried
  // once, or until `deadline`.
  void drain(Instant deadline);

  // Any thread.
  std::vector<ChannelStatus> channels() const;
  std::string prometheus() const;

 private:
  struct Desk;
  void look(Desk& desk);
  void send(Desk& desk, Letter letter);
  void answered(Desk& desk, const Letter& letter, const Judgement& judgement,
                std::optional<std::chrono::seconds> asked);
  void give_up(Desk& desk, std::int64_t id, const std::string& why);
  void forget(Desk& desk, std::int64_t id);
  void wake(Desk& desk, Instant when);
  void told(Desk& desk, const Judgement& judgement);
  void show();
  void say(EventKind kind, const std::string& text);
  Desk* desk_of(const std::string& channel) const;

  Deps deps_;
  const std::function<void()> changed_;
  std::vector<std::unique_ptr<Desk>> desks_;
  std::int64_t last_in_memory_ = 0;  // ids of letters the store does not have; they fall
  std::mt19937 jitter_{std::random_device{}()};
  mutable std::mutex mutex_;
  std::vector<ChannelStatus> shown_;
  std::shared_ptr<Outbox*> self_ = std::make_shared<Outbox*>(this);  // gone when it is
};

}  // namespace maand
