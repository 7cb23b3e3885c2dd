#include "reconciler/app/operator_desk.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <utility>

#include "reconciler/app/named_workers.h"
#include "reconciler/app/releases.h"
#include "reconciler/core/duration.h"
#include "reconciler/core/status.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::chrono::seconds kAnswerWithin{10};
constexpr std::size_t kShortestCommit = 7;
constexpr std::size_t kMostReasonBytes = 1000;
constexpr const char* kSayWhy = "say why: whoever finds it so will want to know";

// A reason ends up in notes, logs and on terminals.
std::string trouble_with(const std::string& reason) {
  if (trim(reason).empty()) return kSayWhy;
  if (reason.size() > kMostReasonBytes)
    return "the reason is longer than " + std::to_string(kMostReasonBytes) + " bytes; a sentence is enough";
  if (printable(reason, kMostReasonBytes * 4) != reason)
    return "the reason holds control characters or bytes that are no UTF-8; write it as one line of text";
  return "";
}

ControlReply done(std::string text) { return {ControlReply::Kind::kDone, std::move(text)}; }
ControlReply refused(std::string text) { return {ControlReply::Kind::kRefused, std::move(text)}; }
ControlReply malformed(std::string text) { return {ControlReply::Kind::kMalformed, std::move(text)}; }
ControlReply no_length(const std::string& span) {
  return malformed(quote(span) + " is no length of time: " + kDurationGrammar);
}
ControlReply unknown(std::string text) { return {ControlReply::Kind::kUnknownSubject, std::move(text)}; }

}  // namespace

OperatorDesk::OperatorDesk(Inbox& inbox, Reconciler& reconciler, Store& store, Clock& clock)
    : inbox_(inbox),
      reconciler_(reconciler),
      store_(store),
      clock_(clock),
      recovery_(reconciler, store, clock) {}

// A word that was given up is not done later: whoever gave it was told so.
ControlReply OperatorDesk::on_reconcile_thread(const std::function<ControlReply()>& word) {
  enum class Fate { kWaits, kBegun, kGivenUp };
  auto fate = std::make_shared<std::atomic<Fate>>(Fate::kWaits);
  auto promise = std::make_shared<std::promise<ControlReply>>();
  std::future<ControlReply> answer = promise->get_future();
  inbox_.post([fate, promise, word] {
    Fate waits = Fate::kWaits;
    if (!fate->compare_exchange_strong(waits, Fate::kBegun)) return;
    try {
      promise->set_value(word());
    } catch (const std::exception& error) {
      promise->set_value({ControlReply::Kind::kRefused, error.what()});
    }
  });
  if (answer.wait_for(kAnswerWithin) == std::future_status::ready) return answer.get();
  Fate waits = Fate::kWaits;
  if (fate->compare_exchange_strong(waits, Fate::kGivenUp))
    return refused("the daemon did not answer within 10 s, and does not do it later; see `maand status`");
  return refused(
      "the daemon has begun with it and takes longer than 10 s; see `maand audit` before you say it again");
}

void OperatorDesk::audit(const std::string& actor, const std::string& action, const std::string& subject,
                         const std::string& detail) {
  store_.audit({clock_.wall(), actor, action, subject, detail});
}

// Of the workspace, on record, or on a worker.
bool OperatorDesk::knows(const JobName& job) const {
  const JudgedPtr judged = reconciler_.memory().judged;
  const AppliedState& state = reconciler_.journal().state();
  const auto first = state.allocations.lower_bound({job, WorkerHost{}});
  return state.jobs.count(job) > 0 || (judged && judged->workspace.jobs.count(job) > 0) ||
         (first != state.allocations.end() && first->first.job == job);
}

ControlReply OperatorDesk::reconcile(const std::string& actor) {
  return on_reconcile_thread([this, actor] {
    audit(actor, "reconcile", "");
    reconciler_.triggers().poke("operator");
    return done(std::to_string(reconciler_.triggers().requested()));
  });
}

ControlReply OperatorDesk::retry(const std::string& job, const std::string& actor) {
  return on_reconcile_thread([this, job, actor] { return retry_here(job, actor); });
}

ControlReply OperatorDesk::release(const std::string& subject, const std::string& actor) {
  return on_reconcile_thread([this, subject, actor] { return release_here(subject, actor); });
}

