// A RemoteWriter that answers what the test says, and keeps what it was given.
#pragma once

#include <vector>

#include "reconciler/core/remote_write.h"
#include "tests/support/scripted_replies.h"

namespace maand {

class FakeRemoteWriter : public RemoteWriter, public ScriptedReplies<RemoteWrite> {
 public:
  FakeRemoteWriter() : ScriptedReplies({.status = 204}) {}

  Reply write(const RemoteWrite& what) override { return take(what); }
  std::vector<RemoteWrite> written() const { return given(); }
};

}  // namespace maand
