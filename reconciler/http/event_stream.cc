#include "reconciler/http/event_stream.h"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "reconciler/http/reply_stream.h"

namespace maand {
namespace {

constexpr std::size_t kEventsAtOnce = 64;

class EventStream : public ReplyStream {
 public:
  EventStream(const EventFeed& feed, std::uint64_t after, bool lost)
      : feed_(feed), after_(after), lost_(lost) {}

  std::string take(std::size_t most) override {
    std::string out;
    while (out.size() < most) {
      // Who fell behind what is kept has lost some; nobody can say which.
      if (lost_ || after_ + 1 < feed_.oldest()) reset(out);
      const auto events = feed_.after(after_, kEventsAtOnce);
      if (events.empty()) break;
      for (const auto& event : events) {
        out += "id: " + id(event->number) + "\nevent: " + event->kind + "\ndata: " + event->json + "\n\n";
        after_ = event->number;
      }
    }
    return out;
  }
  std::string heartbeat() const override { return ": still here\n\n"; }

 private:
  std::string id(std::uint64_t number) const { return feed_.start() + "-" + std::to_string(number); }
  void reset(std::string& out) {
    after_ = feed_.newest();
    lost_ = false;
    out += "id: " + id(after_) + "\nevent: reset\ndata: {}\n\n";
  }

  const EventFeed& feed_;
  std::uint64_t after_;
  bool lost_;
};

// Where to begin.
struct Beginning {
  std::uint64_t after = 0;
  bool lost = false;
};

// nullopt: no id.
std::optional<Beginning> beginning(const EventFeed& feed, const std::string& id) {
  const std::uint64_t oldest = feed.oldest();
  if (id == "0") return Beginning{oldest - 1};
  const std::size_t dash = id.find('-');
  std::uint64_t number = 0;
  if (dash == std::string::npos) return std::nullopt;
  const char* end = id.data() + id.size();
  const auto read = std::from_chars(id.data() + dash + 1, end, number);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  const bool lost =
      std::string_view(id).substr(0, dash) != feed.start() || number + 1 < oldest || number > feed.newest();
  return Beginning{lost ? 0 : number, lost};
}

}  // namespace

HttpReply event_reply(const EventFeed& feed, const HttpRequest& request) {
  // A browser that reconnects repeats the URL and says in the header how far it came.
  std::string id = request.header("last-event-id");
  if (const auto it = request.query.find("after"); id.empty() && it != request.query.end()) id = it->second;
  const std::optional<Beginning> from = id.empty() ? Beginning{feed.newest()} : beginning(feed, id);
  if (!from)
    return json_error(400, "that is no id of an event; it looks like " + feed.start() + "-1, or is 0");
  auto stream = std::make_shared<EventStream>(feed, from->after, from->lost);
  HttpReply reply;
  reply.content_type = "text/event-stream; charset=utf-8";
  const auto wait = request.query.find("wait");
  if (wait != request.query.end() && wait->second == "no") {
    reply.body = stream->take(SIZE_MAX);
    return reply;
  }
  reply.headers.emplace_back("X-Accel-Buffering", "no");  // nginx would keep events back
  reply.body = "retry: 2000\n\n";
  reply.stream = std::move(stream);
  return reply;
}

std::function<HttpReply(const HttpRequest&)> with_events(
    const EventFeed& feed, std::function<HttpReply(const HttpRequest&)> handler) {
  return [&feed, handler = std::move(handler)](const HttpRequest& request) {
    const bool asked = request.path == "/api/v1/events" && request.method == "GET";
    return asked ? event_reply(feed, request) : handler(request);
  };
}

}  // namespace maand
