#include "reconciler/http/webhook_deliveries.h"

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "reconciler/core/preview/preview_refs.h"
#include "reconciler/core/webhook/delivery_memory.h"
#include "reconciler/core/webhook/payload.h"
#include "reconciler/core/webhook/signature.h"
#include "reconciler/http/request_source.h"
#include "reconciler/http/webhook_secrets.h"

namespace maand {
namespace {

using V = WebhookVerdict;
constexpr std::string_view kRoot = "/webhook/";

// The same for a provider that does not exist and for one without a secret.
HttpReply not_here() { return json_error(404, "there is nothing here"); }

int status_of(V verdict) {
  switch (verdict) {
    case V::kUnverified:
    case V::kExpired:
      return 401;
    case V::kMalformed:
      return 400;
    case V::kRateLimited:
      return 429;
    default:
      return 202;
  }
}

HttpReply reply(V verdict, const std::string& message) {
  if (status_of(verdict) != 202) return json_error(status_of(verdict), message);
  const nlohmann::json body = {{"verdict", to_string(verdict)}, {"message", message}};
  return {202, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n",
          "application/json"};
}

}  // namespace

// On several threads at once.
class WebhookDeliveries::Judge {
 public:
  Judge(const WebhookOptions& options, Announcements& announcements)
      : ref_(options.ref),
        preview_refs_(options.preview_refs),
        announcements_(announcements),
        rate_(options.rates) {
    for (const auto& [provider, file] : options.secret_files) secrets_.try_emplace(provider, file);
  }

  // The providers that have a secret now; what is wrong with the files goes into `remarks`.
  std::vector<std::string> ready(std::vector<std::string>& remarks) {
    std::vector<std::string> names;
    for (auto& [provider, file] : secrets_) {
      const WebhookSecrets found = file.current();
      const std::string key = std::string("webhook.") + to_string(provider) + "_secret_file: ";
      for (const std::string& problem : found.problems) remarks.push_back(key + problem);
      if (!found.secrets.empty()) names.emplace_back(to_string(provider));
    }
    return names;
  }

  // Everything that can be said without the body.
  std::optional<HttpReply> before_body(const HttpRequest& request) {
    const std::optional<WebhookProvider> provider = provider_of(request);
    if (!provider || secrets_.at(*provider).current().secrets.empty()) return not_here();
    if (request.method != "POST") return json_error(405, "deliveries are sent with POST");
    const std::string source = source_behind_proxy(request);
    if (const auto wait = pay(source)) {
      announcements_.judged(*provider, V::kRateLimited, source);
      HttpReply out = reply(V::kRateLimited, "too many requests from there");
      out.headers.emplace_back("Retry-After", std::to_string(wait->count()));
      return out;
    }
    if (has_signature(*provider, request.headers) || is_unsigned_ping(*provider, request.headers))
      return std::nullopt;
    return unverified(*provider, source);
  }

  HttpReply answer(const HttpRequest& request) {
    const std::optional<WebhookProvider> provider = provider_of(request);
    if (!provider) return not_here();
    const std::string source = source_behind_proxy(request);
    if (is_unsigned_ping(*provider, request.headers)) {
      return judged(
          *provider, V::kPing, source,
          "the way is open; this test is not signed, so it does not show whether the secret is right");
    }
    switch (verify_delivery(*provider, request.headers, request.body,
                            secrets_.at(*provider).current().secrets, std::chrono::system_clock::now())) {
      case SignatureVerdict::kGood:
        break;
      case SignatureVerdict::kWrong:
        return unverified(*provider, source);
      case SignatureVerdict::kExpired:
        return judged(*provider, V::kExpired, source,
                      "X-Maand-Timestamp is more than 5 minutes away from this host's clock");
    }
    return verified(*provider, request, source);
  }

 private:
  std::optional<WebhookProvider> provider_of(const HttpRequest& request) const {
    const std::string_view path = request.path;
    if (!path.starts_with(kRoot)) return std::nullopt;
    const std::optional<WebhookProvider> provider = webhook_provider(path.substr(kRoot.size()));
    return provider && secrets_.count(*provider) > 0 ? provider : std::nullopt;
  }

  HttpReply verified(WebhookProvider provider, const HttpRequest& request, const std::string& source) {
    const WebhookPayload payload = read_webhook(provider, request.headers, request.body);
    switch (payload.kind) {
      case WebhookPayload::Kind::kMalformed:
        return judged(provider, V::kMalformed, source, payload.problem);
      case WebhookPayload::Kind::kPing:
        return judged(provider, V::kPing, source, "pong; the secret is right");
      case WebhookPayload::Kind::kOtherEvent:
        if (!preview_refs_.empty() && is_proposal(request.headers))
          return proposed(provider, request, source);
        return judged(provider, V::kOtherEvent, source, "only pushes are looked at");
      case WebhookPayload::Kind::kPush:
        break;
    }
    const std::optional<RefMove> move = move_of(payload, ref_);
    if (!move && std::any_of(payload.moves.begin(), payload.moves.end(),
                             [&](const RefMove& one) { return matches_preview(preview_refs_, one.ref); }))
      return proposed(provider, request, source);
    if (!move) return judged(provider, V::kOtherRef, source, "not our ref, or its deletion");
    const auto marks = delivery_marks(provider, request.headers, request.body, !move->commit.empty());
    if (!first_time(marks)) return judged(provider, V::kRepeated, source, "already seen");
    announcements_.announced({provider, move->commit});
    return judged(provider, V::kAccepted, source, "the ref is read now");
  }

  HttpReply proposed(WebhookProvider provider, const HttpRequest& request, const std::string& source) {
    if (!first_time(delivery_marks(provider, request.headers, request.body, false)))
      return judged(provider, V::kRepeated, source, "already seen");
    announcements_.preview_announced(provider);
    return judged(provider, V::kAccepted, source, "what it would do is judged");
  }

  HttpReply judged(WebhookProvider provider, V verdict, const std::string& source,
                   const std::string& message) {
    announcements_.judged(provider, verdict, source);
    return reply(verdict, message);
  }

  HttpReply unverified(WebhookProvider provider, const std::string& source) {
    {
      const std::lock_guard lock(mutex_);
      rate_.charge(source, std::chrono::steady_clock::now());
    }
    return judged(provider, V::kUnverified, source, "not accepted");
  }

  std::optional<std::chrono::seconds> pay(const std::string& source) {
    const std::lock_guard lock(mutex_);
    return rate_.take(source, std::chrono::steady_clock::now());
  }

  bool first_time(const std::vector<DeliveryMark>& marks) {
    const std::lock_guard lock(mutex_);
    return memory_.take(marks, std::chrono::steady_clock::now());
  }

  const std::string ref_;
  const std::vector<std::string> preview_refs_;
  Announcements& announcements_;
  std::map<WebhookProvider, WebhookSecretFile> secrets_;
  std::mutex mutex_;
  RateLimit rate_;
  DeliveryMemory memory_;
};

WebhookDeliveries::WebhookDeliveries(const WebhookOptions& options, Announcements& announcements)
    : judge_(std::make_unique<Judge>(options, announcements)) {}

WebhookDeliveries::~WebhookDeliveries() = default;

std::vector<std::string> WebhookDeliveries::ready(std::vector<std::string>& remarks) {
  return judge_->ready(remarks);
}

std::optional<HttpReply> WebhookDeliveries::before_body(const HttpRequest& request) {
  return judge_->before_body(request);
}

HttpReply WebhookDeliveries::answer(const HttpRequest& request) { return judge_->answer(request); }

}  // namespace maand
