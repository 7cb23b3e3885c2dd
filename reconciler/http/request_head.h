// What a request says before its body, and whether that is anything we serve.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "reconciler/http/http_limits.h"
#include "reconciler/http/message.h"
#include "reconciler/http/peer.h"

namespace maand {

struct RequestHead {
  HttpRequest request;  // its body has still to come
  std::size_t body_bytes = 0;
  bool answer_without_body = false;  // HEAD
  std::optional<HttpReply> refused;  // the answer; nothing else is to be read
};

// cpp-httplib parses the head and never sees a body: its own reading of bodies
// takes a refused one to its end, and forms into parameters.
//
// Refused here: a body above the cap, chunked or compressed bodies, a body that is
// no JSON where that is asked for, paths above 512 bytes, methods other than GET, HEAD
// and POST, and a Host header that does not name loopback where that is asked for.
class HeadReader {
 public:
  explicit HeadReader(const HttpLimits& limits);
  ~HeadReader();
  // `head` ends with the blank line. One thread at a time. Total.
  RequestHead read(std::string_view head, const Peer& peer);

 private:
  class Parser;
  const std::unique_ptr<Parser> parser_;
};

}  // namespace maand
