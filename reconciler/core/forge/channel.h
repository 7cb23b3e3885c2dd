// The way to one git host: letters become requests, and its answers verdicts of the outbox.
#pragma once

#include <functional>
#include <string>

#include "reconciler/core/forge/letter.h"
#include "reconciler/core/outbound.h"

namespace maand {

class ForgeChannel : public Channel {
 public:
  // `token` gives the token as of now, empty when it cannot be read; called on any thread.
  ForgeChannel(ForgeRepository repository, std::function<std::string()> token, std::string ca_file = "");

  const std::string& name() const override { return name_; }
  std::optional<Parcel> make(const Letter& letter, WallTime now) const override;
  Delivery deliver(const Letter& letter, WallTime now, const Send& send) const override;

 private:
  OutboundRequest parcel(const ForgeRequest& request, const std::string& token) const;

  const std::string name_;
  const ForgeRepository repository_;
  const std::function<std::string()> token_;
  const std::string ca_file_;
};

}  // namespace maand
