// Who asks, and may they (R6.2): bearer tokens, and what a loopback listener
// allows without one.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "reconciler/http/failed_attempts.h"
#include "reconciler/http/message.h"
#include "reconciler/http/token_file.h"

namespace maand {

struct AccessOptions {
  // Only this host can connect, so a Host header that names loopback may read without a token.
  bool loopback_listener = false;
};

// Thread-safe.
//
// A token comes as `Authorization: Bearer TOKEN`, or as the password of `Basic`,
// which is how a browser can open the page beyond loopback. Every route needs
// `read` and a POST `operate`; `/api/v1/whoami` alone answers everybody. Over the
// unix socket its owner asks: `operate`.
class Access {
 public:
  struct Time {
    std::chrono::system_clock::time_point wall;
    std::chrono::steady_clock::time_point steady;
  };
  using Say = TokenFile::Say;

  // `tokens` outlives this. `say` is told of failed attempts, once per source and minute.
  Access(AccessOptions options, TokenFile& tokens, Say say)
      : options_(options), tokens_(tokens), say_(std::move(say)) {}

  // What was asked with a token goes on for as long as the token is good. Never blocks
  // for longer than a small file takes.
  bool still_allows(const HttpRequest& request, Time now) const;

  // It comes with a token that is good now. Counts as no attempt.
  bool knows(const HttpRequest& request, Time now) const;

  // Fills in role and actor. The answer, when the request may not go on.
  std::optional<HttpReply> refuse(HttpRequest& request, Time now);

 private:
  bool is_good(const std::string& token, Time now) const;
  std::optional<HttpReply> identify(HttpRequest& request, Time now);
  HttpReply failed(const HttpRequest& request, const std::string& why, Time now);

  const AccessOptions options_;
  TokenFile& tokens_;
  const Say say_;
  FailedAttempts failures_;
};

Access::Time now_of_both();

// `handler` behind `access`, which outlives it. Answers GET /api/v1/whoami itself.
std::function<HttpReply(const HttpRequest&)> guarded(Access& access,
                                                     std::function<HttpReply(const HttpRequest&)> handler);

}  // namespace maand
