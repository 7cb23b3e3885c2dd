#include "reconciler/http/access.h"

#include <nlohmann/json.hpp>
#include <string_view>

#include "reconciler/core/text.h"
#include "reconciler/http/reply_stream.h"
#include "reconciler/http/socket_address.h"

namespace maand {
namespace {

constexpr std::string_view kApi = "/api/";
constexpr std::string_view kWhoami = "/api/v1/whoami";
constexpr const char* kHowTo = "send one as `Authorization: Bearer TOKEN`; `maand token add` makes one";

// A browser asks for a password when it opens the page, and not when a script of it asks.
HttpReply unauthorized(const HttpRequest& request, const std::string& why) {
  HttpReply out = json_error(401, why);
  if (!request.path.starts_with(kApi)) {
    out.headers.emplace_back("WWW-Authenticate", "Basic realm=\"maand\", charset=\"UTF-8\"");
  }
  out.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"maand\"");
  return out;
}

// Without padding or with it; nullopt: no base64.
std::optional<std::string> from_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out;
  unsigned bits = 0;
  int have = 0;
  for (const char c : text) {
    unsigned value = 0;
    if (c >= 'A' && c <= 'Z') {
      value = static_cast<unsigned>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      value = static_cast<unsigned>(c - 'a') + 26;
    } else if (c >= '0' && c <= '9') {
      value = static_cast<unsigned>(c - '0') + 52;
    } else if (c == '+' || c == '/') {
      value = c == '+' ? 62 : 63;
    } else {
      return std::nullopt;
    }
    bits = (bits << 6 | value) & 0xFFFFFF;
    have += 6;
    if (have < 8) continue;
    have -= 8;
    out += static_cast<char>(bits >> have & 0xFF);
  }
  return out;
}

// The token in an Authorization header. nullopt: it holds none.
std::optional<std::string> token_in(std::string_view header) {
  const std::size_t space = header.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const std::string_view scheme = header.substr(0, space);
  const std::string_view rest = trim(header.substr(space));
  if (equal_fold(scheme, "Bearer")) return std::string(rest);
  if (!equal_fold(scheme, "Basic")) return std::nullopt;
  const std::optional<std::string> pair = from_base64(rest);
  const std::size_t colon = pair ? pair->find(':') : std::string::npos;
  if (colon == std::string::npos) return std::nullopt;
  return pair->substr(colon + 1);
}

HttpReply who_am_i(const HttpRequest& request) {
  constexpr std::string_view kToken = "token ";
  std::string name = request.actor;
  if (name.starts_with(kToken)) name.erase(0, kToken.size());
  const nlohmann::ordered_json body = {{"name", name}, {"role", to_string(request.role)}};
  return {200, body.dump() + "\n"};
}

}  // namespace

HttpReply Access::failed(const HttpRequest& request, const std::string& why, Time now) {
  const FailedAttempts::Verdict verdict = failures_.add(source_of(request.peer_address), now.steady);
  if (verdict.tell) {
    say_("refused credentials from " + request.peer_address + ": " + why +
         " (more of them stay unsaid for a minute)");
  }
  if (!verdict.too_many) return unauthorized(request, why + "; " + kHowTo);
  HttpReply out = json_error(429, "too many wrong tokens came from there; try again in a minute");
  out.headers.emplace_back("Retry-After", std::to_string(FailedAttempts::kWindow.count()));
  return out;
}

