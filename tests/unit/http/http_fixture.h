// Requests over TCP, byte for byte.
#pragma once

#include <string>

#include "tests/support/fake_daemon.h"
#include "tests/support/raw_socket.h"

namespace maand {

inline std::string ask(int port, const std::string& request) {
  RawSocket socket(port);
  socket.send(request);
  return socket.read_all();
}

inline std::string get(int port, const std::string& target, const std::string& more_headers = "") {
  return ask(port, "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + more_headers + "\r\n");
}

}  // namespace maand
