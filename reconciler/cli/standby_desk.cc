#include "reconciler/cli/standby_desk.h"

#include <algorithm>
#include <cstdlib>
#include <thread>
#include <utility>

#include "reconciler/cli/replica_words.h"
#include "reconciler/core/ports.h"

namespace maand {
namespace {

using Kind = ControlReply::Kind;

constexpr std::chrono::milliseconds kLookEvery{50};
constexpr std::chrono::milliseconds kAfterTrouble{500};

std::int64_t number_in(const std::string& text) { return std::strtoll(text.c_str(), nullptr, 10); }

std::string flag(bool set) { return set ? "yes" : ""; }

}  // namespace

StandbyDesk::StandbyDesk(std::unique_ptr<ReplicaLink> link, std::chrono::milliseconds patience)
    : patience_(patience), link_(std::move(link)) {}

// The link is held for each question alone: several wait for their answers side by side.
ControlReply StandbyDesk::hand_on(const std::string& verb, const std::vector<std::string>& arguments,
                                  const std::string& actor, std::chrono::milliseconds patience) const {
  std::int64_t id = 0;
  try {
    const std::lock_guard lock(mutex_);
    id = link_->hand_on(kOrderWord, order_body(verb, arguments, actor));
  } catch (const StoreError& error) {
    return {Kind::kRefused, std::string("this is a standby, and it cannot be handed on: ") + error.what()};
  }
  const auto until = std::chrono::steady_clock::now() + patience;
  std::string trouble;
  while (std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(trouble.empty() ? kLookEvery : kAfterTrouble);
    try {
      const std::lock_guard lock(mutex_);
      if (const auto answer = link_->answer_to(id)) return reply_from(*answer);
      trouble.clear();
    } catch (const StoreError& error) {
      trouble = error.what();  // what was handed on is there all the same
    }
  }
  try {
    const std::lock_guard lock(mutex_);
    if (link_->withdraw(id)) {
      return {Kind::kBusy,
              "this is a standby and nobody leads the bucket at the moment; say it again in some seconds"};
    }
    return {Kind::kBusy,
            "the leader has taken it and not answered yet; see `maand status` and `maand audit`"};
  } catch (const StoreError& error) {
    return {Kind::kBusy,
            std::string("this is a standby: it was handed on, and whether the leader has taken it "
                        "is not known here; see `maand audit` before you say it again: ") +
                error.what()};
  }
}

void StandbyDesk::tell(const std::string& kind, const std::string& body) {
  try {
    const std::lock_guard lock(mutex_);
    link_->hand_on(kind, body);
  } catch (const StoreError&) {
    // The leader polls the remote; what could not be handed on comes later, and not never.
  }
}

void StandbyDesk::announced(const Announcement& announcement) { tell(kPushWord, push_body(announcement)); }

void StandbyDesk::preview_announced(WebhookProvider provider) {
  tell(kPreviewWord, push_body({provider, {}}));
}

ControlReply StandbyDesk::reconcile(const std::string& actor) {
  ControlReply reply = hand_on("reconcile", {}, actor);
  if (reply.kind == Kind::kDone) {
    const std::lock_guard lock(passes_mutex_);
    passes_.requested = std::max(passes_.requested, number_in(reply.text));
  }
  return reply;
}

StandbyDesk::Passes StandbyDesk::passes() {
  constexpr std::chrono::seconds kPatience{2};
  const std::lock_guard lock(passes_mutex_);
  if (passes_.served < passes_.requested) {
    const ControlReply reply = hand_on(kServedVerb, {}, "", kPatience);
    if (reply.kind == Kind::kDone) passes_.served = std::max(passes_.served, number_in(reply.text));
  }
  return passes_;
}

ControlReply StandbyDesk::retry(const std::string& job, const std::string& actor) {
  return hand_on("retry", {job}, actor);
}

ControlReply StandbyDesk::release(const std::string& subject, const std::string& actor) {
  return hand_on("release", {subject}, actor);
}

ControlReply StandbyDesk::release_unsigned(const std::string& commit, const std::string& reason,
                                           const std::string& actor) {
  return hand_on("release_unsigned", {commit, reason}, actor);
}

ControlReply StandbyDesk::suspend(const std::string& job, const std::string& reason, const std::string& span,
                                  const std::string& actor) {
  return hand_on("suspend", {job, reason, span}, actor);
}

ControlReply StandbyDesk::resume(const std::string& job, const std::string& actor) {
  return hand_on("resume", {job}, actor);
}

ControlReply StandbyDesk::rollback(const std::string& job, const std::string& commit,
                                   const std::string& reason, const std::string& span,
                                   const std::string& actor) {
  return hand_on("rollback", {job, commit, reason, span}, actor);
}

ControlReply StandbyDesk::takeover(const std::string& reason, const std::string& actor) {
  return hand_on("takeover", {reason}, actor);
}

ControlReply StandbyDesk::forget(const std::string& subject, const std::string& actor) {
  return hand_on("forget", {subject}, actor);
}

ControlReply StandbyDesk::job_order(const JobOrderRequest& request, const std::string& actor) {
  return hand_on(
      "job_order",
      {request.verb, request.job, request.workers, flag(request.health_check), request.reason, request.span},
      actor);
}

std::optional<std::string> StandbyDesk::job_order_json(const std::string& id) const {
  const ControlReply reply = hand_on("job_order_json", {id}, "");
  if (reply.kind != Kind::kDone) return std::nullopt;
  return reply.text;
}

ControlReply StandbyDesk::hook_order(const HookOrderRequest& request, const std::string& actor) {
  return hand_on("hook_order",
                 {request.event, request.command, request.job, std::to_string(request.concurrency)}, actor);
}

ControlReply StandbyDesk::cut_job_order(const std::string& id, const std::string& actor) {
  return hand_on("cut_job_order", {id}, actor);
}

ControlReply StandbyDesk::drain(const DrainRequest& request, const std::string& actor) {
  return hand_on("drain", {request.host, request.reason, request.span, flag(request.force)}, actor);
}

ControlReply StandbyDesk::undrain(const std::string& host, const std::string& actor) {
  return hand_on("undrain", {host}, actor);
}

ControlReply StandbyDesk::worker(const std::string& verb, const std::string& host, const std::string& actor) {
  return hand_on("worker", {verb, host}, actor);
}

}  // namespace maand
