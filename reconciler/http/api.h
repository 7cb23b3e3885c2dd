// /api/v1 (R6.2), on a loopback TCP listener and on the bucket's unix socket.
//
// TCP: who may do what is said in access.h; beyond loopback there have to be a
// file of tokens and TLS. The unix socket (0600) is for whoever owns the bucket:
// the CLI's orders come through it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "reconciler/core/control.h"
#include "reconciler/core/event_feed.h"
#include "reconciler/http/message.h"

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
  // Asked through shared() as well, by a listener that others are behind, too: whether that one
  // is reached from this host alone, and how its streams are told of news (any thread).
  std::optional<bool> shared_loopback;
  std::function<void()> wake_shared;
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

  // Of a shared listener: the answer to a request as if it had come to our own, and whether it comes
  // with a token of this bucket that is good now.
  HttpReply shared(const HttpRequest& request) const { return shared_(request); }
  bool knows(const HttpRequest& request) const;

 private:
  void wake_streams();

  EventFeed* const events_;
  int news_ = 0;  // our place among those whom events_ wakes
  std::unique_ptr<TokenFile> tokens_;
  std::unique_ptr<Access> tcp_access_;
  std::unique_ptr<Access> unix_access_;
  std::function<HttpReply(const HttpRequest&)> shared_;
  const std::function<void()> wake_shared_;
  std::unique_ptr<HttpServer> tcp_;
  std::unique_ptr<HttpServer> unix_;
};

}  // namespace maand
