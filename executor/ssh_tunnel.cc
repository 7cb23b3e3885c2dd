// SshSession::tunnel and channel_to: a wire inside a session, with a jump host (it
// then owns that session) or to a port of a worker (it borrows it). Everything
// happens on the thread of whoever uses the wire.
#include <algorithm>
#include <cerrno>

#include "executor/ssh_session_impl.h"

namespace maand {
namespace {

// A peer that does not confirm the end of a borrowed channel costs the session.
constexpr std::chrono::seconds kCloseWithin{2};

}  // namespace

class TunnelWire : public Wire {
 public:
  TunnelWire(SshSession& outer, std::unique_ptr<SshSession> owned, ChannelHandle channel)
      : outer_(&outer), owned_(std::move(owned)), channel_(std::move(channel)) {}
  ~TunnelWire() override {
    if (owned_ || !closed()) outer().abandon();  // now freeing the channel cannot wait
    channel_.reset();
  }

  void send(const char* bytes, std::size_t size) override {
    if (broken_ != 0) return;
    out_.append(bytes, size);
    flush();
  }

  ssize_t receive(char* bytes, std::size_t size) override {
    if (in_.empty()) fill();
    if (!in_.empty()) {
      const auto n = std::min(size, in_.size());
      std::copy_n(in_.begin(), n, bytes);
      in_.erase(0, n);
      return static_cast<ssize_t>(n);
    }
    if (broken_ != 0) return -broken_;
    return ended_ ? 0 : -EAGAIN;
  }

  std::size_t unsent() const override { return out_.size() + outer().wire->unsent(); }

  Waited wait(Deadline deadline) override {
    const auto before = unsent();
    flush();
    // Flushing takes packets in as well: the socket may be silent although
    // there is something to read.
    if (something() || unsent() < before) return Waited::kMoved;
    const auto waited = outer().wire->wait(deadline);
    if (waited == Waited::kMoved) flush();
    return waited;
  }

  void abandon() override {
    if (broken_ == 0) broken_ = ECONNABORTED;
    in_.clear();
    out_.clear();
    if (owned_) outer().abandon();
  }

  bool alive() override {
    something();
    return !ended() && outer().wire->alive();
  }

  bool ended() const override { return ended_ || broken_ != 0; }

  int fd() const override { return outer().wire->fd(); }

 private:
  SshSession::Impl& outer() const { return *outer_->impl_; }

  // Both sides have said that the channel is over, so the session is as it was.
  bool closed() {
    auto& my = outer();
    if (my.broken || broken_ == ECONNRESET) return false;
    try {
      const auto until = std::chrono::steady_clock::now() + kCloseWithin;
      return my.finish(until, "closing a channel", [&] { return libssh2_channel_close(channel_.get()); }) ==
             0;
    } catch (const SshError&) {
      return false;
    }
  }

  bool something() {
    if (in_.empty()) fill();
    return !in_.empty() || ended_ || broken_ != 0;
  }

  void fill() {
    if (broken_ != 0 || ended_) return;
    char buffer[32768];
    const auto n = libssh2_channel_read(channel_.get(), buffer, sizeof buffer);
    if (n > 0) {
      in_.assign(buffer, static_cast<std::size_t>(n));
    } else if (n < 0 && n != LIBSSH2_ERROR_EAGAIN) {
      broken_ = ECONNRESET;
    } else if (libssh2_channel_eof(channel_.get()) != 0) {
      ended_ = true;
    }
  }

  void flush() {
    while (broken_ == 0 && !out_.empty()) {
      const auto n = libssh2_channel_write(channel_.get(), out_.data(), out_.size());
      if (n == LIBSSH2_ERROR_EAGAIN || n == 0) return;
      if (n < 0) {
        out_.clear();  // what the peer said before can still be read
        return;
      }
      out_.erase(0, static_cast<std::size_t>(n));
    }
  }

  SshSession* const outer_;
  const std::unique_ptr<SshSession> owned_;  // null: somebody else's
  ChannelHandle channel_;
  std::string in_, out_;
  bool ended_ = false;
  int broken_ = 0;  // errno
};

std::unique_ptr<Wire> SshSession::tunnel(std::unique_ptr<SshSession> through, const std::string& address,
                                         int port, Deadline deadline) {
  auto& my = *through->impl_;
  const auto target = address + " port " + std::to_string(port);
  auto channel = my.open(deadline, "opening a tunnel to " + target, [&] {
    return libssh2_channel_direct_tcpip(my.session.get(), address.c_str(), port);
  });
  if (!channel) {
    throw SshError(WorkerCondition::kUnreachable,
                   "jump host " + my.who + " opens no tunnel to " + target + ": " + my.last_message() +
                       "; can it reach the worker, and does its sshd allow AllowTcpForwarding?");
  }
  SshSession& outer = *through;
  return std::make_unique<TunnelWire>(outer, std::move(through), std::move(channel));
}

std::unique_ptr<Wire> SshSession::channel_to(const std::string& address, int port, Deadline deadline) {
  auto& my = *impl_;
  const auto target = address + " port " + std::to_string(port);
  if (my.broken) {
    throw SshError(WorkerCondition::kUnreachable, my.who + ": the connection is not usable any more");
  }
  ChannelHandle channel;
  try {
    channel = my.open(deadline, "opening a channel to its " + target,
                      [&] { return libssh2_channel_direct_tcpip(my.session.get(), address.c_str(), port); });
  } catch (...) {
    my.abandon();  // a channel half opened
    throw;
  }
  if (!channel) {
    const std::string why = my.last_message();
    const bool refused = my.last_error() == LIBSSH2_ERROR_CHANNEL_FAILURE && !my.wire->ended();
    if (!refused) my.abandon();
    throw SshError(
        WorkerCondition::kUnreachable,
        my.who + " opens no channel to its " + target + ": " + why +
            (refused ? "; does something listen there, and does sshd allow AllowTcpForwarding?" : ""));
  }
  return std::make_unique<TunnelWire>(*this, nullptr, std::move(channel));
}

}  // namespace maand
