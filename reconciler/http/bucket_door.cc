#include "reconciler/http/bucket_door.h"

#include <mutex>
#include <utility>

#include "reconciler/http/reply_stream.h"

namespace maand {
namespace {

HttpReply shut_reply() { return json_error(503, "this bucket is just being started or stopped; try again"); }

}  // namespace

// Reads from the bucket for as long as its door is open.
class BucketDoor::Stream : public ReplyStream {
 public:
  Stream(std::shared_ptr<BucketDoor> door, std::shared_ptr<ReplyStream> stream)
      : door_(std::move(door)), stream_(std::move(stream)) {}

  std::string take(std::size_t most) override {
    return door_->inside(std::string(), [&] { return stream_->take(most); });
  }
  std::string heartbeat() const override {
    return door_->inside(std::string(), [&] { return stream_->heartbeat(); });
  }
  bool over() const override {
    return door_->inside(true, [&] { return stream_->over(); });
  }

 private:
  const std::shared_ptr<BucketDoor> door_;
  const std::shared_ptr<ReplyStream> stream_;
};

std::shared_ptr<BucketDoor> BucketDoor::open(BucketRooms rooms) {
  return std::shared_ptr<BucketDoor>(new BucketDoor(std::move(rooms)));
}

template <class Out, class Function>
Out BucketDoor::inside(Out otherwise, const Function& function) const {
  // Asked before the lock, so that a crowd of readers never keeps shut() waiting.
  if (shutting_) return otherwise;
  const std::shared_lock lock(inside_);
  return open_ ? Out(function()) : std::move(otherwise);
}

HttpReply BucketDoor::api(const HttpRequest& request) {
  return inside(shut_reply(), [&] {
    HttpReply reply = rooms_.api(request);
    if (reply.stream) reply.stream = std::make_shared<Stream>(shared_from_this(), std::move(reply.stream));
    return reply;
  });
}

HttpReply BucketDoor::health(const HttpRequest& request) const {
  return inside(shut_reply(), [&] { return rooms_.health(request); });
}

std::optional<HttpReply> BucketDoor::before_webhook(const HttpRequest& request) const {
  return inside(std::optional(shut_reply()), [&] { return rooms_.before_webhook(request); });
}

HttpReply BucketDoor::webhook(const HttpRequest& request) const {
  return inside(shut_reply(), [&] { return rooms_.webhook(request); });
}

bool BucketDoor::knows(const HttpRequest& request) const {
  return inside(false, [&] { return rooms_.knows(request); });
}

std::optional<HealthState> BucketDoor::state() const {
  return inside(std::optional<HealthState>(), [&] { return rooms_.state(); });
}

std::string BucketDoor::metrics() const {
  return inside(std::string(), [&] { return rooms_.metrics(); });
}

void BucketDoor::shut() {
  shutting_ = true;
  const std::unique_lock lock(inside_);
  open_ = false;
  rooms_ = {};
}

}  // namespace maand
