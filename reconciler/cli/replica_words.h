// What a standby hands on to the leader (store/replica_link.h), as text: operators' words with their
// answers, and what webhooks announced.
#pragma once

#include <string>
#include <vector>

#include "reconciler/core/announcement.h"
#include "reconciler/core/control.h"
#include "reconciler/store/replica_link.h"

namespace maand {

inline constexpr const char* kPushWord = "push";
inline constexpr const char* kPreviewWord = "preview";
// An order that orders nothing: the answer is `served` of the leader's status (openapi.json).
inline constexpr const char* kServedVerb = "served";

// `arguments`: of the method of Controls that is called `verb`, without the actor.
std::string order_body(const std::string& verb, const std::vector<std::string>& arguments,
                       const std::string& actor);
std::string push_body(const Announcement& announcement);

std::string text_of(const ControlReply& reply);
// What cannot be read is refused.
ControlReply reply_from(const std::string& text);

// On the leader: does what the word says; returns the answer, text_of a reply. A kind or a verb that is
// not known here (of a newer replica) is refused. May take as long as Controls does.
std::string carry_out(const HandedWord& word, Controls& controls, Announcements& announcements,
                      const StatusSource& status);

}  // namespace maand
