// The dashboard (R6.2): one page and what it loads, out of the binary. Nothing in it
// is a secret and nothing depends on the bucket: the page asks the API.
#pragma once

#include <optional>
#include <string>

#include "reconciler/http/message.h"

namespace maand {

// `/` and `/dashboard/<file>`, each with an ETag of its content; nullopt: no path of
// the dashboard. What the page may load is said by answer_text.h.
std::optional<HttpReply> dashboard_page(const std::string& path);

}  // namespace maand
