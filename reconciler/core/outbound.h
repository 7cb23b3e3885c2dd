// Word outward: what is sent to other people's services, and what their answers mean.
//
//   Letter (outbox of the store) ─► Channel::make ─► Courier ─► Reply ─► Channel::judge
//
// A Channel knows one service's format and holds its secrets; the Courier (in
// `reconciler/outbound`) knows HTTP and SMTP and nothing of either; `app/outbox` puts
// both to work. Pure, but for whatever implements Courier.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "reconciler/core/letter.h"

namespace maand {

// Of one delivery, from the look-up of the name to the last byte of the answer.
inline constexpr std::chrono::milliseconds kOutboundDeadline{15'000};

struct OutboundRequest {
  std::string method = "POST";
  std::string url;  // http:// or https://; may hold a token, so it is shown nowhere
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string ca_file;  // PEM; "": the system's
  std::chrono::milliseconds deadline = kOutboundDeadline;
  std::size_t most_answer_bytes = 4096;  // more of an answer is not kept
  std::vector<std::string> secrets;      // taken out of whatever comes back, before anybody sees it
};

struct OutboundMail {
  std::string url;  // smtp://host:port, or smtps:// for TLS from the first byte
  // Of smtp://: kRequired speaks STARTTLS or does not speak; kNever is for a server on
  // this host. There is no "if it can": whoever is in between decides that.
  enum class StartTls { kRequired, kNever } start_tls = StartTls::kRequired;
  std::string user;  // "": nobody logs in
  std::string password;
  std::string from;             // a bare address
  std::vector<std::string> to;  // bare addresses
  std::string message;          // RFC 5322, headers included, lines ending in CRLF
  std::string ca_file;          // as above
  std::chrono::milliseconds deadline = kOutboundDeadline;
};

using Parcel = std::variant<OutboundRequest, OutboundMail>;

// What came back. No part of it holds a secret of the request.
struct Reply {
  // Of HTTP, or the last one of SMTP; 0: there was no answer, and `problem` says why.
  int status = 0;
  std::string problem;  // a few words, for people; "" for an answer that was read
  // It can only fail again: a URL, header or address that may not be sent, a
  // certificate file that cannot be read.
  bool hopeless = false;
  std::string body;                                 // its beginning; any bytes
  std::optional<std::chrono::seconds> retry_after;  // what the answer asked for
  // Of HTTP, names in lower case, the last of several: what says when a limit ends
  // (`…ratelimit-…`), and `location`.
  std::map<std::string, std::string> headers = {};
};

// Blocks for at most the deadline of what is sent, and a second. Thread-safe.
class Courier {
 public:
  virtual ~Courier() = default;
  virtual Reply send(const OutboundRequest& request) = 0;
  virtual Reply send(const OutboundMail& mail) = 0;
  // The daemon leaves: what is under way is given up within a second, and so is
  // whatever is sent from now on.
  virtual void interrupt() = 0;
};

enum class Verdict {
  kDelivered,
  kRefused,  // an answer that will not change by itself: a person must act (wrong token, no such hook)
  kLater,    // nobody there, overload, a limit: tried again
};
const char* to_string(Verdict verdict);  // "delivered", "refused", "later"

struct Judgement {
  Verdict verdict = Verdict::kLater;
  std::string problem;  // for people, unless delivered: `HTTP 403: invalid_token`
};

// HTTP: 2xx is delivered; 408, 425, 429 and 5xx are tried again; every other status is
// a refusal, redirects among them (nobody follows one with a secret in hand).
Judgement judge_http(const Reply& reply);
// SMTP: 2xx, 4xx and 5xx are what their RFC says.
Judgement judge_smtp(const Reply& reply);

// What became of one try to deliver a letter.
struct Delivery {
  Judgement judgement;
  std::optional<std::chrono::seconds> asked;  // to wait so long before the next one
  bool unreadable = false;                    // nothing can be made of the letter
};

// One way to one service.
class Channel {
 public:
  virtual ~Channel() = default;
  // As in `Letter::channel`, in metrics and in `maand status`: [a-z][a-z0-9_-]*.
  virtual const std::string& name() const = 0;
  // nullopt: nothing can be made of this document (an older maand wrote it); the
  // letter is dropped and that is told. Total; any thread.
  virtual std::optional<Parcel> make(const Letter& letter, WallTime now) const = 0;
  // Where a service means something else by its answers than most. Total; any thread.
  virtual Judgement judge(const Parcel& parcel, const Reply& reply) const;
  // Says the letter. One parcel, as above; a channel that has to ask before it says
  // something sends as many as it takes. `send` blocks. Any thread.
  using Send = std::function<Reply(const Parcel&)>;
  virtual Delivery deliver(const Letter& letter, WallTime now, const Send& send) const;
};

// `text` with every one of `secrets` (also as JSON or a URL would write it) taken out.
std::string without_secrets(std::string text, const std::vector<std::string>& secrets);

// When a letter that failed `attempts` times is tried again: backoff of retry.h, or
// `asked` where that is longer; at most an hour. `jitter` is in [0, 1).
std::chrono::milliseconds redelivery_delay(int attempts, std::optional<std::chrono::seconds> asked,
                                           double jitter);

}  // namespace maand
