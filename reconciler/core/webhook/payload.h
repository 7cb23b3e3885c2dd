// What does a verified delivery say: which refs moved, and to which commit?
//
// Total: any bytes give a payload or a sentence about what is wrong. Only the
// members named in payload.cc are looked at. Which repository it speaks of is not
// asked: a push elsewhere that is signed with our secret makes us read our own ref,
// which is harmless, and repositories are renamed, mirrored and reached by many names.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/ids.h"
#include "reconciler/core/webhook/provider.h"

namespace maand {

struct RefMove {
  std::string ref;  // in full: refs/heads/main
  CommitId commit;  // where it is now; empty: deleted, or (generic) not named
  bool deleted = false;
  friend bool operator==(const RefMove&, const RefMove&) = default;
};

struct WebhookPayload {
  enum class Kind {
    kPush,
    kPing,        // the provider asks whether we are there
    kOtherEvent,  // an issue, a merge request, …
    kMalformed,   // no JSON, or not what such an event looks like
  };
  Kind kind = Kind::kOtherEvent;
  std::vector<RefMove> moves;  // kPush
  std::string problem;         // kMalformed: one sentence, printable
};

// Refs of one push that are looked at; the rest of a larger one is left to polling.
inline constexpr std::size_t kMaxRefMoves = 1000;

WebhookPayload read_webhook(WebhookProvider provider, const WebhookHeaders& headers, std::string_view body);

// The connection test of Bitbucket Server, which it sends without a signature
// even where a secret is set. Told by its headers alone.
bool is_unsigned_ping(WebhookProvider provider, const WebhookHeaders& headers);

// By its headers alone: a pull or merge request was opened or has moved.
bool is_proposal(const WebhookHeaders& headers);

// The newest move of `ref` (in full) that did not delete it.
std::optional<RefMove> move_of(const WebhookPayload& payload, std::string_view ref);

}  // namespace maand