ControlReply OperatorDesk::release_unsigned(const std::string& commit, const std::string& reason,
                                            const std::string& actor) {
  return on_reconcile_thread(
      [this, commit, reason, actor] { return release_unsigned_here(commit, reason, actor); });
}

ControlReply OperatorDesk::suspend(const std::string& job, const std::string& reason, const std::string& span,
                                   const std::string& actor) {
  return on_reconcile_thread(
      [this, job, reason, span, actor] { return suspend_here(job, reason, span, actor); });
}

ControlReply OperatorDesk::resume(const std::string& job, const std::string& actor) {
  return on_reconcile_thread([this, job, actor] { return resume_here(job, actor); });
}

ControlReply OperatorDesk::rollback(const std::string& job, const std::string& commit,
                                    const std::string& reason, const std::string& span,
                                    const std::string& actor) {
  return on_reconcile_thread(
      [this, job, commit, reason, span, actor] { return rollback_here(job, commit, reason, span, actor); });
}

ControlReply OperatorDesk::takeover(const std::string& reason, const std::string& actor) {
  return on_reconcile_thread([this, reason, actor] { return recovery_.takeover(reason, actor); });
}

ControlReply OperatorDesk::forget(const std::string& subject, const std::string& actor) {
  return on_reconcile_thread([this, subject, actor] { return recovery_.forget(subject, actor); });
}

ControlReply OperatorDesk::worker(const std::string& verb, const std::string& host,
                                  const std::string& actor) {
  return on_reconcile_thread([this, verb, host, actor] { return recovery_.worker(verb, host, actor); });
}

ControlReply OperatorDesk::job_order(const JobOrderRequest& request, const std::string& actor) {
  return on_reconcile_thread([this, request, actor] { return job_order_here(request, actor); });
}

ControlReply OperatorDesk::hook_order(const HookOrderRequest& request, const std::string& actor) {
  return on_reconcile_thread([this, request, actor] { return hook_order_here(request, actor); });
}

ControlReply OperatorDesk::cut_job_order(const std::string& id, const std::string& actor) {
  return on_reconcile_thread([this, id, actor] { return cut_job_order_here(id, actor); });
}

std::optional<std::string> OperatorDesk::job_order_json(const std::string& id) const {
  if (auto hooks = reconciler_.hook_orders().json(id)) return hooks;
  return reconciler_.orders().json(id);
}

ControlReply OperatorDesk::job_order_here(const JobOrderRequest& request, const std::string& actor) {
  const auto verb = job_verb_from(request.verb);
  if (!verb)
    return unknown(quote(request.verb) +
                   " is nothing that can be done with a job; known are start, stop, restart");
  if (!knows(JobName(request.job)))
    return unknown("no job `" + printable(request.job) + "` is known; `maand status` lists the jobs");
  JobOrder order{*verb, JobName(request.job), {}, request.health_check, {}};
  order.workers = named_workers(request.workers);
  if (order.workers.empty() && !request.workers.empty())
    return unknown("`allocations` names no worker; leave it out for all of them");
  const std::string usual = "maand job " + request.verb;
  order.word = {actor, request.reason.empty() ? usual : request.reason, clock_.wall(), {}};
  if (const std::string wrong = trouble_with(order.word.reason); !wrong.empty()) return malformed(wrong);
  if (*verb != JobVerb::kStop && !(request.span.empty() && request.reason.empty()))
    return malformed("only a stop has a reason and an end: it is what stays");
  if (!request.span.empty()) {
    const auto length = parse_duration(request.span);
    if (!length) return no_length(request.span);
    order.word.until = order.word.since + *length;
  }
  if (const std::string busy = reconciler_.orders().busy(order.job); !busy.empty())
    return {ControlReply::Kind::kBusy, busy};
  audit(actor, "job " + request.verb, request.job,
        (request.workers.empty() ? "" : "on " + request.workers + ": ") + order.word.reason);
  return done(reconciler_.orders().give(std::move(order)));
}

