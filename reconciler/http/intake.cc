#include "reconciler/http/intake.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>

#include "reconciler/http/answer_text.h"

namespace maand {
namespace {

constexpr std::uint64_t kListener = 0;
constexpr std::uint64_t kWake = 1;
constexpr std::uint64_t kFirstGuest = 2;
constexpr int kAcceptsAtOnce = 64;  // then those who are here have their turn
constexpr std::chrono::milliseconds kWithoutAccepting{100};

std::size_t positive(int limit) { return static_cast<std::size_t>(std::max(limit, 1)); }

HttpReply busy(const std::string& why) {
  HttpReply out = json_error(503, why);
  out.headers.emplace_back("Retry-After", "1");
  return out;
}

// OpenSSL writes to a socket as to any file. The signal stays pending on this thread, unseen.
void block_sigpipe() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace

Intake::Intake(ListeningSocket socket, const HttpLimits& limits, std::shared_ptr<const TlsContext> tls,
               Serve serve)
    : socket_(std::move(socket)),
      limits_(limits),
      tls_(std::move(tls)),
      serve_(std::move(serve)),
      heads_(limits),
      crowd_(positive(limits.listener.connections), positive(limits.listener.per_source)),
      next_id_(kFirstGuest),
      pool_(limits.listener.threads, limits.listener.queued) {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event listener{EPOLLIN, {.u64 = kListener}};
  epoll_event woken{EPOLLIN, {.u64 = kWake}};
  if (epoll_ < 0 || wake_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket_.fd(), &listener) != 0 ||
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &woken) != 0) {
    if (epoll_ >= 0) ::close(epoll_);
    if (wake_ >= 0) ::close(wake_);
    throw ListenError("cannot wait for connections; are there too many open files?");
  }
  try {
    loop_ = std::thread([this] { run(); });
  } catch (...) {
    ::close(epoll_);
    ::close(wake_);
    throw;
  }
}

std::shared_ptr<const TlsContext> Intake::tls() const {
  const std::lock_guard lock(tls_mutex_);
  return tls_;
}

void Intake::use(std::shared_ptr<const TlsContext> tls) {
  const std::lock_guard lock(tls_mutex_);
  if (tls_ && tls) tls_ = std::move(tls);
}

Intake::~Intake() {
  stop();
  ::close(epoll_);
  ::close(wake_);
}

void Intake::stop() {
  stopping_ = true;
  wake();
  if (loop_.joinable()) loop_.join();
  pool_.stop();
  socket_.close();
}

void Intake::wake() const {
  const std::uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof one);
}

void Intake::wake_streams() {
  if (!news_.exchange(true)) wake();
}

void Intake::run() {
  block_sigpipe();
  std::array<epoll_event, 256> events{};
  while (!stopping_) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                   milliseconds_to_wait(std::chrono::steady_clock::now()));
    const Time now = std::chrono::steady_clock::now();
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.u64 == kListener) {
        accept_some(now);
      } else if (event.data.u64 == kWake) {
        std::uint64_t ignored = 0;
        (void)!::read(wake_, &ignored, sizeof ignored);
      } else {
        on_event(event.data.u64, event.events, now);
      }
    }
    take_answers(now);
    if (news_.exchange(false)) pull_streams(now);
    look_at_clock(now);
  }
  guests_.clear();
}

int Intake::milliseconds_to_wait(Time now) const {
  Time next = timers_.empty() ? Time::max() : timers_.begin()->first;
  if (!accepting_) next = std::min(next, accept_again_);
  if (next == Time::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

void Intake::accept_some(Time now) {
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    const int fd = ::accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      admit(fd, now);
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) continue;
    // No descriptor: whoever drips gives one up. Else the connection stays in the
    // backlog, and epoll would say so at once.
    if (const auto oldest = crowd_.oldest()) {
      displace(*oldest);
      continue;
    }
    epoll_event none{0, {.u64 = kListener}};
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, socket_.fd(), &none);
    accepting_ = false;
    accept_again_ = now + kWithoutAccepting;
    return;
  }
}

void Intake::admit(int fd, Time now) {
  const Id id = next_id_++;
  const std::shared_ptr<const TlsContext> tls = this->tls();
  auto exchange = std::make_unique<Exchange>(fd, tls.get(), limits_, now);
  const std::string source = source_of(exchange->peer().address);
  epoll_event event{EPOLLIN, {.u64 = id}};
  if (!make_room(source)) {
    if (tls) return;  // it has no ears yet
    std::string answer = answer_text(busy("all connections are taken; try again"));
    (void)!::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
    return;
  }
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) return;
  crowd_.enter(id, source);
  Guest& guest = guests_[id];
  guest.exchange = std::move(exchange);
  guest.events = EPOLLIN;
  settle(id, guest);
}

