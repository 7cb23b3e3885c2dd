#include "reconciler/app/outbox.h"

#include <algorithm>
#include <map>
#include <utility>

#include "reconciler/app/lane_thread.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::chrono::hours kGivenWayFor{1};

std::string letters(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " letter" : " letters");
}

}  // namespace

struct Outbox::Desk {
  std::shared_ptr<const Channel> channel;
  ChannelStatus status;
  std::vector<Letter> waiting;  // by when they came
  std::optional<std::int64_t> sending;
  Instant not_before{};                   // while nobody answers
  int failures = 0;                       // Verdict::kLater in a row
  std::optional<Instant> armed;           // the earliest wake-up on its way
  std::optional<Verdict> problem_kind;    // that was told
  std::map<std::int64_t, Instant> aside;  // letters that gave way to those behind them
  std::map<std::int64_t, int> silences;   // tries of a letter that nobody answered
  std::unique_ptr<LaneThread> lane;       // last: ends before what it works for
};

Outbox::Outbox(Deps deps, Channels channels, std::function<void()> changed)
    : deps_(deps), changed_(std::move(changed)) {
  for (auto& channel : channels) {
    auto desk = std::make_unique<Desk>();
    desk->status.name = channel->name();
    desk->channel = std::move(channel);
    desk->lane = std::make_unique<LaneThread>(deps_.inbox);
    desks_.push_back(std::move(desk));
  }
  show();
}

Outbox::~Outbox() = default;

Outbox::Desk* Outbox::desk_of(const std::string& channel) const {
  const auto desk = std::find_if(desks_.begin(), desks_.end(),
                                 [&](const auto& candidate) { return candidate->status.name == channel; });
  return desk == desks_.end() ? nullptr : desk->get();
}

bool Outbox::has(const std::string& channel) const { return desk_of(channel) != nullptr; }

void Outbox::begin() {
  try {
    std::map<std::string, std::size_t> ownerless;
    for (Letter& letter : deps_.store.pending_letters()) {
      if (Desk* desk = desk_of(letter.channel)) {
        desk->waiting.push_back(std::move(letter));
      } else {
        deps_.store.drop_letter(letter.id);
        ++ownerless[letter.channel];
      }
    }
    for (const auto& [channel, count] : ownerless) {
      say(EventKind::kNotice,
          letters(count) + " for " + quote(channel) + " dropped: it is not configured any more");
    }
  } catch (const StoreError& error) {
    say(EventKind::kNotice, std::string("letters that wait in the store could not be read: ") + error.what());
  }
  look();
}

void Outbox::look() {
  for (const auto& desk : desks_) look(*desk);
  show();
}

bool Outbox::sending() const {
  return std::any_of(desks_.begin(), desks_.end(),
                     [](const auto& desk) { return desk->sending.has_value(); });
}

void Outbox::put(Letter letter) {
  Desk* desk = desk_of(letter.channel);
  if (!desk) return;
  try {
    letter.id = deps_.store.put_letter(letter);
  } catch (const StoreError&) {
    letter.id = --last_in_memory_;
  }
  std::erase_if(desk->waiting, [&](const Letter& older) {
    return older.subject == letter.subject && older.id != desk->sending;
  });
  desk->waiting.push_back(std::move(letter));
  if (desk->waiting.size() > kMostWaiting) {
    const auto oldest = std::find_if(desk->waiting.begin(), desk->waiting.end(),
                                     [&](const Letter& candidate) { return candidate.id != desk->sending; });
    give_up(*desk, oldest->id, "more than " + std::to_string(kMostWaiting) + " wait");
  }
  look(*desk);
  show();
}

