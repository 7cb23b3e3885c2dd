// Who is to be blamed for a request, where requests are counted for each source?
#pragma once

#include <string>

#include "reconciler/http/server.h"

namespace maand {

// The peer's address; of IPv6 its /64, which one client has to itself. A peer on
// loopback is a proxy in front of us: then the last address of X-Forwarded-For,
// which the proxy adds (docs/webhooks.md). Numeric, printable, never empty.
std::string source_of(const HttpRequest& request);

}  // namespace maand
