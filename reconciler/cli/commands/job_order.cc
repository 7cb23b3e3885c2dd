#include "reconciler/cli/commands/job_order.h"

#include <iostream>
#include <utility>

#include "reconciler/cli/actor.h"
#include "reconciler/cli/bucket.h"
#include "reconciler/cli/daemon_link.h"
#include "reconciler/cli/order_follow.h"
#include "reconciler/cli/services.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

// Nothing given is everywhere; given and empty (`--allocations "$HOSTS"`) is a mistake, and no reason to
// stop a job everywhere.
std::string list_of(const std::vector<std::string>& hosts) {
  std::string out;
  for (const std::string& host : hosts) {
    if (trim(host).empty())
      throw CommandError(kExitUsage,
                         "--allocations names no worker; write a,b, or leave it out for all of them");
    out += (out.empty() ? "" : ",") + host;
  }
  return out;
}

// Whole lines, each behind its worker; nothing with --json, where only the end is told.
OutputTail tail_of(const Context& context, const Bucket& bucket, const std::string& job) {
  return OutputTail(
      bucket.logs(), job, [quiet = context.json](const std::string& worker, std::string_view line) {
        if (!quiet)
          std::cout << "[" << printable(worker) << "] " << printable(line, line.size() * 4 + 1) << "\n"
                    << std::flush;
      });
}

int run(const Context& context, const std::string& verb, const JobOrderOptions& options) {
  const Bucket bucket = open_bucket(context);
  const JobOrderRequest request{
      verb, options.job, list_of(options.allocations), options.health_check, options.reason, options.span};
  Patience patience;  // before any thread
  OutputTail tail = tail_of(context, bucket, options.job);
  std::vector<std::pair<std::string, std::string>> body = {
      {"verb", verb}, {"job", options.job}, {"actor", current_actor()}};
  if (!request.workers.empty()) body.emplace_back("allocations", request.workers);
  if (request.health_check) body.emplace_back("health_check", "yes");
  if (!request.reason.empty()) body.emplace_back("reason", request.reason);
  if (!request.span.empty()) body.emplace_back("for", request.span);
  const DaemonLink daemon(bucket.socket());
  const DaemonAnswer answer = daemon.post("/api/v1/job", body);
  if (answer.no_daemon()) {
    return carry_out_here(
        context, bucket, tail, patience,
        [&](Services& services) { return services.desk().job_order_here(request, current_actor()); },
        [](Services& services) { services.reconciler().run_orders(); });
  }
  if (!answer.done()) refuse_order(answer);
  return follow_order(context, daemon, answer.text, tail, patience);
}

}  // namespace

int run_job_start(const Context& context, const JobOrderOptions& options) {
  return run(context, "start", options);
}
int run_job_stop(const Context& context, const JobOrderOptions& options) {
  return run(context, "stop", options);
}
int run_job_restart(const Context& context, const JobOrderOptions& options) {
  return run(context, "restart", options);
}

}  // namespace maand
