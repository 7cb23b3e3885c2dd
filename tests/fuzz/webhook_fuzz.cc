// Deliveries of every provider: an input is a delivery as tests/golden/webhook has
// them. What is not is read as a body, by every provider.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "reconciler/core/webhook/delivery_memory.h"
#include "reconciler/core/webhook/form.h"
#include "reconciler/core/webhook/payload.h"
#include "reconciler/core/webhook/secrets.h"
#include "reconciler/core/webhook/signature.h"
#include "tests/fuzz/check.h"

namespace maand::fuzz {
namespace {

using Kind = WebhookPayload::Kind;

// The request line, headers, a blank line; what is behind it is the body.
WebhookHeaders take_headers(std::string_view& text) {
  WebhookHeaders headers;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) break;
    const std::size_t colon = line.find(": ");
    if (colon != std::string_view::npos)
      headers.emplace(lower(line.substr(0, colon)), line.substr(colon + 2));
  }
  return headers;
}

void check(WebhookProvider provider, const WebhookHeaders& headers, std::string_view body) {
  const WebhookPayload payload = read_webhook(provider, headers, body);
  FUZZ_CHECK((payload.kind == Kind::kMalformed) == !payload.problem.empty());
  FUZZ_CHECK(payload.kind == Kind::kPush || payload.moves.empty());
  FUZZ_CHECK(payload.moves.size() <= kMaxRefMoves);
  FUZZ_CHECK(is_utf8(payload.problem));
  for (const char c : payload.problem) FUZZ_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
  for (const RefMove& move : payload.moves) {
    FUZZ_CHECK(!move.ref.empty());
    FUZZ_CHECK(!move.deleted || move.commit.empty());
    const std::string& commit = move.commit.str();
    FUZZ_CHECK(commit.empty() || commit.size() == 40);
    FUZZ_CHECK(commit.find_first_not_of("0123456789abcdef") == std::string::npos);
  }
  const auto move = move_of(payload, "refs/heads/main");
  FUZZ_CHECK(!move || !move->deleted);
  // Nobody signs with a secret that is not known to them.
  FUZZ_CHECK(verify_delivery(provider, headers, body, {}, {}) == SignatureVerdict::kWrong);
  verify_delivery(provider, headers, body, {"a secret"}, {});
  DeliveryMemory memory(2);
  const auto marks = delivery_marks(provider, headers, body, move && !move->commit.empty());
  FUZZ_CHECK(memory.take(marks, {}));
  FUZZ_CHECK(marks.empty() || !memory.take(marks, {}));
}

}  // namespace
}  // namespace maand::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace maand;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string_view body = text;
  const WebhookHeaders headers = fuzz::take_headers(body);
  for (const WebhookProvider provider : kWebhookProviders) {
    fuzz::check(provider, headers, body);
    fuzz::check(provider, {}, text);
  }
  for (const std::string& secret : parse_webhook_secrets(text).secrets) FUZZ_CHECK(!secret.empty());
  form_field(text, "payload");
  return 0;
}
