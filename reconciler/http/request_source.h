// Who is to be blamed for a request that may have come through a proxy?
#pragma once

#include <string>

#include "reconciler/http/message.h"

namespace maand {

// `source_of` the peer's address. A peer on loopback is a proxy in front of us: then
// of the last address of X-Forwarded-For, which the proxy adds (docs/webhooks.md).
// Numeric, never empty.
std::string source_behind_proxy(const HttpRequest& request);

}  // namespace maand
