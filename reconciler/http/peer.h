// Who is at the other end of an accepted socket.
#pragma once

#include <string>

namespace maand {

struct Peer {
  std::string address;  // numeric, without the port; empty over a unix socket
  bool over_unix_socket = false;
  unsigned uid = ~0u;  // of the process at the other end; unix socket only
};

Peer peer_of(int fd);

}  // namespace maand