ControlReply OperatorDesk::cut_job_order_here(const std::string& id, const std::string& actor) {
  if (reconciler_.hook_orders().cut(id)) {
    audit(actor, "job command cut short", id);
    return done("what runs of it is stopped, and no more begins");
  }
  if (!reconciler_.orders().cut(id, actor)) return unknown("no order " + printable(id) + " is going on");
  audit(actor, "job cut short", id);
  return done("nothing more of it begins; what was begun comes to its end");
}

ControlReply OperatorDesk::rollback_here(const std::string& job, const std::string& commit,
                                         const std::string& reason, const std::string& span,
                                         const std::string& actor) {
  if (!job.empty() && !knows(JobName(job)))
    return unknown("no job `" + job + "` is known; `maand status` lists the jobs");
  if (const std::string wrong = trouble_with(reason); !wrong.empty()) return malformed(wrong);
  const WallTime now = clock_.wall();
  Pin pin{JobName(job), CommitId(commit), actor, reason, now};
  if (!span.empty()) {
    const auto length = parse_duration(span);
    if (!length) return no_length(span);
    pin.until = now + *length;
  }
  audit(actor, job.empty() ? "pin" : "rollback", job, sentence(pin));
  reconciler_.pin(pin);
  return done((job.empty() ? "the bucket" : "`" + job + "`") + std::string(" is pinned ") + sentence(pin) +
              "; the next pass brings it there");
}

ControlReply OperatorDesk::suspend_here(const std::string& job, const std::string& reason,
                                        const std::string& span, const std::string& actor) {
  if (!job.empty() && !knows(JobName(job)))
    return unknown("no job `" + job + "` is known; `maand status` lists the jobs");
  const auto length = parse_duration(span);
  if (!length) return no_length(span);
  if (const std::string wrong = trouble_with(reason); !wrong.empty()) return malformed(wrong);
  const WallTime now = clock_.wall();
  const Suspension suspension{JobName(job), actor, reason, now, now + *length};
  const std::vector<Suspension>& known = reconciler_.memory().suspended.all();
  const auto older = std::find_if(known.begin(), known.end(),
                                  [&](const Suspension& one) { return one.job == suspension.job; });
  const std::string instead =
      older == known.end() ? "" : " (instead of by " + older->actor + " until " + rfc3339(older->until) + ")";
  audit(actor, "suspend", job, reason + " (until " + rfc3339(suspension.until) + ")");
  reconciler_.suspend(suspension);
  return done((job.empty() ? "the bucket" : "`" + job + "`") + std::string(" is suspended ") +
              sentence(suspension) + instead);
}

ControlReply OperatorDesk::resume_here(const std::string& job, const std::string& actor) {
  const Memory& memory = reconciler_.memory();
  const std::string what = job.empty() ? "the bucket" : "`" + job + "`";
  const Suspensions before = memory.suspended;
  audit(actor, "resume", job);
  if (!reconciler_.resume(JobName(job))) {
    return unknown(what + " is neither suspended nor pinned" +
                   (before.of(JobName(job)) ? " by itself; the whole bucket is suspended, and `maand resume` "
                                              "ends that"
                                            : ""));
  }
  const bool was_suspended = before != memory.suspended;
  std::string said = what + (was_suspended ? " is resumed" : " is no longer pinned");
  const Pin* pin = memory.pinned.narrowest(JobName(job));
  if (memory.suspended.of(JobName(job))) {
    said += ", but the whole bucket is still suspended";
  } else if (pin && !job.empty()) {
    said += "; it is still pinned " + sentence(*pin);
  } else {
    said += "; it goes on with the next pass";
  }
  return done(said);
}

ControlReply OperatorDesk::retry_here(const std::string& job, const std::string& actor) {
  if (!knows(JobName(job))) return unknown("no job `" + job + "` is known; `maand status` lists the jobs");
  audit(actor, "retry", job);
  const bool lifted = reconciler_.journal().lift_holds(JobName(job));
  reconciler_.triggers().poke("operator");
  if (const Suspension* suspension = reconciler_.memory().suspended.of(JobName(job)))
    return done(std::string(lifted ? "the hold of `" + job + "` is lifted" : "`" + job + "` was not held") +
                ", but nothing of it begins: it is suspended " + sentence(*suspension));
  return done(lifted ? "the hold of `" + job + "` is lifted; it is tried again now"
                     : "`" + job + "` was not held; a pass was asked for");
}

