// One-line owners of libssh2's handles. Free a channel or session only after its
// wire was abandoned or the channel closed: until then libssh2 may answer
// EAGAIN and free nothing.
#pragma once

#include <libssh2.h>

#include <memory>

namespace maand {

struct SessionFree {
  void operator()(LIBSSH2_SESSION* session) const { libssh2_session_free(session); }
};
using SessionHandle = std::unique_ptr<LIBSSH2_SESSION, SessionFree>;

struct ChannelFree {
  void operator()(LIBSSH2_CHANNEL* channel) const { libssh2_channel_free(channel); }
};
using ChannelHandle = std::unique_ptr<LIBSSH2_CHANNEL, ChannelFree>;

}  // namespace maand
