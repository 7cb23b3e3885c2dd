// One bucket in a daemon of several: a thread that serves it, and tries it again when it cannot be served.
//
// Nothing that goes wrong here ends another bucket or the process: it is in the log, at /readyz, in
// `maand_bucket_up`, and over with the next try that succeeds.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "reconciler/app/reporter.h"
#include "reconciler/cli/serving_wishes.h"
#include "reconciler/http/bucket_doors.h"
#include "reconciler/http/shared_listeners.h"

namespace maand {

class HostedBucket {
 public:
  // Outlives it.
  struct Host {
    const Context& context;
    LogOptions log;
    BucketDoors& doors;
    SharedListeners& listeners;
    std::string tls_cert;           // of the listeners; empty: none
    std::string webhook_listen;     // of the listeners; empty: none
    std::function<void()> changed;  // tried() or ended() is another. Any thread
  };

  // Begins at once. `directory`: a real path, added to the doors already.
  HostedBucket(const Host& host, std::string directory);
  ~HostedBucket();  // leaves, and waits for it

  // Any thread; return at once.
  void leave();
  void reload();                         // takes maand.conf over; one that is down is tried now
  bool tried() const { return tried_; }  // it is served, or could not be
  bool ended() const { return ended_; }  // after leave()

 private:
  void run();
  void start();
  std::optional<Bucket> serve(const Bucket& bucket, const std::shared_ptr<BucketLock>& lock,
                              const std::string& news);
  void claim(const Bucket& bucket);
  void failed(const std::string& why, std::chrono::seconds again);
  bool wait(std::chrono::seconds span);
  void tell();

  const Host& host_;
  const std::string directory_;
  Context context_;  // with this bucket
  Reporter log_;
  ServingWishes wishes_;
  std::optional<Bucket> first_;  // as it was read in the beginning
  bool lost_ = false;            // to another maand, in PostgreSQL; the thread's own
  std::mutex mutex_;
  std::condition_variable poked_;
  bool poke_ = false;
  std::atomic<bool> tried_{false};
  std::atomic<bool> ended_{false};
  std::thread thread_;  // last: uses the others
};

}  // namespace maand
