// HTTP on a Listener: what a request must look like before any route sees it.
//
// cpp-httplib parses and writes; sockets, threads and deadlines are ours. One
// request per connection, so that a refused body can never be taken for the next
// request. Refused before the body is read: a body above the cap, chunked or
// compressed bodies, a body that is no JSON, paths above 512 bytes, and over TCP
// a Host header that does not name loopback when that is asked for.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/http/listener.h"

namespace maand {

struct HttpRequest {
  std::string method;  // GET (HEAD as well) or POST
  std::string path;    // decoded, without the query
  std::multimap<std::string, std::string> query;
  std::multimap<std::string, std::string> headers;  // names in lower case
  std::string body;                                 // its bytes as they came
  std::string peer_address;                         // numeric, without the port; empty over a unix socket
  bool over_unix_socket = false;
  unsigned peer_uid = 0;  // of the process at the other end; unix socket only
};

struct HttpReply {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  // More of them, in this order: `ETag`, `Cache-Control`, … Values on one line.
  std::vector<std::pair<std::string, std::string>> headers;
};

HttpReply json_error(int status, const std::string& message);

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
