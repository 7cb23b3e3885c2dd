#include "reconciler/app/hook_runs.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "reconciler/app/hook_files.h"
#include "reconciler/core/hook_access.h"
#include "reconciler/core/hook_commands.h"
#include "reconciler/core/hook_environment.h"

namespace maand {

namespace {

// What became of it, as words for people; empty: it was done.
std::string failure_of(const HookResult& result) {
  switch (result.end) {
    case HookResult::End::kDone:
      return "";
    case HookResult::End::kFailed:
      // Beyond 128 it was a signal, which is told in words.
      return result.status > 0 && (result.status < 128 || result.detail.empty())
                 ? "exit status " + std::to_string(result.status)
             : result.detail.empty() ? "it failed"
                                     : result.detail;
    case HookResult::End::kTimedOut:
      return result.detail.empty() ? "it took too long" : result.detail;
    case HookResult::End::kOverLimit:
      return result.detail.empty() ? "it went over a limit" : result.detail;
    case HookResult::End::kCancelled:
      return result.detail.empty() ? "it was cancelled" : result.detail;
    case HookResult::End::kNotRun:
      return "not run" + (result.detail.empty() ? "" : ": " + result.detail);
  }
  return result.detail;
}

}  // namespace

struct HookRuns::Round {
  Id id = 0;
  HookRunOrder order;
  Done done;
  HookFiles files;
  std::deque<std::string> commands;   // still to come
  std::string command;                // that runs
  std::deque<AllocationKey> members;  // of it, still to come
  std::map<AllocationKey, Hooks::Ticket> running;
  std::map<AllocationKey, std::string> failed;
  bool cancelled = false;
};

HookRuns::~HookRuns() = default;

HookRuns::Id HookRuns::start(HookRunOrder order, Done done) {
  auto round = std::make_shared<Round>();
  round->id = next_++;
  round->order = std::move(order);
  round->done = std::move(done);
  if (const Job* job = round->order.world->job(round->order.round.job)) {
    for (const JobCommand* command : commands_of(job->commands, round->order.round.event)) {
      if (round->order.command.empty() || command->name == round->order.command)
        round->commands.push_back(command->name);
    }
  }
  rounds_.emplace(round->id, round);
  read_files(round);
  return round->id;
}

void HookRuns::read_files(const std::shared_ptr<Round>& round) {
  const DesiredJob& desired = round->order.world->desired().jobs.at(round->order.round.job);
  const std::weak_ptr<HookRuns*> self = self_;
  const TreeId tree = desired.job ? desired.job->tree : TreeId{};
  const auto known = files_.find({desired.name, tree});
  if (round->commands.empty() || round->order.round.members.empty() || known != files_.end()) {
    if (known != files_.end()) round->files = known->second;
    deps_.inbox.post([this, self, round] {
      if (!self.expired()) next_command(round);
    });
    return;
  }
  auto files = std::make_shared<JobFiles>();
  const std::string directory =
      (settings_.root.empty() ? "" : settings_.root + "/") + "jobs/" + desired.name.str();
  deps_.lane.start(
      [&source = deps_.source, files, directory, commit = desired.commit] {
        *files = read_hook_files(*source.open_view(commit), directory);
      },
      [this, self, round, files, name = desired.name, tree](std::exception_ptr error) {
        if (self.expired()) return;
        if (!error) {
          std::erase_if(files_, [&](const auto& one) { return one.first.first == name; });
          round->files = files->files;
          if (files->own) files_[{name, tree}] = round->files;
          next_command(round);
          return;
        }
        std::string why;
        try {
          std::rethrow_exception(error);
        } catch (const std::exception& problem) {
          why = problem.what();
        }
        end(round, {HookRoundEnd::Kind::kFailed, "its files cannot be read: " + why});
      });
}

void HookRuns::next_command(const std::shared_ptr<Round>& round) {
  if (round->cancelled) return end(round, {HookRoundEnd::Kind::kCancelled, "cancelled"});
  if (round->commands.empty()) return end(round, {});
  round->command = std::move(round->commands.front());
  round->commands.pop_front();
  const auto& members = round->order.round.members;
  round->members.assign(members.begin(), members.end());
  fill(round);
}

// As many at once as may be. All of them run, whichever fail.
void HookRuns::fill(const std::shared_ptr<Round>& round) {
  std::size_t most = round->order.concurrency;
  if (most == 0) most = concurrency_of(round->order.round.event);
  if (most == 0) most = round->order.round.members.size();
  while (!round->cancelled && !round->members.empty() && round->running.size() < most) {
    const AllocationKey member = std::move(round->members.front());
    round->members.pop_front();
    run_one(round, member);
  }
  if (!round->running.empty()) return;
  if (round->cancelled) return end(round, {HookRoundEnd::Kind::kCancelled, "cancelled"});
  if (round->failed.empty()) return next_command(round);
  std::string detail = round->command + " (" + to_string(round->order.round.event) + ") failed: ";
  bool first = true;
  for (const auto& [key, why] : round->failed) {
    detail +=
        (std::exchange(first, false) ? "" : "; ") + round->order.world->address(key.worker) + ": " + why;
  }
  end(round, {HookRoundEnd::Kind::kFailed, std::move(detail)});
}

void HookRuns::run_one(const std::shared_ptr<Round>& round, const AllocationKey& member) {
  const HookRound& what = round->order.round;
  auto call = round->order.world->call(member, what.event, round->command);
  if (!call) return;  // its worker is not listed any more: nobody could say what it is to be done for
  call->files = round->files;
  call->timeout = settings_.timeout;
  call->values = std::make_shared<AllocationHookValues>(round->order.world, member, what.event, deps_.values,
                                                        deps_.clock, round->order.overlay);
  call->environment = hook_environment(
      what, [&world = *round->order.world](const WorkerHost& host) { return world.address(host); });
  const std::string name = round->command + " (" + to_string(what.event) + ")";
  deps_.observer.on(Event{.kind = EventKind::kNotice,
                          .job = member.job,
                          .worker = member.worker,
                          .action = name,
                          .text = name + " of " + member.str() + " begins"});
  round->running.emplace(member, 0);
  const std::weak_ptr<HookRuns*> self = self_;
  const auto output = [sink = deps_.output, member, id = OperationId(name)](std::string_view bytes) {
    if (sink) sink->output(member, id, bytes);
  };
  const Hooks::Ticket ticket = deps_.hooks.run(
      *std::move(call), output, [this, self, &inbox = deps_.inbox, round, member](HookResult result) {
        inbox.post([this, self, round, member, result = std::move(result)] {
          if (!self.expired()) ended(round, member, result);
        });
      });
  if (const auto it = round->running.find(member); it != round->running.end()) it->second = ticket;
}

void HookRuns::ended(const std::shared_ptr<Round>& round, const AllocationKey& member,
                     const HookResult& result) {
  round->running.erase(member);
  const std::string name = round->command + " (" + to_string(round->order.round.event) + ")";
  const std::string why = failure_of(result);
  if (result.end == HookResult::End::kCancelled) round->cancelled = true;
  if (!why.empty()) round->failed.emplace(member, why);
  deps_.observer.on(Event{.kind = EventKind::kNotice,
                          .job = member.job,
                          .worker = member.worker,
                          .action = name,
                          .outcome = why.empty() ? "succeeded" : "failed",
                          .text = name + " of " + member.str() + (why.empty() ? " is done" : ": " + why)});
  fill(round);
}

void HookRuns::end(const std::shared_ptr<Round>& round, HookRoundEnd end) {
  if (rounds_.erase(round->id) == 0) return;
  round->done(end);
}

void HookRuns::cancel(Id id) {
  const auto found = rounds_.find(id);
  if (found == rounds_.end() || std::exchange(found->second->cancelled, true)) return;
  const std::map<AllocationKey, Hooks::Ticket> running = found->second->running;
  for (const auto& [member, ticket] : running) deps_.hooks.cancel(ticket);
}

void HookRuns::cancel_all() {
  std::vector<Id> ids;
  for (const auto& [id, round] : rounds_) ids.push_back(id);
  for (const Id id : ids) cancel(id);
}

}  // namespace maand
