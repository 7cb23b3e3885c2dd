// The epoll loop of one listener: every connection lives in it, and none of them
// has a thread. A slow client costs a file descriptor and a bounded buffer; only
// a request that is whole reaches the pool, and what it is answered is written
// from the loop again.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "reconciler/http/crowd.h"
#include "reconciler/http/exchange.h"
#include "reconciler/http/socket_address.h"
#include "reconciler/http/tls.h"
#include "reconciler/http/work_pool.h"

namespace maand {

class Intake {
 public:
  // Answers one whole request. Called on pool threads, several at once; never throws.
  using Serve = std::function<Answer(const RequestHead&)>;

  // Accepts from now on. `tls`: null for plain HTTP. Throws ListenError.
  Intake(ListeningSocket socket, const HttpLimits& limits, std::shared_ptr<const TlsContext> tls,
         Serve serve);
  ~Intake();  // stop()
  Intake(const Intake&) = delete;
  Intake& operator=(const Intake&) = delete;

  // Of connections from now on; only where there was one before. Any thread.
  void use(std::shared_ptr<const TlsContext> tls);
  // Streams may have news. Any thread; never blocks.
  void wake_streams();
  // Breaks every connection, waits for handlers that run. May be called again.
  void stop();

  const ListeningSocket& socket() const { return socket_; }

 private:
  using Id = std::uint64_t;
  using Time = Exchange::Time;
  struct Guest {
    std::unique_ptr<Exchange> exchange;
    Time due{};  // as in timers_
    std::uint32_t events = 0;
    std::size_t bytes = 0;
  };

  void run();
  void wake() const;
  std::shared_ptr<const TlsContext> tls() const;
  void accept_some(Time now);
  void admit(int fd, Time now);
  bool make_room(const std::string& source);
  void displace(Id id);
  void on_event(Id id, std::uint32_t events, Time now);
  template <class Way>
  void go_on(Id id, Guest& guest, Time now, const Way& way);
  void hand_over(Id id, Guest& guest, Time now);
  void settle(Id id, Guest& guest);
  void take_answers(Time now);
  void answer(Id id, Answer answer, Time now);
  void pull(Id id, Guest& guest, Time now);
  void pull_streams(Time now);
  void look_at_clock(Time now);
  int milliseconds_to_wait(Time now) const;
  void end(Id id);

  ListeningSocket socket_;
  const HttpLimits limits_;
  mutable std::mutex tls_mutex_;
  std::shared_ptr<const TlsContext> tls_;
  const Serve serve_;
  int epoll_ = -1;
  int wake_ = -1;  // eventfd

  std::atomic<bool> stopping_{false};
  std::atomic<bool> news_{false};
  std::mutex answers_mutex_;
  std::vector<std::pair<Id, Answer>> answers_;

  // The loop's own.
  HeadReader heads_;
  Crowd crowd_;
  std::map<Id, Guest> guests_;
  std::set<std::pair<Time, Id>> timers_;
  std::set<Id> streams_;
  std::size_t bytes_ = 0;
  Id next_id_;
  bool accepting_ = true;
  Time accept_again_{};

  WorkPool pool_;  // its threads post answers: gone before what they post to
  std::thread loop_;
};

}  // namespace maand
