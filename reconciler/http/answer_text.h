// A reply as the bytes of HTTP/1.1, with the headers that every answer carries.
#pragma once

#include <string>

#include "reconciler/http/message.h"

namespace maand {

// Added where the reply does not say otherwise: nothing is stored, no type is
// guessed, no referrer is sent; a page loads from us alone and stands in no frame.
// The connection ends after it. A reply with a stream has no length.
std::string answer_text(const HttpReply& reply, bool without_body = false);

// 304 without a body, when the client has the very reply: its If-None-Match names
// the reply's ETag (RFC 9110, weak comparison). Otherwise as it is.
HttpReply unless_known(const HttpRequest& request, HttpReply reply);

}  // namespace maand
