#include "reconciler/cli/health_hooks.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include "reconciler/cli/actor.h"
#include "reconciler/cli/daemon_link.h"
#include "reconciler/cli/json_in.h"
#include "reconciler/cli/order_follow.h"
#include "reconciler/cli/services.h"
#include "reconciler/core/hook_commands.h"

namespace maand {
namespace {

constexpr std::chrono::milliseconds kLookEvery{100};
constexpr int kAtOnce = 10;  // workspace.md 10.3

// Asks over and over, so that Services are made once.
class Asking {
 public:
  Asking(const Context& context, const Bucket& bucket)
      : context_(context), bucket_(bucket), daemon_(bucket.socket()) {}

  // The document of an order that is over.
  std::string ask(const JobName& job) {
    const HookOrderRequest request{"health_check", "", job.str(), kAtOnce};
    if (services_) return ask_here(request);
    const DaemonAnswer answer = daemon_.post("/api/v1/hook", {{"event", request.event},
                                                              {"job", request.job},
                                                              {"concurrency", std::to_string(kAtOnce)},
                                                              {"actor", current_actor()}});
    if (answer.no_daemon()) {
      Context quiet = context_;
      quiet.log_level = "error";
      services_ = std::make_unique<Services>(bucket_, quiet);
      return ask_here(request);
    }
    if (!answer.done()) refuse_order(answer);
    while (true) {
      const DaemonAnswer now = daemon_.get("/api/v1/orders/" + answer.text);
      if (!now.done()) throw CommandError(kExitNoDaemon, "the daemon went away or started anew");
      const auto document = read_json(now.body);
      if (document && text_at(*document, "state") == "over") return now.body;
      std::this_thread::sleep_for(kLookEvery);
    }
  }

 private:
  std::string ask_here(const HookOrderRequest& request) {
    const ControlReply given = services_->desk().hook_order_here(request, current_actor());
    if (given.kind != ControlReply::Kind::kDone) throw CommandError(kExitHeld, given.text);
    services_->reconciler().run_hook_orders();
    return services_->desk().job_order_json(given.text).value_or("");
  }

  const Context& context_;
  const Bucket& bucket_;
  const DaemonLink daemon_;
  std::unique_ptr<Services> services_;
};

}  // namespace

void ask_health_hooks(const Context& context, const Bucket& bucket, const DesiredState& desired, bool wait,
                      std::vector<CheckedJob>& jobs) {
  Asking asking(context, bucket);
  for (CheckedJob& job : jobs) {
    const auto known = desired.jobs.find(job.job);
    if (job.result == CheckedJob::Result::kFailed || known == desired.jobs.end() || !known->second.job)
      continue;
    if (!has_hooks(known->second.job->commands, HookEvent::kHealthCheck)) continue;
    if (!bucket.config.hooks.enabled) {
      job.detail += (job.detail.empty() ? "" : "; ") +
                    std::string("its health_check commands do not run: hooks.enabled is not true");
      continue;
    }
    const HealthSpec& spec = known->second.health;
    for (int attempt = 1;; ++attempt) {
      const auto document = read_json(asking.ask(job.job));
      const bool passed = document && number_at(*document, "exit") == 0;
      job.result = passed ? CheckedJob::Result::kPassed : CheckedJob::Result::kFailed;
      job.detail = passed || !document ? "" : text_at(*document, "message");
      if (passed || !wait || attempt >= spec.attempts) break;
      std::this_thread::sleep_for(spec.interval);
    }
  }
}

}  // namespace maand
