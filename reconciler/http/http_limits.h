// What a server takes from whoever can connect. Everything has a limit.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>

#include "reconciler/http/message.h"

namespace maand {

struct ListenerLimits {
  int threads = 8;  // handlers at once
  int queued = 64;  // whole requests that wait for a thread; one more is answered 503
  // For a request to come whole, TLS handshake included; and again for the answer to be taken.
  std::chrono::milliseconds deadline{10'000};
  // Open at once, beside streams. One more displaces the one that waits longest (crowd.h).
  int connections = 1024;
  int per_source = 512;  // of those, from one source (`source_of`); one more displaces its own oldest
  // Of all connections together: what came and what is still to be sent.
  std::size_t buffered_bytes = 64 << 20;
  int streams = 256;  // answers without an end; one more is answered 503
};

// Of the API: longer than Controls takes to answer, so that its sentence arrives.
inline constexpr std::chrono::milliseconds kApiDeadline{15'000};

struct HttpLimits {
  ListenerLimits listener;
  std::size_t max_body_bytes = 64 * 1024;
  std::size_t max_header_bytes = 16 * 1024;
  bool loopback_host_only = false;  // R6.2; not asked of a unix socket
  // A body is `application/json`, and over TCP a POST has to say so: a page of another
  // site cannot send that without asking first (CSRF). Off: a body of any type.
  bool json_only = true;
  // Asked once the head is read and was not refused, on the server's own thread, so
  // it does not wait for anything. Its reply ends the request, and no body is read.
  std::function<std::optional<HttpReply>(const HttpRequest&)> before_body = nullptr;
};

}  // namespace maand