std::optional<HttpReply> Access::identify(HttpRequest& request, Time now) {
  if (request.over_unix_socket) {
    request.role = Role::kOperate;
    request.actor = "uid " + std::to_string(request.peer_uid);
    return std::nullopt;
  }
  const std::size_t given = request.headers.count("authorization");
  if (given > 1) return json_error(400, "send one Authorization header");
  if (given == 0) {
    // Whoever rebinds a name of theirs to 127.0.0.1 has a browser send that name.
    const bool local = options_.loopback_listener && names_loopback(request.header("host"));
    request.role = local ? Role::kRead : Role::kNone;
    return std::nullopt;
  }
  const std::optional<std::string> token = token_in(request.header("authorization"));
  if (!token) return failed(request, "the Authorization header holds no token", now);
  const std::shared_ptr<const Tokens> tokens = tokens_.current();
  const TokenEntry* entry = tokens->find(*token);
  if (!entry) return failed(request, "this token is not known", now);
  if (entry->expired(now.wall)) {
    return failed(request, "the token " + entry->name + " expired at " + expiry_text(*entry->expires), now);
  }
  request.role = entry->role;
  request.actor = "token " + entry->name;
  return std::nullopt;
}

bool Access::still_allows(const HttpRequest& request, Time now) const {
  const std::optional<std::string> token =
      request.over_unix_socket ? std::nullopt : token_in(request.header("authorization"));
  return !token || is_good(*token, now);
}

bool Access::knows(const HttpRequest& request, Time now) const {
  const std::optional<std::string> token = token_in(request.header("authorization"));
  return token && is_good(*token, now);
}

bool Access::is_good(const std::string& token, Time now) const {
  const std::shared_ptr<const Tokens> tokens = tokens_.current();
  const TokenEntry* entry = tokens->find(token);
  return entry && !entry->expired(now.wall);
}

std::optional<HttpReply> Access::refuse(HttpRequest& request, Time now) {
  request.role = Role::kNone;
  request.actor.clear();
  if (std::optional<HttpReply> refused = identify(request, now)) return refused;
  const bool order = request.method == "POST";
  if (request.path == kWhoami && !order) return std::nullopt;
  if (request.role == Role::kNone) {
    return unauthorized(request,
                        options_.loopback_listener
                            ? "this needs a token, because the Host header does not name loopback (like "
                              "127.0.0.1); " +
                                  std::string(kHowTo)
                            : "this needs a token; " + std::string(kHowTo));
  }
  if (!order) return std::nullopt;
  if (request.actor.empty()) {
    return unauthorized(request, "orders need a token of role operate; " + std::string(kHowTo));
  }
  if (request.role != Role::kOperate) {
    return json_error(403, "the " + request.actor + " may read; orders need one of role operate");
  }
  // A browser adds a password it knows also to what the page of another site asks for.
  const std::string site = request.header("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") {
    return json_error(403, "orders are not taken from the pages of other sites");
  }
  return std::nullopt;
}

Access::Time now_of_both() { return {std::chrono::system_clock::now(), std::chrono::steady_clock::now()}; }

namespace {

// Ends when the token it was asked for with does.
class GuardedStream : public ReplyStream {
 public:
  GuardedStream(Access& access, HttpRequest request, std::shared_ptr<ReplyStream> stream)
      : access_(access), request_(std::move(request)), stream_(std::move(stream)) {}

  std::string take(std::size_t most) override {
    over_ = over_ || !access_.still_allows(request_, now_of_both());
    return over_ ? "" : stream_->take(most);
  }
  std::string heartbeat() const override { return stream_->heartbeat(); }
  bool over() const override { return over_ || stream_->over(); }

 private:
  Access& access_;
  const HttpRequest request_;
  const std::shared_ptr<ReplyStream> stream_;
  bool over_ = false;
};

}  // namespace

std::function<HttpReply(const HttpRequest&)> guarded(Access& access,
                                                     std::function<HttpReply(const HttpRequest&)> handler) {
  return [&access, handler = std::move(handler)](const HttpRequest& request) {
    HttpRequest known = request;
    if (std::optional<HttpReply> refused = access.refuse(known, now_of_both())) return *std::move(refused);
    if (known.path == kWhoami && known.method == "GET") return who_am_i(known);
    HttpReply reply = handler(known);
    if (reply.stream) reply.stream = std::make_shared<GuardedStream>(access, known, std::move(reply.stream));
    return reply;
  };
}

}  // namespace maand
