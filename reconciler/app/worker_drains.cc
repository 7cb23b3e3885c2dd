// `maand worker drain|undrain HOST`: words of operators on a worker as a whole.
#include <algorithm>

#include "reconciler/app/operator_desk.h"
#include "reconciler/core/drain_cost.h"
#include "reconciler/core/duration.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kMostReasonBytes = 1000;

ControlReply refused(std::string text) { return {ControlReply::Kind::kRefused, std::move(text)}; }
ControlReply malformed(std::string text) { return {ControlReply::Kind::kMalformed, std::move(text)}; }
ControlReply unknown(std::string text) { return {ControlReply::Kind::kUnknownSubject, std::move(text)}; }

}  // namespace

ControlReply OperatorDesk::drain(const DrainRequest& request, const std::string& actor) {
  return on_reconcile_thread([this, request, actor] { return drain_here(request, actor); });
}

ControlReply OperatorDesk::undrain(const std::string& host, const std::string& actor) {
  return on_reconcile_thread([this, host, actor] { return undrain_here(host, actor); });
}

ControlReply OperatorDesk::drain_here(const DrainRequest& request, const std::string& actor) {
  const JudgedPtr accepted = reconciler_.memory().accepted;
  if (!accepted)
    return refused(
        "what the workspace wants was not read yet; try again when the first pass of `maand serve` has "
        "ended");
  const WorkerHost host(request.host);
  const std::vector<Worker>& workers = accepted->workspace.workers;
  if (std::none_of(workers.begin(), workers.end(), [&](const Worker& one) { return one.host == host; }))
    return unknown("workers.json has no worker " + quote(request.host) + "; `maand cat workers` lists them");
  const std::string reason = request.reason.empty() ? "maand worker drain" : request.reason;
  if (reason.size() > kMostReasonBytes || printable(reason, kMostReasonBytes * 4) != reason)
    return malformed("the reason is too long, or no line of text; a sentence is enough");
  const WallTime now = clock_.wall();
  Drain drain{actor, reason, now};
  if (!request.span.empty()) {
    const auto length = parse_duration(request.span);
    if (!length) return malformed(quote(request.span) + " is no length of time: " + kDurationGrammar);
    drain.until = now + *length;
  }
  std::set<WorkerHost> away;
  for (const auto& [one, contact] : reconciler_.memory().set_aside) away.insert(one);
  const std::string broken = broken_by_drain(host, accepted->workspace, reconciler_.journal().state(),
                                             reconciler_.memory().drained, away);
  if (!broken.empty() && !request.force)
    return refused("draining " + host.str() + " would break what availability allows: " + broken +
                   "; --force does it all the same");
  const std::string words = sentence(host, drain);
  audit(actor, "worker drain", host.str(), words + (broken.empty() ? "" : " (forced: " + broken + ")"));
  reconciler_.drain(host, drain);
  return {ControlReply::Kind::kDone,
          host.str() + " is drained " + words + "; the next pass stops what is on it"};
}

ControlReply OperatorDesk::undrain_here(const std::string& host, const std::string& actor) {
  const WorkerHost worker(host);
  if (reconciler_.memory().drained.count(worker) == 0)
    return unknown(quote(host) + " is not drained; `maand status` lists who is");
  audit(actor, "worker undrain", host);
  reconciler_.undrain(worker);
  return {ControlReply::Kind::kDone,
          worker.str() + " is no longer drained; the next pass starts what belongs there"};
}

}  // namespace maand
