#include "reconciler/cli/commands/job_command.h"

#include <iostream>

#include "reconciler/cli/actor.h"
#include "reconciler/cli/order_follow.h"
#include "reconciler/core/text.h"

namespace maand {

int run_job_command(const Context& context, const JobCommandOptions& options) {
  const Bucket bucket = open_bucket(context);
  const HookOrderRequest request{"cli", options.command, options.job, options.concurrency};
  Patience patience;  // before any thread
  OutputTail tail(
      bucket.logs(), options.job,
      [quiet = context.json || options.job.empty()](const std::string& worker, std::string_view line) {
        if (quiet) return;
        std::cout << "[" << printable(worker) << "] " << printable(line, line.size() * 4 + 1) << "\n"
                  << std::flush;
      });
  const DaemonLink daemon(bucket.socket());
  const DaemonAnswer answer =
      daemon.post("/api/v1/hook", {{"event", request.event},
                                   {"command", request.command},
                                   {"job", request.job},
                                   {"concurrency", std::to_string(request.concurrency)},
                                   {"actor", current_actor()}});
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
