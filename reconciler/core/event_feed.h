// The seam between what happens and whoever follows it live: the newest events of
// one start of the daemon, numbered. `reconciler/app` implements it (event_ring),
// `reconciler/http` sends it (event_stream).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace maand {

struct FedEvent {
  std::uint64_t number = 0;  // 1, 2, … in this start of the daemon
  std::string kind;          // `operation_ended`, … (events.h)
  std::string json;          // one line; only the members that are set
};

// Thread-safe.
class EventFeed {
 public:
  virtual ~EventFeed() = default;

  // Names this start: letters and digits. Numbers of another start mean nothing here.
  virtual const std::string& start() const = 0;
  virtual std::uint64_t newest() const = 0;  // 0: nothing has happened
  virtual std::uint64_t oldest() const = 0;  // that is kept; newest() + 1: none is
  // Those kept with a higher number, oldest first, at most `most`.
  virtual std::vector<std::shared_ptr<const FedEvent>> after(std::uint64_t number,
                                                             std::size_t most) const = 0;

  // `wake` is called behind every event, by whoever told it: it must neither block
  // nor call back. Until forget() returned.
  virtual int on_news(std::function<void()> wake) = 0;
  virtual void forget(int listener) = 0;
};

}  // namespace maand
