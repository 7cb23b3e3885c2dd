#include "reconciler/cli/commands/orders.h"

#include <functional>
#include <iostream>

#include "reconciler/cli/actor.h"
#include "reconciler/cli/allocation_name.h"
#include "reconciler/cli/bucket.h"
#include "reconciler/cli/bucket_details.h"
#include "reconciler/cli/daemon_link.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/cli/services.h"

namespace maand {
namespace {

struct Order {
  std::string route;  // below /api/v1/
  std::vector<std::pair<std::string, std::string>> body;
  std::function<ControlReply(OperatorDesk&, const std::string& actor)> here;
  bool reads_workspace = false;  // `here` asks what the workspace wants
};

ExitStatus exit_of_answer(const DaemonAnswer& answer) {
  if (answer.done()) return kExitDone;
  if (answer.kind == DaemonAnswer::Kind::kBroken || answer.status == 503) return kExitNoDaemon;
  if (answer.status == 404 || answer.status == 400) return kExitUsage;
  if (answer.status == 409) return kExitHeld;
  return kExitFailed;
}

ExitStatus exit_of_reply(const ControlReply& reply) {
  switch (reply.kind) {
    case ControlReply::Kind::kDone:
      return kExitDone;
    case ControlReply::Kind::kUnknownSubject:
    case ControlReply::Kind::kMalformed:
      return kExitUsage;
    case ControlReply::Kind::kRefused:
      return kExitHeld;
    case ControlReply::Kind::kBusy:
      return kExitNoDaemon;
  }
  return kExitFailed;
}

int finish(const Context& context, ExitStatus status, const std::string& text, bool daemon) {
  if (status != kExitDone) throw CommandError(status, text);
  if (context.json) {
    std::cout << JsonObject().flag("done", true).text("message", text).flag("daemon", daemon).str() << "\n";
  } else {
    std::cout << text << "\n";
    if (!daemon) std::cout << "No daemon runs; the next `maand serve` or `maand reconcile` acts on it.\n";
  }
  return kExitDone;
}

// Without one, the whole bucket is meant.
std::vector<std::pair<std::string, std::string>> with_job(
    const std::string& job, std::vector<std::pair<std::string, std::string>> body) {
  if (!job.empty()) body.emplace_back("job", job);
  return body;
}

// The whole id of a commit that `job` (empty: the whole workspace) can be taken from.
std::string commit_with(const Context& context, const std::string& job, const std::string& rev) {
  DetailReply content = BucketDetails(open_bucket(context)).content_at(job, rev);
  if (content.kind != DetailReply::Kind::kFound) {
    throw CommandError(content.kind == DetailReply::Kind::kUnknown ? kExitUsage : kExitFailed, content.text);
  }
  return content.text;
}

int give(const Context& context, const Order& order) {
  const Bucket bucket = open_bucket(context);
  const std::string actor = current_actor();
  std::vector<std::pair<std::string, std::string>> body = order.body;
  body.emplace_back("actor", actor);
  const DaemonAnswer answer = DaemonLink(bucket.socket()).post("/api/v1/" + order.route, body);
  if (!answer.no_daemon()) return finish(context, exit_of_answer(answer), answer.text, true);
  Context quiet = context;
  quiet.log_level = "warn";  // taking the bucket and leaving it again is nobody's news
  Services services(bucket, quiet);
  if (order.reads_workspace) services.reconciler().read_accepted();
  const ControlReply reply = order.here(services.desk(), actor);
  return finish(context, exit_of_reply(reply), reply.text, false);
}

}  // namespace

int run_retry(const Context& context, const RetryOptions& options) {
  return give(context, {"retry", {{"job", options.job}}, [&](OperatorDesk& desk, const std::string& actor) {
                          return desk.retry_here(options.job, actor);
                        }});
}

int run_release(const Context& context, const ReleaseOptions& options) {
  if (options.unsigned_commits) {
    return give(context, {"release",
                          {{"subject", options.subject}, {"unsigned", "yes"}, {"reason", options.reason}},
                          [&](OperatorDesk& desk, const std::string& actor) {
                            return desk.release_unsigned_here(options.subject, options.reason, actor);
                          }});
  }
  if (!options.reason.empty())
    throw CommandError(kExitUsage, "--reason goes with --unsigned; a release of another kind has none");
  return give(context,
              {"release", {{"subject", options.subject}}, [&](OperatorDesk& desk, const std::string& actor) {
                 return desk.release_here(options.subject, actor);
               }});
}

int run_suspend(const Context& context, const SuspendOptions& options) {
  return give(context, {"suspend", with_job(options.job, {{"reason", options.reason}, {"for", options.span}}),
                        [&](OperatorDesk& desk, const std::string& actor) {
                          return desk.suspend_here(options.job, options.reason, options.span, actor);
                        }});
}

int run_rollback(const Context& context, const RollbackOptions& options) {
  const std::string commit = commit_with(context, options.job, options.to);
  return give(context,
              {"rollback",
               {{"job", options.job}, {"to", commit}, {"reason", options.reason}, {"for", options.span}},
               [&](OperatorDesk& desk, const std::string& actor) {
                 return desk.rollback_here(options.job, commit, options.reason, options.span, actor);
               }});
}

int run_pin(const Context& context, const PinOptions& options) {
  const std::string commit = commit_with(context, "", options.to);
  return give(context, {"pin",
                        {{"to", commit}, {"reason", options.reason}, {"for", options.span}},
                        [&](OperatorDesk& desk, const std::string& actor) {
                          return desk.rollback_here("", commit, options.reason, options.span, actor);
                        }});
}

int run_resume(const Context& context, const ResumeOptions& options) {
  return give(context,
              {"resume", with_job(options.job, {}), [&](OperatorDesk& desk, const std::string& actor) {
                 return desk.resume_here(options.job, actor);
               }});
}

int run_takeover(const Context& context, const TakeoverOptions& options) {
  return give(context,
              {"takeover", {{"reason", options.reason}}, [&](OperatorDesk& desk, const std::string& actor) {
                 return desk.recovery().takeover(options.reason, actor);
               }});
}

int run_forget(const Context& context, const ForgetOptions& options) {
  const AllocationKey key = parse_allocation(options.allocation);
  if (key.worker.empty()) throw CommandError(kExitUsage, "write JOB@WORKER, as `maand status` lists them");
  return give(context,
              {"forget", {{"subject", key.str()}}, [&](OperatorDesk& desk, const std::string& actor) {
                 return desk.recovery().forget(key.str(), actor);
               }});
}

namespace {

int give_to_worker(const Context& context, const std::string& verb, const std::string& host) {
  return give(context,
              {"worker", {{"verb", verb}, {"host", host}}, [&](OperatorDesk& desk, const std::string& actor) {
                 return desk.recovery().worker(verb, host, actor);
               }});
}

}  // namespace

int run_worker_reset(const Context& context, const WorkerOptions& options) {
  return give_to_worker(context, "reset", options.host);
}

int run_worker_trust(const Context& context, const WorkerOptions& options) {
  if (!options.replaced) {
    throw CommandError(kExitUsage,
                       "say what about it is to be trusted: --replaced, that what is on record lies on "
                       "the machine although it was replaced or its marker is gone");
  }
  return give_to_worker(context, "trust", options.host);
}

int run_worker_forget(const Context& context, const WorkerOptions& options) {
  return give_to_worker(context, "forget", options.host);
}

int run_worker_drain(const Context& context, const DrainOptions& options) {
  std::vector<std::pair<std::string, std::string>> body = {{"verb", "drain"}, {"host", options.host}};
  if (!options.reason.empty()) body.emplace_back("reason", options.reason);
  if (!options.span.empty()) body.emplace_back("for", options.span);
  if (options.force) body.emplace_back("force", "yes");
  return give(context,
              {"worker", std::move(body),
               [&](OperatorDesk& desk, const std::string& actor) {
                 return desk.drain_here({options.host, options.reason, options.span, options.force}, actor);
               },
               true});
}

int run_worker_undrain(const Context& context, const WorkerOptions& options) {
  return give(context, {"worker",
                        {{"verb", "undrain"}, {"host", options.host}},
                        [&](OperatorDesk& desk, const std::string& actor) {
                          return desk.undrain_here(options.host, actor);
                        }});
}

}  // namespace maand
