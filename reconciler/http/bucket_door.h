// The way into one bucket from listeners that it shares with others, shut before what is behind it
// is taken down.
//
// A listener outlives the buckets behind it: a request, or a stream of events, may be in a bucket
// just as that leaves. Whoever is inside keeps shut() waiting; a stream is told that it is over.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>

#include "reconciler/core/control.h"
#include "reconciler/http/message.h"

namespace maand {

// What is behind the door. Paths come without the bucket's prefix. Called on any thread, several at once.
struct BucketRooms {
  std::function<HttpReply(const HttpRequest&)> api;                            // with its own tokens
  std::function<HttpReply(const HttpRequest&)> health;                         // /healthz, /readyz, /metrics
  std::function<std::optional<HttpReply>(const HttpRequest&)> before_webhook;  // waits for nothing
  std::function<HttpReply(const HttpRequest&)> webhook;
  std::function<bool(const HttpRequest&)> knows;  // it comes with a token that is good here
  std::function<HealthState()> state;
  std::function<std::string()> metrics;  // Prometheus text
};

class BucketDoor : public std::enable_shared_from_this<BucketDoor> {
 public:
  static std::shared_ptr<BucketDoor> open(BucketRooms rooms);

  // 503 once it is shut.
  HttpReply api(const HttpRequest& request);
  HttpReply health(const HttpRequest& request) const;
  std::optional<HttpReply> before_webhook(const HttpRequest& request) const;
  HttpReply webhook(const HttpRequest& request) const;
  bool knows(const HttpRequest& request) const;  // false once it is shut
  std::optional<HealthState> state() const;      // nullopt once it is shut
  std::string metrics() const;                   // "" once it is shut

  // Waits for whoever is inside; nobody gets in afterwards.
  void shut();

 private:
  class Stream;
  explicit BucketDoor(BucketRooms rooms) : rooms_(std::move(rooms)) {}
  template <class Out, class Function>
  Out inside(Out otherwise, const Function& function) const;

  std::atomic<bool> shutting_{false};
  mutable std::shared_mutex inside_;
  bool open_ = true;  // guarded by inside_
  BucketRooms rooms_;
};

}  // namespace maand
