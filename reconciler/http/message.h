// What a handler is asked and what it answers.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/http/role.h"

namespace maand {

class ReplyStream;

struct HttpRequest {
  std::string method;  // GET (HEAD as well) or POST
  std::string path;    // decoded, without the query
  std::multimap<std::string, std::string> query;
  std::multimap<std::string, std::string> headers;  // names in lower case
  std::string body;                                 // its bytes as they came
  std::string peer_address;                         // numeric, without the port; empty over a unix socket
  bool over_unix_socket = false;
  unsigned peer_uid = 0;  // of the process at the other end; unix socket only

  // Filled in by `guarded` of access.h, for the handlers behind it.
  Role role = Role::kNone;
  std::string actor;  // for the audit: `token alice`; empty: nobody who has a name

  // Empty: not there exactly once. `name` in lower case.
  std::string header(const std::string& name) const {
    const auto [begin, end] = headers.equal_range(name);
    return begin != end && std::next(begin) == end ? begin->second : std::string();
  }
};

struct HttpReply {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  // More of them, in this order: `ETag`, `Cache-Control`, … Values on one line.
  std::vector<std::pair<std::string, std::string>> headers;
  // Set: what comes after `body`, without an end.
  std::shared_ptr<ReplyStream> stream;
};

HttpReply json_error(int status, const std::string& message);

}  // namespace maand
