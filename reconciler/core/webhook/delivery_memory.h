// Was this delivery taken before? So that one that is captured and sent again
// pokes nobody (R6.3).
//
// Two marks. The id a provider gives a delivery; it is in a header, which no
// signature covers, so whoever replays can change it. Hence also what was signed,
// for a shorter time: a branch that is forced back and forth makes honest
// deliveries with equal bodies. GitLab signs nothing (who captures one has the
// secret), and a generic delivery without commit and timestamp looks like every
// other one; these have no second mark. A replay that passes all the same makes us
// read a ref, as often as the rate limit allows.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "reconciler/core/ids.h"
#include "reconciler/core/webhook/provider.h"

namespace maand {

struct DeliveryMark {
  Digest what;
  std::chrono::seconds kept_for;
};

inline constexpr std::chrono::seconds kDeliveryIdKept{24 * 3600};
inline constexpr std::chrono::seconds kSignedBodyKept{600};

// `names_commit`: the delivery says which commit the ref is at.
std::vector<DeliveryMark> delivery_marks(WebhookProvider provider, const WebhookHeaders& headers,
                                         std::string_view body, bool names_commit);

// Only of deliveries whose signature was right, or anybody could make us deaf to an id.
class DeliveryMemory {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  // Full: those that would be forgotten next go first. About 150 bytes each.
  explicit DeliveryMemory(std::size_t most = 8192) : most_(most) {}

  // False, and nothing changes: one of the marks is known.
  bool take(const std::vector<DeliveryMark>& marks, Instant now);
  std::size_t size() const { return until_.size(); }

 private:
  void forget(Instant now);

  const std::size_t most_;
  std::map<Digest, Instant> until_;
  std::set<std::pair<Instant, Digest>> by_time_;
};

}  // namespace maand
