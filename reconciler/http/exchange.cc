#include "reconciler/http/exchange.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "reconciler/http/answer_text.h"

namespace maand {
namespace {

using Result = Connection::Result;

constexpr std::size_t kReadAtOnceBytes = 64 * 1024;  // then the others have their turn
constexpr std::size_t kStreamBytes = 64 * 1024;      // of a stream that wait for the client
constexpr std::size_t kStreamTalkBytes = 64 * 1024;  // a client that listens has nothing to say
// Closing with unread bytes resets the connection, and the client would lose the
// answer that tells it why; so they are taken for a moment.
constexpr std::size_t kFarewellBytes = 1024 * 1024;
constexpr std::chrono::milliseconds kFarewell{500};

}  // namespace

Exchange::Exchange(int fd, const TlsContext* tls, const HttpLimits& limits, Time now)
    : limits_(limits),
      connection_(fd, tls),
      peer_(peer_of(fd)),
      due_(now + limits.listener.deadline),
      frame_(limits.max_header_bytes) {}

// A client that leaves a stream shows as the end of what it sends.
bool Exchange::wants_read() const {
  return streaming() || (state_ != State::kServing && wants_ == Result::kWantRead);
}

bool Exchange::wants_write() const { return state_ != State::kServing && wants_ == Result::kWantWrite; }

std::size_t Exchange::buffered_bytes() const {
  return frame_.buffered_bytes() + served_bytes_ + out_.capacity();
}

Exchange::Step Exchange::keep(Result result) {
  wants_ = result;
  return result == Result::kClosed ? Step::kEnd : Step::kWait;
}

Exchange::Step Exchange::advance(HeadReader& heads, Time now) {
  if (state_ == State::kGreeting) {
    const Result result = connection_.handshake();
    if (result != Result::kDone) return keep(result);
    state_ = State::kReading;
  }
  switch (state_) {
    case State::kReading:
      return read_request(heads, now);
    case State::kServing:
      return Step::kEnd;  // the client is gone; nothing else is waited for
    case State::kWriting:
      return write_on(now);
    case State::kStreaming: {
      std::string talk;
      if (connection_.read(talk, kStreamTalkBytes) == Result::kClosed) return Step::kEnd;
      discard_left_ -= std::min(discard_left_, talk.size());
      return discard_left_ == 0 ? Step::kEnd : pull(now);
    }
    default:
      return keep(connection_.discard(discard_left_));
  }
}

Exchange::Step Exchange::read_request(HeadReader& heads, Time now) {
  for (std::size_t taken = 0; taken < kReadAtOnceBytes || connection_.holds_unread();) {
    std::string bytes;
    const Result result = connection_.read(bytes, std::min(frame_.room(), kReadAtOnceBytes));
    taken += bytes.size();
    frame_.add(bytes);
    if (frame_.state() == RequestFrame::State::kJudge) {
      if (const Step step = judge(heads, now); state_ != State::kReading) return step;
    }
    switch (frame_.state()) {
      case RequestFrame::State::kWhole:
        state_ = State::kServing;
        return Step::kServe;
      case RequestFrame::State::kHeadTooLarge:
        return refuse(json_error(431, "the headers are larger than " +
                                          std::to_string(limits_.max_header_bytes) + " bytes"),
                      now);
      case RequestFrame::State::kNoHttp:
        return refuse(json_error(400, "this is no HTTP request; is it TLS to a port that speaks none?"), now);
      default:
        break;
    }
    if (result != Result::kDone) return keep(result);
  }
  wants_ = Result::kWantRead;
  return Step::kWait;
}

Exchange::Step Exchange::judge(HeadReader& heads, Time now) {
  head_ = heads.read(frame_.head(), peer_);
  if (head_.refused) return refuse(*head_.refused, now);
  frame_.expect(head_.body_bytes);
  return Step::kWait;
}

Exchange::Step Exchange::refuse(const HttpReply& reply, Time now) {
  return answer({answer_text(reply, head_.answer_without_body), nullptr}, now);
}

RequestHead Exchange::take_request() {
  head_.request.body = frame_.take_body();
  served_bytes_ = head_.request.body.size() + limits_.max_header_bytes;
  return std::exchange(head_, {});
}

Exchange::Step Exchange::answer(Answer answer, Time now) {
  (void)std::exchange(frame_, RequestFrame(0));  // assigning would keep its memory
  served_bytes_ = 0;
  out_ = std::move(answer.bytes);
  sent_ = 0;
  stream_ = std::move(answer.stream);
  discard_left_ = stream_ ? kStreamTalkBytes : kFarewellBytes;
  state_ = stream_ ? State::kStreaming : State::kWriting;
  due_ = now + limits_.listener.deadline;
  last_sent_ = now;
  if (stream_ && !peer_.over_unix_socket) {
    // What the kernel takes from us it may keep for a dead client for a quarter of an hour.
    const auto patience = static_cast<unsigned>(
        std::chrono::duration_cast<std::chrono::milliseconds>(ReplyStream::kPatience).count());
    ::setsockopt(connection_.fd(), IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof patience);
  }
  return stream_ ? pull(now) : write_on(now);
}

Exchange::Step Exchange::write_on(Time now) {
  std::string_view rest = std::string_view(out_).substr(sent_);
  const Result result = connection_.write(rest);
  sent_ = out_.size() - rest.size();
  return result == Result::kDone ? leave(now) : keep(result);
}

Exchange::Step Exchange::leave(Time now) {
  std::string().swap(out_);
  sent_ = 0;
  connection_.finish();
  state_ = State::kLeaving;
  due_ = std::min(due_, now + kFarewell);
  return keep(connection_.discard(discard_left_) == Result::kWantRead ? Result::kWantRead : Result::kClosed);
}

Exchange::Step Exchange::pull(Time now) {
  for (;;) {
    if (sent_ == out_.size()) {
      out_ = stream_->take(kStreamBytes);
      sent_ = 0;
      if (stream_->over()) return Step::kEnd;
      if (out_.empty() && now - last_sent_ >= ReplyStream::kHeartbeat) out_ = stream_->heartbeat();
      if (out_.empty()) {
        due_ = last_sent_ + ReplyStream::kHeartbeat;
        return keep(Result::kWantRead);
      }
    }
    std::string_view rest = std::string_view(out_).substr(sent_);
    const std::size_t before = rest.size();
    const Result result = connection_.write(rest);
    sent_ = out_.size() - rest.size();
    if (rest.size() < before) last_sent_ = now;
    if (result == Result::kDone) continue;
    if (now - last_sent_ >= ReplyStream::kPatience) return Step::kEnd;
    due_ = last_sent_ + ReplyStream::kPatience;
    return keep(result);
  }
}

}  // namespace maand
