#include "reconciler/http/peer.h"

#include <netdb.h>
#include <sys/socket.h>

namespace maand {

Peer peer_of(int fd) {
  Peer out;
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return out;
  out.over_unix_socket = address.ss_family == AF_UNIX;
  if (out.over_unix_socket) {
    ucred credentials{};
    size = sizeof credentials;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) out.uid = credentials.uid;
    return out;
  }
  char text[NI_MAXHOST] = "";
  if (::getnameinfo(reinterpret_cast<sockaddr*>(&address), size, text, sizeof text, nullptr, 0,
                    NI_NUMERICHOST) == 0) {
    out.address = text;
  }
  return out;
}

}  // namespace maand
