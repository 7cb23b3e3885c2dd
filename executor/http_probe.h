// One http check: GET, at most five redirects, exactly the expected status
// (workspace.md 2.6). No body is read.
//
// https trusts the system's store and the bucket's CA, and wants the name or
// address that is asked for in the certificate. cpp-httplib speaks HTTP and TLS, on
// a thread of its own for the length of a request; the deadline is held by the
// relay between it and the wire (wire_relay.h).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "executor/http_target.h"
#include "executor/wire.h"

namespace maand {

// Connects to what a target names. Throws SshError with the reason.
using DialTarget = std::function<std::unique_ptr<Wire>(const HttpTarget&, Deadline)>;

struct HttpQuestion {
  HttpTarget target;
  int expect_status = 200;
  std::filesystem::path ca_file = {};  // PEM; not there = the system's store alone
};

// Empty: as expected. Else what was wrong, in words; nothing of the answer but its
// status and where it redirects to. Throws std::system_error when this machine
// has no socket or thread to spare.
std::string probe_http(const HttpQuestion& question, const DialTarget& dial, Deadline deadline,
                       const Interrupter& interrupter);

}  // namespace maand
