// What a git host's answer means: taken, already so, later, or not at all, and why.
//
// Total: any status, headers and bytes give a verdict. An answer is taken for "it is told"
// only when it is one that the provider gives to a status it has stored; a page for logging
// in, a proxy's greeting or a 422 is none.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>

#include "reconciler/core/applied.h"
#include "reconciler/core/forge/provider.h"

namespace maand {

struct ForgeAnswer {
  int status = 0;                              // of HTTP
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

struct ForgeVerdict {
  enum class Kind {
    kTaken,    // it is there
    kAlready,  // it was there already: as good
    kLater,    // nobody's fault, or a limit: again after `wait`, or as the caller sees fit when that is 0
    kDenied,   // a person has to mend the token, its rights or the address; then it may be sent again
    kRefused,  // the same request would be refused again, whatever anybody mends
  };
  Kind kind = Kind::kRefused;
  std::string sentence;  // for people; empty when taken. Printable, without the token
  std::chrono::seconds wait{0};
};

// Of status_request(). `asked` is the word that was sent.
ForgeVerdict read_status_answer(ForgeProvider provider, std::string_view asked, const ForgeAnswer& answer,
                                WallTime now);

// Of any other request of ours that was not answered with 2xx; `for_what` names it ("comment").
ForgeVerdict read_refusal(ForgeProvider provider, const std::string& for_what, const ForgeAnswer& answer,
                          WallTime now);

// What the provider says is wrong, from the members in which each of them says it; "" when
// it says nothing. Printable, at most 200 bytes.
std::string complaint_of(std::string_view body);

}  // namespace maand
