// A Transport that tells a Meter of every connection that was tried.
#pragma once

#include "executor/transport.h"
#include "reconciler/core/meter.h"

namespace maand {

class MeteredTransport : public Transport {
 public:
  // Both outlive it.
  MeteredTransport(Transport& transport, Meter& meter) : transport_(transport), meter_(meter) {}

  Connected connect(const Endpoint& endpoint) override {
    const auto begun = std::chrono::steady_clock::now();
    Connected connected = transport_.connect(endpoint);
    meter_.connected(connected.condition, std::chrono::steady_clock::now() - begun);
    return connected;
  }
  void interrupt() override { transport_.interrupt(); }

 private:
  Transport& transport_;
  Meter& meter_;
};

}  // namespace maand
