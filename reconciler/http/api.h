// /api/v1 (R6.2), on a loopback TCP listener and on the bucket's unix socket.
//
// TCP: who may do what is said in access.h; beyond loopback there have to be a
// file of tokens and TLS. The unix socket (0600) is for whoever owns the bucket:
// the CLI's orders come through it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "reconciler/core/control.h"
#include "reconciler/core/event_feed.h"

namespace maand {

class Access;
class HttpServer;
class TlsContext;
class TokenFile;

struct ApiOptions {
  std::string listen;                     // "" = none
  std::string unix_path;                  // "" = none
  std::string tokens_file = "";           // "" = no tokens
  std::shared_ptr<const TlsContext> tls;  // of the TCP listener; null: plain HTTP
  // Somebody else speaks TLS in front of us: a listener beyond loopback may be without.
  bool allow_plaintext = false;
  EventFeed* events = nullptr;  // outlives the server; null: there is no /api/v1/events
  // Told sentences for the log. Any thread.
  std::function<void(const std::string&)> say = [](const std::string&) {};
};

class ApiServer {
 public:
  // Serves at once. What is handed in must outlive this. Throws ListenError, also
  // for a listener beyond loopback that would be open.
  ApiServer(const ApiOptions& options, const StatusSource& source, Details& details, Controls& controls);
  ~ApiServer();
  void stop();       // joins
  int port() const;  // 0: no TCP listener

 private:
  void wake_streams();

  EventFeed* const events_;
  int news_ = 0;  // our place among those whom events_ wakes
  std::unique_ptr<TokenFile> tokens_;
  std::unique_ptr<Access> tcp_access_;
  std::unique_ptr<Access> unix_access_;
  std::unique_ptr<HttpServer> tcp_;
  std::unique_ptr<HttpServer> unix_;
};

}  // namespace maand
