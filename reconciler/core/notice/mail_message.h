// A message as RFC 5322 and MIME want it: plain text in UTF-8.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/applied.h"

namespace maand {

struct MailMessage {
  std::string from;  // bare addresses, as is_mail_address admits them
  std::vector<std::string> to;
  std::string subject;  // any text; it becomes one header whatever is in it
  std::string body;     // any text, lines end in \n
  std::string id;       // letters, digits, `.` and `-`; others are left out
  WallTime date{};
};

// Lines end in CRLF and have at most 998 bytes. Total.
std::string rfc5322(const MailMessage& message);

}  // namespace maand
