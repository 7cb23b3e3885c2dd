#include "reconciler/cli/commands/serve.h"

#include <atomic>
#include <csignal>
#include <cstdio>

#include "reconciler/cli/services.h"
#include "reconciler/cli/signals.h"
#include "reconciler/http/api.h"
#include "reconciler/http/health.h"
#include "reconciler/http/socket_address.h"

namespace maand {
namespace {

// SIGHUP: a bad file keeps the old settings and says so (interface.md). Which of
// them a running daemon can take over is little so far; the rest is told.
void reload(const Context& context, const Bucket& running, Reporter& reporter) {
  try {
    const Bucket fresh = open_bucket(context);
    const bool same = fresh.config.git.url == running.config.git.url &&
                      fresh.config.git.branch == running.config.git.branch;
    reporter.note(same ? "maand.conf is valid; changed settings take effect at the next start"
                       : "maand.conf is valid and names another repository or branch; it takes effect at the "
                         "next start");
  } catch (const CommandError& error) {
    reporter.note(std::string("maand.conf was not reloaded, the old settings stay: ") + error.what());
  }
}

void leave(Services& services) {
  services.reporter().note("leaving; what runs on workers goes on and is settled at the next start");
  services.reconciler().stop();
}

}  // namespace

int run_serve(const Context& context, const ServeOptions&) {
  const Bucket bucket = open_bucket(context);
  // Signals first: a thread that exists before would take them.
  std::atomic<bool> leaving = false;
  std::atomic<Services*> running = nullptr;
  SignalWatch signals({SIGTERM, SIGINT, SIGHUP}, [&](int signal) {
    Services* now = running;
    if (signal != SIGHUP) {
      leaving = true;
      if (now) leave(*now);
    } else if (now) {
      reload(context, bucket, now->reporter());
    }
  });
  Services services(bucket, context);
  try {
    HealthServer health(bucket.config.http.health_listen, services.board());
    ApiServer api({bucket.config.http.listen, bucket.socket().string()}, services.board(), services.desk());
    services.reporter().note("serving bucket " + bucket.config.name + " (" + bucket.config.bucket_id.str() +
                             "), " + bucket.config.git.url + " " + bucket.config.git.branch);
    running = &services;
    if (leaving) leave(services);  // the signal came before there was anything to stop
    services.reconciler().run();
    running = nullptr;
  } catch (const ListenError& error) {
    throw CommandError(kExitUsage, error.what());
  }
  return kExitDone;
}

}  // namespace maand
