// HTTP on a Listener: what a request must look like before any route sees it.
//
// cpp-httplib parses and writes; sockets, threads and deadlines are ours. One
// request per connection, so that a refused body can never be taken for the next
// request. Refused before the body is read: a body above the cap, chunked or
// compressed bodies, a body that is no JSON, paths above 512 bytes, and over TCP
// a Host header that does not name loopback when that is asked for.
#pragma once

#include <functional>
#include <memory>

#include "reconciler/http/listener.h"
#include "reconciler/http/message.h"

namespace maand {

struct HttpLimits {
  ListenerLimits listener;
  std::size_t max_body_bytes = 64 * 1024;
  std::size_t max_header_bytes = 16 * 1024;
  bool loopback_host_only = false;  // R6.2; not asked of a unix socket
  // A body is `application/json`, and over TCP a POST has to say so: a page of another
  // site cannot send that without asking first (CSRF). Off: a body of any type.
  bool json_only = true;
};

class HttpServer {
 public:
  // Called on several threads at once. An exception is answered 500, its text kept inside.
  using Handler = std::function<HttpReply(const HttpRequest&)>;

  HttpServer(ListeningSocket socket, HttpLimits limits, Handler handler);
  ~HttpServer();

  void stop();
  int port() const;

 private:
  class Parser;
  const std::unique_ptr<Parser> parser_;
  Listener listener_;  // last: its threads use the parser
};

}  // namespace maand
