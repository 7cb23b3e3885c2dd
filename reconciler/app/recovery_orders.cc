#include "reconciler/app/recovery_orders.h"

#include <algorithm>

#include "reconciler/app/recovery.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kMostReasonBytes = 1000;

ControlReply done(std::string text) { return {ControlReply::Kind::kDone, std::move(text)}; }
ControlReply refused(std::string text) { return {ControlReply::Kind::kRefused, std::move(text)}; }
ControlReply unknown(std::string text) { return {ControlReply::Kind::kUnknownSubject, std::move(text)}; }

std::string counted(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " allocation" : " allocations");
}

// Without it, what is wanted could be forgotten, and would be started a second time.
constexpr const char* kUnread =
    "what the workspace wants was not read yet; let `maand serve` run, and try again when its first pass has "
    "ended";

}  // namespace

void RecoveryOrders::audit(const std::string& actor, const std::string& action, const std::string& subject,
                           const std::string& detail) {
  store_.audit({clock_.wall(), actor, action, subject, detail});
}

bool RecoveryOrders::listed(const WorkerHost& host) const {
  const JudgedPtr judged = reconciler_.memory().accepted;
  return judged && std::any_of(judged->workspace.workers.begin(), judged->workspace.workers.end(),
                               [&](const Worker& worker) { return worker.host == host; });
}

bool RecoveryOrders::wanted(const AllocationKey& key) const {
  const JudgedPtr judged = reconciler_.memory().accepted;
  return judged && listed(key.worker) &&
         (judged->workspace.jobs.count(key.job) > 0 || judged->workspace.broken.count(key.job) > 0);
}

Forgotten RecoveryOrders::allocations_on(const WorkerHost& host) {
  Forgotten out;
  for (const auto& [key, allocation] : state().allocations) {
    if (key.worker == host) out.emplace(key, 0);
  }
  return out;
}

ControlReply RecoveryOrders::takeover(const std::string& reason, const std::string& actor) {
  if (printable(reason, kMostReasonBytes * 4) != reason || reason.size() > kMostReasonBytes)
    return refused("the reason is too long, or no line of text");
  const Authority& authority = reconciler_.memory().authority;
  audit(actor, "takeover", "", reason);
  order_takeover(store_, {actor, reason});
  reconciler_.triggers().poke("operator");
  const std::string before = authority.may_write()
                                 ? "the workers were this controller's already"
                                 : std::string("this controller was ") + to_string(authority.kind);
  return done(before +
              "; the next pass reads every worker, claims the next epoch and goes on. Another controller of "
              "this bucket is refused from then on");
}

ControlReply RecoveryOrders::forget(const std::string& subject, const std::string& actor) {
  const std::size_t at = subject.find('@');
  if (at == std::string::npos) return unknown("write JOB@WORKER, as `maand status` lists them");
  const AllocationKey key{JobName(subject.substr(0, at)), WorkerHost(subject.substr(at + 1))};
  const AppliedAllocation* known = state().find(key);
  if (!known) return unknown("nothing is on record of " + quote(subject) + "; `maand status` lists what is");
  if (!reconciler_.memory().accepted) return refused(kUnread);
  if (wanted(key))
    return refused(subject +
                   " may be wanted there by the workspace, and would be started anew; remove the job or "
                   "the worker from the workspace first, or use `maand worker reset`");
  if (known->open && reconciler_.memory().phase.now() != Phase::kIdle)
    return refused("an operation of " + subject + " is under way; try again when the pass has ended");
  audit(actor, "forget", subject);
  reconciler_.journal().forget(key);
  reconciler_.triggers().poke("operator");
  return done(subject + " is forgotten: what is left of it on its worker is nobody's any more");
}

ControlReply RecoveryOrders::worker(const std::string& verb, const std::string& host,
                                    const std::string& actor) {
  const WorkerHost worker(host);
  if (state().workers.count(worker) == 0 && !listed(worker) && allocations_on(worker).empty())
    return unknown("no worker " + quote(host) + " is known; `maand cat workers` lists them");
  // Records must not change under a rollout.
  if (reconciler_.memory().phase.now() == Phase::kRollOut)
    return refused("a rollout is going on; try again when it has ended, or suspend the bucket first");
  if (verb == "reset") return reset(worker, actor);
  if (verb == "trust") return trust(worker, actor);
  if (verb == "forget") return forget_worker(worker, actor);
  return unknown(quote(verb) + " is nothing that can be done with a worker; known are reset, trust, forget");
}

// It is asked before anything counts as gone (recovery.h): one that was never wiped runs nothing a second
// time.
ControlReply RecoveryOrders::reset(const WorkerHost& host, const std::string& actor) {
  audit(actor, "worker reset", host.str());
  order_reset(store_, host);
  reconciler_.triggers().poke("operator");
  return done("the next pass asks " + host.str() + " what it keeps of the " +
              counted(allocations_on(host).size()) +
              " on record: that counts from then on, and what it lacks is deployed anew");
}

ControlReply RecoveryOrders::trust(const WorkerHost& host, const std::string& actor) {
  if (state().workers.count(host) == 0 && allocations_on(host).empty())
    return refused("nothing is on record of " + host.str() +
                   ", so there is nothing to trust; `maand worker reset " + host.str() +
                   "` makes it a new worker");
  audit(actor, "worker trust", host.str());
  WorkerRecord record;
  const auto known = state().workers.find(host);
  if (known != state().workers.end()) record = known->second;
  record.host = host;
  record.instance.clear();
  record.adopt_marker = true;
  reconciler_.journal().put_worker(record);
  reconciler_.triggers().poke("operator");
  return done(host.str() + " is trusted as it is: " + counted(allocations_on(host).size()) +
              " count as deployed there, and no target runs for that");
}

ControlReply RecoveryOrders::forget_worker(const WorkerHost& host, const std::string& actor) {
  if (!reconciler_.memory().accepted) return refused(kUnread);
  if (listed(host))
    return refused(host.str() +
                   " is listed in workers.json; remove it there first, or use `maand worker reset`");
  const Forgotten gone = allocations_on(host);
  audit(actor, "worker forget", host.str());
  reconciler_.journal().replace({}, gone);
  reconciler_.journal().erase_worker(host);
  reconciler_.triggers().poke("operator");
  return done(host.str() + " is forgotten, with " + counted(gone.size()) +
              "; what still runs there is nobody's any more");
}

}  // namespace maand
