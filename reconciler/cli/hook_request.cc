#include "reconciler/cli/hook_request.h"

#include <iostream>

#include "reconciler/cli/actor.h"
#include "reconciler/cli/order_follow.h"
#include "reconciler/core/text.h"

namespace maand {

int run_hook_request(const Context& context, const Bucket& bucket, const HookOrderRequest& request) {
  Patience patience;  // before any thread
  OutputTail tail(
      bucket.logs(), request.job,
      [quiet = context.json || request.job.empty()](const std::string& worker, std::string_view line) {
        if (quiet) return;
        std::cout << "[" << printable(worker) << "] " << printable(line, line.size() * 4 + 1) << "\n"
                  << std::flush;
      });
  const DaemonLink daemon(bucket.socket());
  std::vector<std::pair<std::string, std::string>> body = {
      {"event", request.event},
      {"command", request.command},
      {"job", request.job},
      {"concurrency", std::to_string(request.concurrency)},
      {"actor", current_actor()}};
  if (!request.target.empty()) body.emplace_back("target", request.target);
  if (!request.workers.empty()) body.emplace_back("allocations", request.workers);
  const DaemonAnswer answer = daemon.post("/api/v1/hook", body);
  if (answer.no_daemon()) {
    return carry_out_here(
        context, bucket, tail, patience,
        [&](Services& services) { return services.desk().hook_order_here(request, current_actor()); },
        [](Services& services) { services.reconciler().run_hook_orders(); });
  }
  if (!answer.done()) refuse_order(answer);
  return follow_order(context, daemon, answer.text, tail, patience);
}

}  // namespace maand
