// SshSession::run: one command, its stdin, both its outputs and how it ended.
#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "executor/ssh_session_impl.h"

namespace maand {
namespace {

constexpr std::size_t kMostUnsent = 256u << 10;  // stdin waits in memory up to here
constexpr int kTurns = 16;                       // of one direction, before the others get theirs

// RFC 4254 6.10 names signals without SIG; the shell's convention is 128 + n.
int status_of_signal(std::string_view name) {
  static constexpr std::pair<std::string_view, int> kNumbers[] = {
      {"HUP", 1},   {"INT", 2},   {"QUIT", 3},  {"ILL", 4},   {"ABRT", 6},  {"FPE", 8},  {"KILL", 9},
      {"USR1", 10}, {"SEGV", 11}, {"USR2", 12}, {"PIPE", 13}, {"ALRM", 14}, {"TERM", 15}};
  for (const auto& [known, number] : kNumbers) {
    if (known == name) return 128 + number;
  }
  return 255;  // ended by a signal this table does not know
}

class Command {
 public:
  Command(LIBSSH2_SESSION* session, LIBSSH2_CHANNEL* channel, Wire& wire, const StdinSource& stdin_source)
      : session_(session), channel_(channel), wire_(wire), stdin_(stdin_source) {}

  // Moves what can be moved without waiting. False: nothing moved. A negative
  // error() ends it.
  bool turn(const OutputTaker& on_stdout, const OutputTaker& on_stderr) {
    // Both outputs share one window, so that both must be drained (libraries.md).
    const bool out = drain(0, on_stdout);
    const bool err = drain(SSH_EXTENDED_DATA_STDERR, on_stderr);
    const bool in = feed();
    return out || err || in;
  }

  int error() const { return error_; }
  bool at_end() const { return libssh2_channel_eof(channel_) != 0; }
  // Packets were taken in by a call that was busy with another direction.
  bool has_more() const {
    return at_end() || libssh2_poll_channel_read(channel_, 0) != 0 ||
           libssh2_poll_channel_read(channel_, SSH_EXTENDED_DATA_STDERR) != 0;
  }

  int exit_status() const {
    char* signal = nullptr;
    size_t size = 0;
    libssh2_channel_get_exit_signal(channel_, &signal, &size, nullptr, nullptr, nullptr, nullptr);
    if (signal == nullptr) return libssh2_channel_get_exit_status(channel_);
    const int status = status_of_signal({signal, size});
    libssh2_free(session_, signal);
    return status;
  }

 private:
  bool drain(int stream, const OutputTaker& taker) {
    bool moved = false;
    for (int i = 0; i < kTurns && error_ == 0; ++i) {
      const auto n = libssh2_channel_read_ex(channel_, stream, buffer_.data(), buffer_.size());
      if (n == LIBSSH2_ERROR_EAGAIN || n == 0) break;
      if (n < 0) {
        error_ = static_cast<int>(n);
        break;
      }
      moved = true;
      if (taker) taker({buffer_.data(), static_cast<std::size_t>(n)});
    }
    return moved;
  }

  bool feed() {
    bool moved = false;
    for (int i = 0; i < kTurns && error_ == 0 && !fed_; ++i) {
      if (pending_.empty()) {
        if (wire_.unsent() >= kMostUnsent) break;
        pending_ = stdin_ ? stdin_() : std::string_view{};
        if (pending_.empty()) {
          const int rc = libssh2_channel_send_eof(channel_);
          if (rc == LIBSSH2_ERROR_EAGAIN) break;
          fed_ = true;
          if (rc != 0) error_unless_closed(rc);
          return true;
        }
      }
      if (wire_.unsent() >= kMostUnsent) break;
      const auto n = libssh2_channel_write_ex(channel_, 0, pending_.data(), pending_.size());
      if (n == LIBSSH2_ERROR_EAGAIN || n == 0) break;
      if (n < 0) {
        fed_ = true;
        error_unless_closed(static_cast<int>(n));
        break;
      }
      moved = true;
      pending_.remove_prefix(static_cast<std::size_t>(n));
    }
    return moved;
  }

  // A command may end without reading its stdin; its status is still to come.
  void error_unless_closed(int rc) {
    if (rc != LIBSSH2_ERROR_CHANNEL_CLOSED && rc != LIBSSH2_ERROR_CHANNEL_EOF_SENT) error_ = rc;
  }

  LIBSSH2_SESSION* session_;
  LIBSSH2_CHANNEL* channel_;
  Wire& wire_;
  const StdinSource& stdin_;
  std::string_view pending_;
  bool fed_ = false;  // end of stdin was sent, or nobody reads it any more
  int error_ = 0;
  std::vector<char> buffer_ = std::vector<char>(64u << 10);
};

}  // namespace

CommandResult SshSession::run(const std::string& command, const StdinSource& stdin_source,
                              const OutputTaker& on_stdout, const OutputTaker& on_stderr, Deadline deadline) {
  auto& my = *impl_;
  CommandResult result;
  if (my.broken) {
    result.condition = WorkerCondition::kUnreachable;
    result.detail = my.who + ": the connection is not usable any more";
    return result;
  }
  ChannelHandle channel;
  const auto lose = [&](const std::string& doing) {
    throw SshError(WorkerCondition::kUnreachable,
                   my.who + ": the connection broke while " + doing + ": " + my.last_message());
  };
  try {
    const std::string opening = "opening a channel";
    channel = my.open(deadline, opening, [&] { return libssh2_channel_open_session(my.session.get()); });
    if (!channel) lose(opening);

    const std::string sending = "sending the command";
    result.began = true;  // from the first byte of the request on nobody knows
    const int rc = my.finish(deadline, sending, [&] {
      return libssh2_channel_process_startup(channel.get(), "exec", 4, command.data(),
                                             static_cast<unsigned int>(command.size()));
    });
    if (rc == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED) {
      result.began = false;
      throw SshError(WorkerCondition::kUnreachable,
                     my.who + " refuses to run commands for this user (exec denied)");
    }
    if (rc != 0) lose(sending);

    const std::string running = "the command ran";
    Command run(my.session.get(), channel.get(), *my.wire, stdin_source);
    for (;;) {
      const bool moved = run.turn(on_stdout, on_stderr);
      if (run.error() != 0) lose(running);
      if (!moved && run.at_end()) break;
      if (!moved && !run.has_more()) {
        my.wait(deadline, running);
      } else if (const Deadline now = std::chrono::steady_clock::now(); now >= deadline) {
        my.fail_waiting(Waited::kDeadline, running);  // endless output
      } else if (my.wire->wait(now) == Waited::kInterrupted) {
        my.fail_waiting(Waited::kInterrupted, running);  // which need never come to a wait above
      }
    }
    // Status and signal count only once the peer has closed the channel; a
    // channel libssh2 closed because the connection died reads as status 0.
    const std::string closing = "the command ended";
    if (my.finish(deadline, closing, [&] { return libssh2_channel_close(channel.get()); }) != 0)
      lose(closing);
    if (my.finish(deadline, closing, [&] { return libssh2_channel_wait_closed(channel.get()); }) != 0) {
      lose(closing);
    }
    result.exit_status = run.exit_status();
  } catch (const SshError& error) {
    result.condition = error.condition();
    result.detail = error.what();
    my.abandon();
  } catch (...) {
    my.abandon();  // a caller's StdinSource or OutputTaker threw
    throw;
  }
  return result;
}

}  // namespace maand
