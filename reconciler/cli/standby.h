// A replica that does not lead: answers reads from the store, hands on what it is told, and waits until
// nobody leads the bucket.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "reconciler/app/inbox.h"
#include "reconciler/cli/bucket.h"

namespace maand {

class Standby {
 public:
  // Throws StoreError for a state.url that cannot be read.
  Standby(const Bucket& bucket, const Context& context);
  ~Standby();
  Standby(const Standby&) = delete;
  Standby& operator=(const Standby&) = delete;

  // Listens and answers, until nobody leads (true) or stop() (false). `ready` is called once everything
  // listens. Throws ListenError and CommandError; and StoreError where the server cannot be asked and
  // `at_start` is set. Later that is told, and /readyz says so.
  bool wait(const std::function<void(Inbox&)>& ready, bool at_start);
  void stop();                         // any thread
  void note(const std::string& text);  // likewise: for the log

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace maand
