// The dashboard (R6.2): one page and what it loads, out of the binary.
//
// Nothing in it is a secret and nothing depends on the bucket, so it needs no token:
// the page asks the API, which does.
#pragma once

#include <optional>
#include <string>

#include "reconciler/http/server.h"

namespace maand {

// `/` and `/dashboard/<file>`; nullopt: no path of the dashboard. Status 304 without a
// body when `if_none_match`, the header of the request, names what would be sent.
std::optional<HttpReply> dashboard_page(const std::string& path, const std::string& if_none_match = "");

}  // namespace maand
