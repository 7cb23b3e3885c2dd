// Tells the bucket's own Prometheus of certificates after a pass that deployed something
// (workspace.md 12.4; core/certificate_push says whether there is one).
//
// Best effort: nothing of it is kept, and what comes of it is only logged and counted. One push at a
// time, on a lane of its own, so that neither a pass nor the daemon's end waits for it; waiting for
// another try costs no thread.
//
// Reconcile thread, where nothing else is said.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "reconciler/app/inbox.h"
#include "reconciler/app/judge.h"
#include "reconciler/app/lane_thread.h"
#include "reconciler/app/pass_listener.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/remote_write.h"

namespace maand {

class CertificatePusher : public PassListener {
 public:
  struct Deps {
    Inbox& inbox;
    RemoteWriter& writer;
    const Judge& judge;  // whose sources say what is secret
    const Clock& clock;
    Observer& observer;
  };
  explicit CertificatePusher(Deps deps);
  ~CertificatePusher() override;  // waits for the try under way (see Courier::interrupt)
  CertificatePusher(const CertificatePusher&) = delete;
  CertificatePusher& operator=(const CertificatePusher&) = delete;

  void moved(const Memory&, const AppliedState&) override {}
  void pass_ended(const Memory& memory, const AppliedState& state, const PassResult& result,
                  bool leaving) override;

  // A push is not over: under way, or waiting to be tried again.
  bool pushing() const { return push_ != nullptr; }
  // For a command that does one pass: serves the inbox until what is under way is over, or until
  // `deadline`.
  void drain(Instant deadline);

  std::string prometheus() const;  // any thread

 private:
  void send();
  void answered(const Reply& reply);
  void failed(const std::string& why);

  Deps deps_;
  std::shared_ptr<const RemoteWrite> push_;  // null: nothing is to be sent
  std::shared_ptr<const RemoteWrite> next_;  // newer; takes its place once it was answered
  bool sending_ = false;
  int failures_ = 0;                 // of push_
  std::uint64_t turn_ = 0;           // rises with each push, so that an older one's wake-up is none
  std::atomic<bool> known_ = false;  // there was a Prometheus to tell
  std::atomic<std::uint64_t> done_ = 0, failed_ = 0;
  std::shared_ptr<CertificatePusher*> self_ = std::make_shared<CertificatePusher*>(this);  // gone when it is
  LaneThread lane_;  // last: ends before what it works for
};

}  // namespace maand
