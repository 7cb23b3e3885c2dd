// One connection on its way: greeting, request, answer, farewell. Knows no epoll
// and no thread; is told when its socket can go on. Loop thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "reconciler/http/connection.h"
#include "reconciler/http/peer.h"
#include "reconciler/http/reply_stream.h"
#include "reconciler/http/request_frame.h"
#include "reconciler/http/request_head.h"

namespace maand {

// What is sent: bytes, and behind them a stream where there is one.
struct Answer {
  std::string bytes;
  std::shared_ptr<ReplyStream> stream;
};

class Exchange {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class Step {
    kWait,   // for the socket, an answer, or news of the stream
    kServe,  // a request is whole: take_request(), then answer()
    kEnd,    // nothing more will come of it
  };

  Exchange(int fd, const TlsContext* tls, const HttpLimits& limits, Time now);

  // Goes on as far as the socket allows.
  Step advance(HeadReader& heads, Time now);
  RequestHead take_request();
  Step answer(Answer answer, Time now);
  // The stream may have news, or is due.
  Step pull(Time now);

  const Connection& connection() const { return connection_; }
  const Peer& peer() const { return peer_; }
  bool streaming() const { return state_ == State::kStreaming; }
  bool serving() const { return state_ == State::kServing; }
  bool wants_read() const;
  bool wants_write() const;
  // When it has to be looked at without news: pull() for a stream, the end for all others.
  Time due() const { return due_; }
  std::size_t buffered_bytes() const;

 private:
  enum class State { kGreeting, kReading, kServing, kWriting, kStreaming, kLeaving };

  Step read_request(HeadReader& heads, Time now);
  Step judge(HeadReader& heads, Time now);
  Step refuse(const HttpReply& reply, Time now);
  Step write_on(Time now);
  Step leave(Time now);
  Step keep(Connection::Result result);

  const HttpLimits& limits_;
  Connection connection_;
  const Peer peer_;
  State state_ = State::kGreeting;
  Connection::Result wants_ = Connection::Result::kWantRead;
  Time due_;

  RequestFrame frame_;
  RequestHead head_;
  std::size_t served_bytes_ = 0;  // of a request that a handler has

  std::string out_;
  std::size_t sent_ = 0;
  std::shared_ptr<ReplyStream> stream_;
  Time last_sent_{};  // streaming: when the socket last took something
  std::size_t discard_left_ = 0;
};

}  // namespace maand
