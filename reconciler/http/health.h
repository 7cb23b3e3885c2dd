// /healthz, /readyz and /metrics on a listener and a pool of their own, so that
// no client of the API can delay them (R6.1, libraries.md).
#pragma once

#include <memory>
#include <string>

#include "reconciler/core/control.h"
#include "reconciler/http/http_limits.h"

namespace maand {

class HttpServer;

// What those three say, whoever listens.
HttpReply health_answer(const StatusSource& source, const HttpRequest& request);
HttpLimits health_limits();

class HealthServer {
 public:
  // Serves at once; "" = no listener. `source` must outlive this. Throws ListenError.
  HealthServer(const std::string& listen, const StatusSource& source);
  ~HealthServer();
  void stop();       // joins
  int port() const;  // 0: no listener

 private:
  std::unique_ptr<HttpServer> server_;
};

}  // namespace maand
