#include "reconciler/core/webhook/delivery_memory.h"

#include <algorithm>
#include <string>

namespace maand {
namespace {

// GitLab's Idempotency-Key stays the same over its retries, its Event-UUID may not.
std::string_view delivery_id(WebhookProvider provider, const WebhookHeaders& headers) {
  switch (provider) {
    case WebhookProvider::kGithub:
      return only_header(headers, "x-github-delivery");
    case WebhookProvider::kGitlab:
      for (const char* name : {"idempotency-key", "x-gitlab-event-uuid"}) {
        if (headers.count(name) > 0) return only_header(headers, name);
      }
      return {};
    case WebhookProvider::kGitea:
      for (const char* name : {"x-forgejo-delivery", "x-gitea-delivery", "x-gogs-delivery"}) {
        if (headers.count(name) > 0) return only_header(headers, name);
      }
      return {};
    case WebhookProvider::kBitbucket:
      for (const char* name : {"x-request-uuid", "x-request-id"}) {
        if (headers.count(name) > 0) return only_header(headers, name);
      }
      return {};
    case WebhookProvider::kGeneric:
      return only_header(headers, "x-maand-delivery");
  }
  return {};
}

Digest mark(WebhookProvider provider, const char* kind, std::string_view text) {
  return sha256(std::string(to_string(provider)) + '\n' + kind + '\n' + sha256(text).hex());
}

}  // namespace

std::vector<DeliveryMark> delivery_marks(WebhookProvider provider, const WebhookHeaders& headers,
                                         std::string_view body, bool names_commit) {
  std::vector<DeliveryMark> marks;
  if (const std::string_view id = delivery_id(provider, headers); !id.empty())
    marks.push_back({mark(provider, "id", id), kDeliveryIdKept});
  const bool generic = provider == WebhookProvider::kGeneric;
  const std::string_view stamp = generic ? only_header(headers, "x-maand-timestamp") : std::string_view();
  if (provider != WebhookProvider::kGitlab && (names_commit || !stamp.empty()))
    marks.push_back(
        {mark(provider, "signed", std::string(stamp) + "." + std::string(body)), kSignedBodyKept});
  return marks;
}

bool DeliveryMemory::take(const std::vector<DeliveryMark>& marks, Instant now) {
  forget(now);
  for (const DeliveryMark& one : marks) {
    if (until_.count(one.what) > 0) return false;
  }
  for (const DeliveryMark& one : marks) {
    if (most_ == 0) break;
    if (until_.size() >= most_) {
      until_.erase(by_time_.begin()->second);
      by_time_.erase(by_time_.begin());
    }
    const Instant until = now + one.kept_for;
    if (until_.emplace(one.what, until).second) by_time_.emplace(until, one.what);
  }
  return true;
}

void DeliveryMemory::forget(Instant now) {
  while (!by_time_.empty() && by_time_.begin()->first <= now) {
    until_.erase(by_time_.begin()->second);
    by_time_.erase(by_time_.begin());
  }
}

}  // namespace maand