bool Intake::make_room(const std::string& source) {
  if (const auto id = crowd_.must_go_for(source)) displace(*id);
  return !crowd_.full();
}

// Told nothing: it has not asked anything yet, or does not take its answer.
void Intake::displace(Id id) { end(id); }

void Intake::on_event(Id id, std::uint32_t events, Time now) {
  const auto it = guests_.find(id);
  if (it == guests_.end()) return;  // ended by an earlier event of this round
  Guest& guest = it->second;
  // While a handler works only the end of the connection is told.
  if (guest.exchange->serving() && (events & (EPOLLERR | EPOLLHUP)) == 0) return;
  go_on(id, guest, now, [&] { return guest.exchange->advance(heads_, now); });
}

template <class Way>
void Intake::go_on(Id id, Guest& guest, Time now, const Way& way) {
  Exchange::Step step = Exchange::Step::kEnd;
  try {
    step = way();
  } catch (const std::exception&) {
    // No memory, most likely: that one ends, the others go on.
  }
  if (step == Exchange::Step::kEnd) return end(id);
  if (step == Exchange::Step::kServe) return hand_over(id, guest, now);
  settle(id, guest);
}

void Intake::hand_over(Id id, Guest& guest, Time now) {
  crowd_.busy(id);
  const auto request = std::make_shared<const RequestHead>(guest.exchange->take_request());
  const bool posted = pool_.post([this, id, request] {
    Answer made = serve_(*request);
    {
      const std::lock_guard lock(answers_mutex_);
      answers_.emplace_back(id, std::move(made));
    }
    wake();
  });
  if (!posted) return answer(id, {answer_text(busy("too many requests at once; try again")), nullptr}, now);
  settle(id, guest);
}

void Intake::take_answers(Time now) {
  std::vector<std::pair<Id, Answer>> made;
  {
    const std::lock_guard lock(answers_mutex_);
    made.swap(answers_);
  }
  for (auto& [id, one] : made) answer(id, std::move(one), now);
}

void Intake::answer(Id id, Answer answer, Time now) {
  const auto it = guests_.find(id);
  if (it == guests_.end()) return;  // gone while it was made
  if (answer.stream && streams_.size() >= positive(limits_.listener.streams)) {
    answer = {answer_text(busy("too many listen already; try again later")), nullptr};
  }
  if (answer.stream) {
    // From here on it is one of the streams, which have a cap of their own.
    streams_.insert(id);
    crowd_.leave(id);
  } else {
    // Who asked something whole begins anew: it is displaced after those that drip.
    crowd_.waiting(id);
  }
  Guest& guest = it->second;
  go_on(id, guest, now, [&] { return guest.exchange->answer(std::move(answer), now); });
}

void Intake::pull(Id id, Guest& guest, Time now) {
  go_on(id, guest, now, [&] { return guest.exchange->pull(now); });
}

void Intake::pull_streams(Time now) {
  const std::vector<Id> all(streams_.begin(), streams_.end());
  for (const Id id : all) {
    const auto it = guests_.find(id);
    if (it != guests_.end()) pull(id, it->second, now);
  }
}

void Intake::look_at_clock(Time now) {
  if (!accepting_ && now >= accept_again_) {
    epoll_event event{EPOLLIN, {.u64 = kListener}};
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, socket_.fd(), &event);
    accepting_ = true;
  }
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const Id id = timers_.begin()->second;
    Guest& guest = guests_.at(id);
    if (guest.exchange->streaming()) {
      pull(id, guest, now);
    } else {
      end(id);
    }
  }
}

// Brings what the loop keeps of a guest up to date.
void Intake::settle(Id id, Guest& guest) {
  const Exchange& exchange = *guest.exchange;
  const std::uint32_t events =
      (exchange.wants_read() ? EPOLLIN : 0u) | (exchange.wants_write() ? EPOLLOUT : 0u);
  if (events != guest.events) {
    epoll_event event{events, {.u64 = id}};
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, exchange.connection().fd(), &event);
    guest.events = events;
  }
  if (exchange.due() != guest.due) {
    timers_.erase({guest.due, id});
    guest.due = exchange.due();
    timers_.emplace(guest.due, id);
  }
  bytes_ = bytes_ - guest.bytes + exchange.buffered_bytes();
  guest.bytes = exchange.buffered_bytes();
  while (bytes_ > limits_.listener.buffered_bytes) {
    const auto oldest = crowd_.oldest();
    if (!oldest) break;
    displace(*oldest);  // perhaps `guest` itself, which is not touched any more
  }
}

void Intake::end(Id id) {
  const auto it = guests_.find(id);
  if (it == guests_.end()) return;
  timers_.erase({it->second.due, id});
  bytes_ -= it->second.bytes;
  crowd_.leave(id);
  streams_.erase(id);
  guests_.erase(it);  // closes, which takes it out of epoll
}

}  // namespace maand
