// Commands of jobs that an operator asks for: which there are, and why not now.
#include <algorithm>
#include <utility>

#include "reconciler/app/named_workers.h"
#include "reconciler/app/operator_desk.h"
#include "reconciler/core/hook_commands.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

bool changes_what_runs(const std::string& target) {
  const std::string word = lower(target);
  return word == "start" || word == "stop" || word == "restart" || word == "reload";
}

// [A-Za-z0-9][A-Za-z0-9_.-]*
bool is_target(const std::string& text) {
  const auto is_letter = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  return !text.empty() && text.size() <= 255 && is_letter(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_letter(c) || c == '_' || c == '.' || c == '-'; });
}

ControlReply refused(std::string text) { return {ControlReply::Kind::kRefused, std::move(text)}; }
ControlReply malformed(std::string text) { return {ControlReply::Kind::kMalformed, std::move(text)}; }
ControlReply unknown(std::string text) { return {ControlReply::Kind::kUnknownSubject, std::move(text)}; }

}  // namespace

ControlReply OperatorDesk::hook_order_here(const HookOrderRequest& request, const std::string& actor) {
  const auto event = hook_event_from(request.event);
  const bool control = event == HookEvent::kJobControl;
  if (event != HookEvent::kCli && event != HookEvent::kHealthCheck && !control)
    return unknown(quote(request.event) +
                   " is no event that can be asked for; known are cli, health_check, job_control");
  if (control != !request.target.empty() || (control && request.job.empty()))
    return malformed("`target` belongs to job_control of one job, which needs it");
  if (control && !is_target(request.target))
    return malformed("`target` " + quote(request.target) +
                     " is none; use letters, digits, `_`, `.` and `-`, the first a letter or digit");
  if (control && changes_what_runs(request.target))
    return malformed(quote(request.target) + " changes what runs, which is kept on record: `maand job " +
                     lower(request.target) + "` does it");
  if (request.concurrency < 1) return refused("`concurrency` is a number from 1");
  if (!reconciler_.hooks() || !reconciler_.hooks_enabled())
    return refused("commands of jobs run on this host only where hooks.enabled = true in maand.conf");
  const Authority& authority = reconciler_.memory().authority;
  if (!authority.may_write())
    return refused(std::string(explain(authority.reason())) + " (" + authority.detail + ")");
  HookWorldPtr world;
  try {
    world = reconciler_.hook_world(event == HookEvent::kCli);
  } catch (const std::exception& error) {
    return refused(std::string("what is applied cannot be read: ") + error.what());
  }
  if (!world) return refused("no commit was applied yet, so no command is known; `maand status` tells why");
  HookOrders::Order order;
  order.event = *event;
  order.command = request.command;
  order.concurrency = control ? 0 : static_cast<std::size_t>(request.concurrency);
  order.target = request.target;
  order.workers = named_workers(request.workers);
  if (order.workers.empty() && !request.workers.empty())
    return unknown("`allocations` names no worker; leave it out for all of them");
  order.actor = actor;
  for (const auto& [name, job] : world->desired().jobs) {
    if (!job.job || (!request.job.empty() && name.str() != request.job)) continue;
    for (const JobCommand* command : commands_of(job.job->commands, *event)) {
      if (!request.command.empty() && command->name != request.command) continue;
      order.jobs.push_back(name);
      break;
    }
  }
  if (order.jobs.empty()) {
    const std::string what = request.command.empty() ? "no command" : "no command " + quote(request.command);
    return unknown((request.job.empty() ? "no job" : "job " + quote(request.job)) + " has " + what +
                   " for the event " + to_string(*event) + "; `maand cat job_commands` lists them");
  }
  audit(actor, std::string("job command ") + to_string(*event), request.job,
        control ? request.target : request.command);
  return {ControlReply::Kind::kDone,
          reconciler_.hook_orders().give(*reconciler_.hooks(), world, std::move(order))};
}

}  // namespace maand
