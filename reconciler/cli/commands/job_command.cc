#include "reconciler/cli/commands/job_command.h"

#include "reconciler/cli/hook_request.h"

namespace maand {

int run_job_command(const Context& context, const JobCommandOptions& options) {
  const Bucket bucket = open_bucket(context);
  return run_hook_request(context, bucket,
                          {"cli", options.command, options.job, options.concurrency, "", ""});
}

}  // namespace maand
