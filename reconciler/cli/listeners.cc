#include "reconciler/cli/listeners.h"

#include "reconciler/cli/secret_place.h"
#include "reconciler/cli/settings.h"
#include "reconciler/http/tls.h"

namespace maand {
namespace {

ApiOptions api_options(const Bucket& bucket, const Answering& answering) {
  ApiOptions options;
  options.listen = bucket.config.http.listen;
  options.unix_path = bucket.socket().string();
  options.tokens_file = bucket.tokens().string();
  options.tls = tls_of(bucket);
  options.allow_plaintext = bucket.config.http.allow_plaintext;
  options.events = &answering.events;
  options.say = answering.say;
  return options;
}

WebhookOptions webhooks_of(const Bucket& bucket) {
  WebhookOptions options = webhook_options(bucket);
  options.tls = tls_of(bucket);
  return options;
}

}  // namespace

std::shared_ptr<const TlsContext> tls_of(const Bucket& bucket) {
  const Config::Http& http = bucket.config.http;
  if (http.tls_cert.empty() || http.tls_key.empty()) return nullptr;
  try {
    return std::make_shared<const TlsContext>(secret_place(bucket, http.tls_cert),
                                              secret_place(bucket, http.tls_key));
  } catch (const TlsError& error) {
    throw CommandError(kExitUsage, std::string("maand.conf: http.tls_cert: ") + error.what());
  }
}

Listeners::Listeners(const Bucket& bucket, const Answering& answering)
    : health_(bucket.config.http.health_listen, answering.status),
      api_(api_options(bucket, answering), answering.status, answering.details, answering.controls),
      webhooks_(webhooks_of(bucket), answering.announcements) {}

}  // namespace maand
