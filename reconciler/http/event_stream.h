// GET /api/v1/events: what happens, as Server-Sent Events.
//
// Ids are `<start of the daemon>-<number>`. `Last-Event-ID`, or `?after=ID`,
// resumes behind an event; `?after=0` begins with the oldest that is kept; without
// either only what happens from now on is sent. When the event asked for is not
// kept any more, or is of another start of the daemon, `event: reset` comes first: the
// client reads the status again. `?wait=no` ends with the newest event.
#pragma once

#include <functional>

#include "reconciler/core/event_feed.h"
#include "reconciler/http/message.h"

namespace maand {

// `feed` outlives every stream of it.
HttpReply event_reply(const EventFeed& feed, const HttpRequest& request);

// `handler` with that route in front of it.
std::function<HttpReply(const HttpRequest&)> with_events(
    const EventFeed& feed, std::function<HttpReply(const HttpRequest&)> handler);

}  // namespace maand
