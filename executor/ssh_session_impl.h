// What the .cc files of SshSession share; not for others.
#pragma once

#include <string>
#include <utility>

#include "executor/ssh_error.h"
#include "executor/ssh_handles.h"
#include "executor/ssh_session.h"

namespace maand {

struct SshSession::Impl {
  std::unique_ptr<Wire> wire;  // outlives the session below
  std::string who;
  SessionHandle session;
  bool broken = false;

  int last_error() const { return libssh2_session_last_errno(session.get()); }
  std::string last_message() const;
  [[noreturn]] void fail_waiting(Waited why, const std::string& doing) const;

  // Waits for the wire. Throws SshError at the deadline; `doing` completes
  // "no answer in time while …".
  void wait(Deadline deadline, const std::string& doing) {
    if (const auto waited = wire->wait(deadline); waited != Waited::kMoved) fail_waiting(waited, doing);
  }

  // Repeats a libssh2 call that answers LIBSSH2_ERROR_EAGAIN until it is done.
  template <class Call>
  int finish(Deadline deadline, const std::string& doing, Call call) {
    for (;;) {
      const int rc = static_cast<int>(call());
      if (rc != LIBSSH2_ERROR_EAGAIN) return rc;
      wait(deadline, doing);
    }
  }
  // The same for calls that answer with a handle.
  template <class Call>
  ChannelHandle open(Deadline deadline, const std::string& doing, Call call) {
    for (;;) {
      if (auto* channel = call()) return ChannelHandle(channel);
      if (last_error() != LIBSSH2_ERROR_EAGAIN) return nullptr;
      wait(deadline, doing);
    }
  }

  // Ends the session at once; nothing waits for the peer any more.
  void abandon() {
    broken = true;
    wire->abandon();
  }
};

}  // namespace maand
