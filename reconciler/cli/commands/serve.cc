#include "reconciler/cli/commands/serve.h"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <string>

#include "reconciler/cli/listeners.h"
#include "reconciler/cli/serve_buckets.h"
#include "reconciler/cli/services.h"
#include "reconciler/cli/serving.h"
#include "reconciler/cli/signals.h"

namespace maand {
namespace {

// Connections that wait cost a descriptor each (reconciler/http), and systemd's
// soft limit of 1024 is meant for programs that use select(2).
void allow_many_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::max(limit.rlim_cur, std::min<rlim_t>(limit.rlim_max, 16384));
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int run_serve(const Context& context, const ServeOptions& options) {
  allow_many_descriptors();
  if (serves_several(context, options)) return serve_buckets(context, options);
  Context of_one = context;
  if (!options.buckets.empty()) of_one.bucket = options.buckets.front();
  const Bucket bucket = open_bucket(of_one);
  const ServiceManager manager;
  // Signals first: a thread that exists before would take them.
  // A renewal that went wrong must not end the daemon that serves the old certificate.
  ServingWishes wishes(of_one, [](const Bucket& fresh) { tls_of(fresh); });
  SignalWatch signals({SIGTERM, SIGINT, SIGHUP}, [&](int signal) {
    if (signal == SIGHUP) {
      wishes.reload();
    } else {
      manager.leaving();
      wishes.leave();
    }
  });
  const std::shared_ptr<BucketLock> lock = Services::take_lock(bucket);
  serve_with_reloads(bucket, [&](const Bucket& settings, const std::string& news) {
    return serve(settings, {of_one, lock, wishes, manager}, news);
  });
  return kExitDone;
}

}  // namespace maand
