// What the daemon tells the service manager that started it: sd_notify(3), without its library.
//
// A watchdog is fed from the reconcile thread and from nowhere else, so that a loop that
// hangs is found out: systemd then ends the process and starts another, which settles what
// runs on workers (R7.1). Without a service manager nothing is told.
#pragma once

#include <chrono>
#include <string>

#include "reconciler/app/inbox.h"

namespace maand {

class ServiceManager {
 public:
  // Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment, because
  // children (git, hooks) are not the service. Before any other thread.
  ServiceManager();

  // Everything listens. Also after a reload. From now on the watchdog is fed for as long
  // as `inbox` is served, three times in what it allows. Outlives the inbox.
  void ready(Inbox& inbox) const;
  // The same where somebody else feeds the watchdog: a daemon of several buckets, whose loops all have to
  // be alive.
  void ready() const { tell("READY=1"); }
  std::chrono::microseconds beat_interval() const;  // 0: there is no watchdog
  void beat() const;
  // Any thread.
  void leaving() const { tell("STOPPING=1"); }

 private:
  void tell(const std::string& state) const;
  void feed(Inbox& inbox) const;

  std::string socket_;                     // empty: nobody listens
  std::chrono::microseconds watchdog_{0};  // 0: none
};

}  // namespace maand
