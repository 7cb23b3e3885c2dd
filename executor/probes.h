// Health probes from the control host (R2.4, workspace.md 2.6).
#pragma once

#include <chrono>
#include <string>

namespace maand {

// Connects to address:port and hangs up. `address`: an IP literal or a DNS name
// (resolved by the system). Empty: it was accepted within `timeout`; else why not.
std::string probe_tcp(const std::string& address, int port, std::chrono::milliseconds timeout);

}  // namespace maand