ControlReply OperatorDesk::release_here(const std::string& subject, const std::string& actor) {
  const JudgedPtr judged = reconciler_.memory().judged;
  const AppliedState& state = reconciler_.journal().state();
  const bool job = state.jobs.count(JobName(subject)) > 0 ||
                   (judged && judged->workspace.jobs.count(JobName(subject)) > 0);
  if (job) return release_job_here(JobName(subject), actor);
  const std::string head = judged ? judged->info.id.str() : state.head.str();
  if (subject.size() >= kShortestCommit && head.compare(0, subject.size(), subject) == 0) {
    return release_commit_here(CommitId(head), actor);
  }
  return unknown("`" + subject + "` is neither a job nor the head of the branch (" + head.substr(0, 12) +
                 "); only the head can be released");
}

ControlReply OperatorDesk::release_commit_here(const CommitId& commit, const std::string& actor) {
  const Memory& memory = reconciler_.memory();
  if (memory.judged && memory.judged->admission.why == Admission::Why::kSignature)
    return refused("it is held because " + memory.judged->admission.sentence);
  audit(actor, "release", commit.str());
  release_commit(store_, commit);
  if (memory.plan.commit == commit) release_removals(store_, memory.plan.stops_over_budget);
  reconciler_.triggers().poke("operator");
  return done("commit " + commit.str().substr(0, 12) + " is released");
}

// R1.5. The head, or a whole id: what it descends from is let through with it.
ControlReply OperatorDesk::release_unsigned_here(const std::string& commit, const std::string& reason,
                                                 const std::string& actor) {
  if (const std::string wrong = trouble_with(reason); !wrong.empty()) return malformed(wrong);
  const JudgedPtr judged = reconciler_.memory().judged;
  const std::string head = judged ? judged->info.id.str() : reconciler_.journal().state().head.str();
  const bool of_head = commit.size() >= kShortestCommit && head.compare(0, commit.size(), commit) == 0;
  const bool whole = commit.size() == 40 && commit.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!of_head && !whole)
    return unknown("`" + commit + "` is not the head of the branch (" + head.substr(0, 12) +
                   "); name the head, or another commit by its whole id");
  const CommitId id(of_head ? head : commit);
  audit(actor, "release unsigned", id.str(), reason);
  ::maand::release_unsigned(store_, {id, actor, reason});
  reconciler_.triggers().poke("operator");
  return done("everything up to commit " + id.str().substr(0, 12) +
              " may be applied, whoever signed it; what comes later is verified again");
}

// That the plan has too many of; of a job that leaves, or of which nothing is judged yet, all. A job that
// stays is released for what it is: a removal that comes some day is none of that.
std::vector<AllocationKey> OperatorDesk::stops_of(const JobName& job) const {
  std::vector<AllocationKey> out;
  for (const AllocationKey& stop : reconciler_.memory().plan.stops_over_budget) {
    if (stop.job == job) out.push_back(stop);
  }
  const JudgedPtr judged = reconciler_.memory().accepted;
  if (!out.empty() || (judged && judged->workspace.jobs.count(job) > 0)) return out;
  const AppliedState& state = reconciler_.journal().state();
  for (auto it = state.allocations.lower_bound({job, WorkerHost{}});
       it != state.allocations.end() && it->first.job == job; ++it) {
    if (it->second.running) out.push_back(it->first);
  }
  return out;
}

ControlReply OperatorDesk::release_job_here(const JobName& job, const std::string& actor) {
  const AppliedState& state = reconciler_.journal().state();
  audit(actor, "release", job.str());
  release_removals(store_, stops_of(job));
  const JudgedPtr judged = reconciler_.memory().accepted;
  const auto record = state.jobs.find(job);
  if (judged && record != state.jobs.end()) {
    const auto wanted = judged->workspace.jobs.find(job);
    if (wanted != judged->workspace.jobs.end()) {
      JobRecord released = record->second;
      released.released_tree = wanted->second.tree;
      reconciler_.journal().put_job(released);
    }
  }
  reconciler_.triggers().poke("operator");
  return done("job `" + job.str() +
              "` is released: availability, upstreams, windows and the removal budget do not hold it");
}

}  // namespace maand
