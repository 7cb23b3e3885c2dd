// HTTP and SMTP to other people's services, with libcurl: one connection per delivery,
// a deadline over all of it, no redirects, certificates always verified.
#pragma once

#include <atomic>
#include <memory>

#include "reconciler/core/outbound.h"

namespace maand {

// Each call is on its own, so any number may run at once. SIGPIPE has to be ignored by
// the process. HTTP goes through the proxies that `https_proxy`, `http_proxy` and
// `no_proxy` name, as curl(1) would; SMTP through none.
class CurlCourier : public Courier {
 public:
  CurlCourier();
  ~CurlCourier() override;
  CurlCourier(const CurlCourier&) = delete;
  CurlCourier& operator=(const CurlCourier&) = delete;

  Reply send(const OutboundRequest& request) override;
  Reply send(const OutboundMail& mail) override;
  void interrupt() override { interrupted_ = true; }

 private:
  std::atomic<bool> interrupted_ = false;
};

}  // namespace maand
