// HTTP on a listening socket: one request per connection, so that a refused body
// can never be taken for the next request. What a request must look like is said in
// request_head.h, what every answer carries in answer_text.h, and who waits where in
// intake.h.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "reconciler/http/http_limits.h"
#include "reconciler/http/intake.h"
#include "reconciler/http/message.h"

namespace maand {

class HttpServer {
 public:
  // Called on several threads at once. An exception is answered 500, its text kept inside.
  using Handler = std::function<HttpReply(const HttpRequest&)>;

  // Serves from now on. `tls`: null for plain HTTP. Throws ListenError.
  HttpServer(ListeningSocket socket, HttpLimits limits, Handler handler,
             std::shared_ptr<const TlsContext> tls = nullptr);

  // Another certificate, of connections from now on; only where there was one. Any thread.
  void use(std::shared_ptr<const TlsContext> tls) { intake_.use(std::move(tls)); }
  // Streams among the replies may have news. Any thread; never blocks.
  void wake_streams() { intake_.wake_streams(); }
  void stop() { intake_.stop(); }  // joins
  bool is_loopback() const { return intake_.socket().is_loopback(); }
  int port() const { return intake_.socket().port(); }

 private:
  Intake intake_;
};

}  // namespace maand
