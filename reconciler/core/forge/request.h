// The one HTTP request that tells a git host what became of a commit.
//
// Built anew each time it is sent, so that the token is in no outbox.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reconciler/core/forge/repository.h"
#include "reconciler/core/ids.h"
#include "reconciler/core/status.h"

namespace maand {

struct ForgeRequest {
  std::string method;  // GET, POST, PUT, PATCH
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;  // the token is in one of them: never log them
  std::string body;                                          // JSON; empty with GET
};

struct ForgeStatus {
  CommitId commit;
  PassState state = PassState::kPending;
  std::string context;      // `maand/prod`: statuses of one context replace one another
  std::string description;  // any length; cut to what the provider takes
  std::string target_url;   // where the details are; empty: the commit's page where the provider needs one
  std::string branch;       // whose head it is (GitLab asks for it); empty: not known
};

// `token` is the content of the token file. For Bitbucket `user:password` is sent as such,
// anything else as a bearer token.
ForgeRequest status_request(const ForgeRepository& repository, const ForgeStatus& status,
                            std::string_view token);

// What every request to `repository` begins with: `what` is a path below the API's base.
ForgeRequest forge_request(const ForgeRepository& repository, std::string method, const std::string& what,
                           std::string_view token, std::string body);

// The key that Bitbucket knows a context by: as it is, or, when longer than 40 bytes, shortened
// so that two contexts still differ.
std::string bitbucket_key(const std::string& context);

}  // namespace maand