// The next letter whose time has come goes on its way, unless one is.
void Outbox::look(Desk& desk) {
  if (desk.sending) return;
  const WallTime wall = deps_.clock.wall();
  const Instant now = deps_.clock.now();
  while (!desk.waiting.empty() && wall - desk.waiting.front().created_at > kLongestWait) {
    give_up(desk, desk.waiting.front().id, "nobody took it for a week");
  }
  if (desk.waiting.empty()) return;
  if (now < desk.not_before) return wake(desk, desk.not_before);
  std::optional<Instant> next;
  for (const Letter& letter : desk.waiting) {
    // Bounded, whatever a clock that was set has done.
    Instant due =
        now + std::clamp<WallTime::duration>(letter.not_before - wall, WallTime::duration(0), kGivenWayFor);
    if (const auto aside = desk.aside.find(letter.id); aside != desk.aside.end())
      due = std::max(due, aside->second);
    if (due <= now) return send(desk, letter);
    next = std::min(next.value_or(due), due);
  }
  if (next) wake(desk, *next);
}

void Outbox::wake(Desk& desk, Instant when) {
  if (desk.armed && *desk.armed <= when) return;
  desk.armed = when;
  const std::weak_ptr<Outbox*> self = self_;
  deps_.inbox.post_at(when, [this, self, &desk, when] {
    if (self.expired()) return;
    if (desk.armed == when) desk.armed.reset();  // an older one may still be on its way
    look(desk);
    show();
  });
}

void Outbox::send(Desk& desk, Letter letter) {
  desk.sending = letter.id;
  const auto answer = std::make_shared<Delivery>();
  const std::weak_ptr<Outbox*> self = self_;
  const WallTime wall = deps_.clock.wall();
  desk.lane->start(
      [channel = desk.channel, &courier = deps_.courier, letter, wall, answer] {
        *answer = channel->deliver(letter, wall, [&courier](const Parcel& parcel) {
          return std::visit([&](const auto& what) { return courier.send(what); }, parcel);
        });
      },
      [this, self, &desk, letter, answer](const std::exception_ptr& error) {
        if (self.expired()) return;
        desk.sending.reset();
        if (answer->unreadable || error) {
          give_up(desk, letter.id, "nothing can be made of it");
        } else {
          answered(desk, letter, answer->judgement, answer->asked);
        }
        look(desk);
        show();
      });
}

void Outbox::answered(Desk& desk, const Letter& letter, const Judgement& judgement,
                      std::optional<std::chrono::seconds> asked) {
  const double jitter = std::uniform_real_distribution<double>(0.0, 1.0)(jitter_);
  told(desk, judgement);
  const bool replaced = std::any_of(desk.waiting.begin(), desk.waiting.end(), [&](const Letter& other) {
    return other.subject == letter.subject && other.id != letter.id;
  });
  switch (judgement.verdict) {
    case Verdict::kDelivered:
      ++desk.status.delivered;
      desk.failures = 0;
      return forget(desk, letter.id);
    case Verdict::kLater: {
      ++desk.status.later;
      desk.not_before = deps_.clock.now() + redelivery_delay(++desk.failures, asked, jitter);
      if (replaced) return forget(desk, letter.id);
      if (++desk.silences[letter.id] % kGivesWayAfter == 0)
        desk.aside[letter.id] = deps_.clock.now() + kGivenWayFor;
      return;
    }
    case Verdict::kRefused: {
      ++desk.status.refused;
      desk.failures = 0;
      if (replaced) return forget(desk, letter.id);
      Letter postponed = letter;
      ++postponed.refusals;
      if (postponed.refusals >= kMostRefusals) return give_up(desk, letter.id, judgement.problem);
      postponed.not_before = deps_.clock.wall() + redelivery_delay(postponed.refusals, asked, jitter);
      const auto known = std::find_if(desk.waiting.begin(), desk.waiting.end(),
                                      [&](const Letter& candidate) { return candidate.id == letter.id; });
      if (known != desk.waiting.end()) *known = postponed;
      try {
        if (letter.id > 0) deps_.store.postpone_letter(postponed);
      } catch (const StoreError&) {
        // Only the count of refusals is lost.
      }
      return;
    }
  }
}

