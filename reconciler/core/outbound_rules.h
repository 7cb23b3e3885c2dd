// May this be sent as it stands? Asked before any byte leaves, so that no value, wherever
// it came from, becomes a header, a recipient or an SMTP command of its own.
#pragma once

#include <string>
#include <string_view>

#include "reconciler/core/outbound.h"

namespace maand {

// "": it may. Else a few words without any value in them (it may be a secret).
std::string problem_with(const OutboundRequest& request);
std::string problem_with(const OutboundMail& mail);

// `http://…` or `https://…` with a host, of printable ASCII without spaces, quotes, `<>` and `\`,
// and without user or password.
bool is_http_url(std::string_view url);
// `smtp://host[:port]` or `smtps://…`, likewise, and no path.
bool is_smtp_url(std::string_view url);
// `local@domain` of the plain kind: no comments, quotes, spaces or control characters;
// at most 254 bytes. The domain may be a name without a dot.
bool is_mail_address(std::string_view address);
// The name or address between `://` and the port.
std::string_view host_of_url(std::string_view url);
// `localhost`, 127.0.0.0/8 or ::1.
bool is_loopback_host(std::string_view host);

}  // namespace maand
