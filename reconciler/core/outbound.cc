#include "reconciler/core/outbound.h"

#include <algorithm>

#include "reconciler/core/retry.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::chrono::milliseconds kLongestDelay{3'600'000};
constexpr std::size_t kMostShown = 300;
constexpr std::size_t kShortestSecret = 4;  // less would take apart what people have to read

std::string answer_in_words(const char* protocol, const Reply& reply) {
  std::string out = std::string(protocol) + " " + std::to_string(reply.status);
  if (const std::string_view said = trim(reply.body); !said.empty())
    out += ": " + printable(said, kMostShown);
  return out;
}

std::string replaced(std::string text, const std::string& part, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += by.size())
    text.replace(at, part.size(), by);
  return text;
}

std::string with_escaped_slashes(const std::string& text) { return replaced(text, "/", "\\/"); }

std::string percent_encoded(const std::string& text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

// No answer at all, or one that could not be read.
std::optional<Judgement> without_answer(const Reply& reply) {
  if (reply.hopeless) return Judgement{Verdict::kRefused, reply.problem};
  if (reply.status == 0) {
    return Judgement{Verdict::kLater, reply.problem.empty() ? "there was no answer" : reply.problem};
  }
  return std::nullopt;
}

}  // namespace

const char* to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kDelivered:
      return "delivered";
    case Verdict::kRefused:
      return "refused";
    case Verdict::kLater:
      return "later";
  }
  return "later";
}

Judgement judge_http(const Reply& reply) {
  if (const auto judgement = without_answer(reply)) return *judgement;
  const int status = reply.status;
  if (status >= 200 && status < 300) return {Verdict::kDelivered, ""};
  const bool later = status == 408 || status == 425 || status == 429 || status >= 500 || status < 200;
  return {later ? Verdict::kLater : Verdict::kRefused, answer_in_words("HTTP", reply)};
}

Judgement judge_smtp(const Reply& reply) {
  if (const auto judgement = without_answer(reply)) return *judgement;
  // A problem means that the talk did not come to its end, whatever the last line said.
  if (reply.problem.empty() && reply.status >= 200 && reply.status < 300) return {Verdict::kDelivered, ""};
  Judgement out{reply.status >= 500 ? Verdict::kRefused : Verdict::kLater, answer_in_words("SMTP", reply)};
  if (!reply.problem.empty()) out.problem += " (" + reply.problem + ")";
  return out;
}

Judgement Channel::judge(const Parcel& parcel, const Reply& reply) const {
  return std::holds_alternative<OutboundMail>(parcel) ? judge_smtp(reply) : judge_http(reply);
}

Delivery Channel::deliver(const Letter& letter, WallTime now, const Send& send) const {
  const std::optional<Parcel> parcel = make(letter, now);
  if (!parcel)
    return {.judgement = {Verdict::kRefused, "nothing could be made of it"}, .asked = {}, .unreadable = true};
  const Reply reply = send(*parcel);
  return {.judgement = judge(*parcel, reply), .asked = reply.retry_after};
}

std::string without_secrets(std::string text, const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) {
    if (secret.size() < kShortestSecret) continue;
    for (const std::string& form : {secret, with_escaped_slashes(secret), percent_encoded(secret)})
      text = replaced(std::move(text), form, "<secret>");
  }
  return text;
}

std::chrono::milliseconds redelivery_delay(int attempts, std::optional<std::chrono::seconds> asked,
                                           double jitter) {
  std::chrono::milliseconds delay = backoff(std::max(attempts, 1), jitter);
  if (asked) {
    const auto longest = std::chrono::duration_cast<std::chrono::seconds>(kLongestDelay);
    delay = std::max<std::chrono::milliseconds>(delay, std::clamp(*asked, std::chrono::seconds(0), longest));
  }
  return std::min(delay, kLongestDelay);
}

}  // namespace maand