// On a change of what a person has to do about it, not on each of its words.
void Outbox::told(Desk& desk, const Judgement& judgement) {
  const std::string name = desk.status.name;
  if (judgement.verdict == Verdict::kDelivered) {
    if (desk.problem_kind) say(EventKind::kOutboundRecovered, name + ": delivered again");
    desk.problem_kind.reset();
    desk.status.problem.clear();
    return;
  }
  if (desk.problem_kind != judgement.verdict) {
    const char* next = judgement.verdict == Verdict::kRefused ? "; it is refused, see docs/notifications.md"
                                                              : "; it is kept and tried again";
    say(EventKind::kOutboundProblem, name + ": " + judgement.problem + next);
  }
  if (!desk.problem_kind) desk.status.since = deps_.clock.wall();
  desk.problem_kind = judgement.verdict;
  desk.status.problem = judgement.problem;
}

void Outbox::give_up(Desk& desk, std::int64_t id, const std::string& why) {
  ++desk.status.dropped;
  say(EventKind::kOutboundProblem, desk.status.name + ": a letter was dropped: " + why);
  forget(desk, id);
}

void Outbox::forget(Desk& desk, std::int64_t id) {
  std::erase_if(desk.waiting, [&](const Letter& letter) { return letter.id == id; });
  desk.aside.erase(id);
  desk.silences.erase(id);
  try {
    if (id > 0) deps_.store.drop_letter(id);
  } catch (const StoreError&) {
    // Delivered once more after the next start: better than never.
  }
}

void Outbox::drain(Instant deadline) {
  const auto untried = [](const Desk& desk) {
    const bool fresh = std::any_of(desk.waiting.begin(), desk.waiting.end(), [&](const Letter& letter) {
      return letter.refusals == 0 && desk.silences.count(letter.id) == 0;
    });
    return desk.sending || (fresh && desk.failures == 0);
  };
  while (deps_.clock.now() < deadline &&
         std::any_of(desks_.begin(), desks_.end(), [&](const auto& desk) { return untried(*desk); })) {
    deps_.inbox.serve(std::min(deadline, deps_.clock.now() + std::chrono::seconds(1)));
  }
}

void Outbox::show() {
  {
    const std::lock_guard lock(mutex_);
    shown_.clear();
    for (const auto& desk : desks_) {
      shown_.push_back(desk->status);
      shown_.back().waiting = desk->waiting.size();
    }
  }
  if (changed_) changed_();
}

std::vector<ChannelStatus> Outbox::channels() const {
  const std::lock_guard lock(mutex_);
  return shown_;
}

// Names of channels are ours, so nothing needs escaping.
std::string Outbox::prometheus() const {
  const std::vector<ChannelStatus> all = channels();
  if (all.empty()) return "";
  const auto line = [](const std::string& name, const std::string& labels, std::uint64_t value) {
    return name + "{" + labels + "} " + std::to_string(value) + "\n";
  };
  std::string waiting =
      "# HELP maand_outbox_letters Letters that wait to be delivered, by channel.\n"
      "# TYPE maand_outbox_letters gauge\n";
  std::string broken =
      "# HELP maand_channel_broken Whether the last try of a channel failed.\n"
      "# TYPE maand_channel_broken gauge\n";
  std::string tries =
      "# HELP maand_deliveries_total Tries to deliver a letter that ended, by channel and verdict.\n"
      "# TYPE maand_deliveries_total counter\n";
  std::string dropped =
      "# HELP maand_letters_dropped_total Letters that were given up, by channel.\n"
      "# TYPE maand_letters_dropped_total counter\n";
  for (const ChannelStatus& channel : all) {
    const std::string label = "channel=\"" + channel.name + "\"";
    waiting += line("maand_outbox_letters", label, channel.waiting);
    broken += line("maand_channel_broken", label, channel.problem.empty() ? 0 : 1);
    const std::pair<Verdict, std::uint64_t> verdicts[] = {{Verdict::kDelivered, channel.delivered},
                                                          {Verdict::kRefused, channel.refused},
                                                          {Verdict::kLater, channel.later}};
    for (const auto& [verdict, count] : verdicts)
      tries += line("maand_deliveries_total", label + ",verdict=\"" + to_string(verdict) + "\"", count);
    dropped += line("maand_letters_dropped_total", label, channel.dropped);
  }
  return broken + tries + dropped + waiting;
}

void Outbox::say(EventKind kind, const std::string& text) {
  deps_.observer.on(Event{.kind = kind, .text = text});
}

}  // namespace maand
