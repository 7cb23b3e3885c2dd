// /api/v1 (R6.2), on a loopback TCP listener and on the bucket's unix socket.
//
// TCP: GET only, loopback only, and the Host header must name loopback; POST
// needs a token of role `operate`, and tokens are not built yet. The unix socket
// (0600) is for whoever owns the bucket: the CLI's orders come through it.
#pragma once

#include <memory>
#include <string>

#include "reconciler/core/control.h"

namespace maand {

class HttpServer;

struct ApiOptions {
  std::string listen;     // "" = none
  std::string unix_path;  // "" = none
};

class ApiServer {
 public:
  // Serves at once. What is handed in must outlive this. Throws ListenError, also
  // for a listener beyond loopback.
  ApiServer(const ApiOptions& options, const StatusSource& source, Details& details, Controls& controls);
  ~ApiServer();
  void stop();       // joins
  int port() const;  // 0: no TCP listener

 private:
  std::unique_ptr<HttpServer> tcp_;
  std::unique_ptr<HttpServer> unix_;
};

}  // namespace maand
