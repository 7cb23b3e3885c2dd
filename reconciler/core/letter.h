// What is to be said to somebody outside, as the outbox of the store keeps it until it
// is delivered: which channel it is for and what it says, never how to get there.
#pragma once

#include <cstdint>
#include <string>

#include "reconciler/core/applied.h"

namespace maand {

struct Letter {
  std::int64_t id = 0;  // given by the store; rises, also over a letter that replaces another
  std::string channel;  // name of a channel, `slack` or `github`; nothing of its address
  // Within its channel. A newer letter takes the place of an older one that has not been
  // delivered yet (a commit's status); what each has to arrive has a subject of its own.
  std::string subject;
  // A document that the channel renders when it sends. Holds no token, URL with a
  // secret, or password: a backup of the store is nobody's key.
  std::string json;
  WallTime created_at{};
  int refusals = 0;       // answers that said no (Verdict::kRefused)
  WallTime not_before{};  // is not sent earlier, after one of them
};

}  // namespace maand
