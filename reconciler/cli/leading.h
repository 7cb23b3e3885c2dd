// What a daemon does besides reconciling while it leads a bucket in PostgreSQL: it is heard of by the
// server, and takes what standbys hand on.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "reconciler/core/announcement.h"
#include "reconciler/core/control.h"
#include "reconciler/store/leadership.h"
#include "reconciler/store/replica_link.h"

namespace maand {

class Leading {
 public:
  // All outlive this, and must be served until it ends.
  struct Deps {
    Controls& controls;
    Announcements& announcements;
    const StatusSource& status;
    std::function<void(const std::string&)> say;
  };
  // A thread of its own, which ends with it.
  Leading(std::unique_ptr<ReplicaLink> link, std::shared_ptr<const Leadership> leadership, Deps deps);
  ~Leading();
  Leading(const Leading&) = delete;
  Leading& operator=(const Leading&) = delete;

 private:
  void listen();

  const std::unique_ptr<ReplicaLink> link_;
  const std::shared_ptr<const Leadership> leadership_;
  const Deps deps_;
  std::atomic<bool> ending_{false};
  std::thread thread_;  // last: it uses the others
};

}  // namespace maand
