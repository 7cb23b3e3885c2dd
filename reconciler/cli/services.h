// The composition root: the one place where interfaces meet what implements them.
//
// Everything a bucket needs to be reconciled, built in order and taken down in
// reverse. Used by `serve` for as long as it runs and by commands that hold the
// bucket for one pass.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "reconciler/app/inbox.h"
#include "reconciler/app/metrics.h"
#include "reconciler/app/observers.h"
#include "reconciler/app/operator_desk.h"
#include "reconciler/app/reconciler.h"
#include "reconciler/app/status_board.h"
#include "reconciler/cli/bucket.h"
#include "reconciler/core/event_feed.h"
#include "reconciler/store/bucket_lock.h"
#include "reconciler/store/leadership.h"

namespace maand {

class Services {
 public:
  using OpenStore = std::function<std::unique_ptr<Store>(const std::filesystem::path&)>;

  // Throws CommandError: kExitNoDaemon when another process has the bucket.
  static std::shared_ptr<BucketLock> take_lock(const Bucket& bucket);

  // Throws CommandError(kExitUsage) for a bucket that cannot be served, and as
  // take_lock() when no `lock` is given. `open_store`: another store than the
  // bucket's own, for the fault suite; null = the real one.
  //
  // In PostgreSQL the bucket is led from then on: the next epoch is claimed (R3.12), and the server hears
  // of us every second for as long as the inbox is served. Throws StoreError. Who has lost the bucket to
  // another one stops at once.
  Services(const Bucket& bucket, const Context& context, std::shared_ptr<BucketLock> lock = nullptr,
           const OpenStore& open_store = nullptr);
  ~Services();
  Services(const Services&) = delete;
  Services& operator=(const Services&) = delete;

  // Log lines say which bucket they are of. Before anything runs.
  void name_in_log(const std::string& bucket);

  Inbox& inbox();
  Reconciler& reconciler();
  OperatorDesk& desk();
  // For a command that does one pass: what is to be told outside is tried, until `deadline`.
  void tell_outside(Instant deadline);
  StatusBoard& board();
  Observers& observers();
  // Families of other rooms are added before a server asks for the text.
  Metrics& metrics();
  EventFeed& events();
  const Memory& memory();
  // Of a bucket in PostgreSQL; null: in files, which nobody can take away.
  std::shared_ptr<const Leadership> leadership() const;

  // Ends every wait for git and for workers soon. Any thread.
  void let_go();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace maand
