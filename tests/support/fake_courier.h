// A Courier that answers what the test says, and keeps what it was given.
#pragma once

#include <vector>

#include "tests/support/scripted_replies.h"

namespace maand {

class FakeCourier : public Courier, public ScriptedReplies<Parcel> {
 public:
  FakeCourier() : ScriptedReplies({.status = 200}) {}

  Reply send(const OutboundRequest& request) override { return take(request); }
  Reply send(const OutboundMail& mail) override { return take(mail); }
  void interrupt() override { release(); }
  std::vector<Parcel> sent() const { return given(); }
};

}  // namespace maand
