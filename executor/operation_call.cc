#include "executor/operation_call.h"

#include <algorithm>
#include <thread>

#include "executor/sync.h"

namespace maand {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::uint64_t kSlowestBytesPerSecond = 100 * 1024;
constexpr std::size_t kMaxReplyBytes = 64 * 1024;

// One that is made now, and closed with the call: it must not wait for operations that
// have all places of the worker, and one that was open before proves nothing.
Session of_its_own(Transport& transport, const Endpoint& endpoint) { return {transport.connect(endpoint)}; }

// Returns a connection also when a blob cannot be read in the middle of a stream;
// a place that is not given back is lost to the worker for good.
class Returned {
 public:
  Returned(SessionCache& sessions, const Endpoint& endpoint, Session& session, bool counted)
      : sessions_(sessions), endpoint_(endpoint), session_(session), counted_(counted) {}
  ~Returned() {
    if (counted_) sessions_.give_back(endpoint_, std::move(session_.connection));
  }
  Returned(const Returned&) = delete;
  Returned& operator=(const Returned&) = delete;

 private:
  SessionCache& sessions_;
  const Endpoint& endpoint_;
  Session& session_;
  const bool counted_;
};

Seconds longest(const WayBackLimits& limits) { return std::max(limits.restart, limits.stop); }

// Confirmed or not is a matter of what ended well.
Outcome judged(Outcome outcome) {
  if (outcome.confirmation == Confirmation::kConfirmed && outcome.kind != OutcomeKind::kSucceeded)
    outcome.confirmation = Confirmation::kNone;
  return outcome;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

void OperationCall::take_output(std::string_view bytes) {
  if (seen_bytes_ < deps_.options.max_output_bytes) {
    deps_.output.output(operation_.allocation, operation_.id, bytes);
  }
  seen_bytes_ += bytes.size();
}

OperationCall::Attempt OperationCall::call(CallKind kind, bool full, bool fresh) {
  Attempt attempt;
  const bool alone = kind == CallKind::kConfirm;
  Session connected = alone ? of_its_own(deps_.transport, operation_.endpoint)
                            : deps_.sessions.acquire(operation_.endpoint, fresh);
  attempt.lay_idle = connected.lay_idle;
  if (!connected.connection) {
    attempt.condition = connected.condition;
    attempt.detail = connected.detail;
    return attempt;
  }
  const Returned returned(deps_.sessions, operation_.endpoint, connected, !alone);
  const std::string prologue = call_prologue(deps_.options.worker_root, deps_.options.bucket_id, operation_,
                                             kind, full, kind == CallKind::kAsk ? seen_bytes_ : 0);
  std::vector<TarMember> members;
  if (kind == CallKind::kRun) members = members_of(operation_, full);
  const auto transfer = std::chrono::seconds(payload_bytes(members) / kSlowestBytesPerSecond);
  const auto limit = Steady::now() + operation_.timeout + deps_.options.grace + transfer;
  if (kind == CallKind::kRun) over_ = limit;
  // One that is asked after a loss may not add its whole time once more.
  const bool asked_after_run = kind == CallKind::kAsk && over_ != Steady::time_point{};
  const auto deadline = asked_after_run ? over_ + deps_.options.lost_for : limit;
  TarStream tar(std::move(members), &deps_.blobs);
  bool prologue_sent = false;
  const StdinSource input = [&]() -> std::string_view {
    if (!prologue_sent) {
      prologue_sent = true;
      return prologue;
    }
    return kind == CallKind::kRun ? tar.next() : std::string_view();
  };
  std::string answer;
  std::string noise;  // before the script speaks, stderr is the shell's or sudo's
  const CommandResult result = connected.connection->run(
      worker_command(operation_.endpoint.use_sudo), input,
      [&](std::string_view bytes) {
        if (answer.size() < kMaxReplyBytes) answer += bytes;
        // However much a login shell says first, the answer behind it must be seen.
        if (never_answered(answer) && answer.size() > kMaxReplyBytes / 2) {
          answer.erase(0, answer.size() - kMaxReplyBytes / 4);
        }
      },
      [&](std::string_view bytes) {
        if (never_answered(answer)) {
          if (noise.size() < kMaxReplyBytes) noise += bytes;
        } else {
          take_output(bytes);
        }
      },
      deadline);
  attempt.reply = parse_reply(answer, operation_.id);
  attempt.condition = result.condition;
  attempt.detail = result.detail;
  attempt.began = result.began;
  if (!attempt.reply && attempt.condition == WorkerCondition::kNone && never_answered(answer)) {
    // A command ran and it was not ours: it never got to read the script.
    attempt.began = false;
    const bool sudo = operation_.endpoint.use_sudo;
    attempt.condition = sudo ? WorkerCondition::kSudoRefused : WorkerCondition::kToolMissing;
    attempt.detail =
        (sudo ? "`sudo -n` was refused: " : "/bin/sh with dd could not be run: ") +
        (noise.empty() ? "exit status " + std::to_string(result.exit_status) : first_line(noise)) +
        (sudo ? " — allow NOPASSWD for this user, or set use_sudo = false" : "");
  }
  return attempt;
}

Outcome OperationCall::lost(const Attempt& attempt) const {
  Outcome outcome;
  outcome.condition =
      attempt.condition == WorkerCondition::kNone ? WorkerCondition::kUnreachable : attempt.condition;
  outcome.detail = attempt.detail;
  return outcome;
}

Outcome OperationCall::run() {
  bool full = false;
  bool fresh = false;
  for (int tries = 0; tries < 4; ++tries) {
    const Attempt attempt = call(CallKind::kRun, full, fresh);
    if (attempt.reply && attempt.reply->refused && attempt.reply->word == "BaseDiffers" && !full) {
      full = true;
      continue;
    }
    if (attempt.reply && attempt.reply->refused && attempt.reply->word == "Cut") {
      fresh = true;  // the stream broke on its way; nothing has begun
      continue;
    }
    if (attempt.reply) return reached(outcome_of(*attempt.reply));
    if (attempt.began) return ask_until_known();
    if (attempt.lay_idle && attempt.condition == WorkerCondition::kUnreachable && !deps_.stopping) {
      fresh = true;  // it had died meanwhile
      continue;
    }
    Outcome outcome = lost(attempt);
    outcome.kind = OutcomeKind::kCondition;
    return outcome;
  }
  return {.kind = OutcomeKind::kCondition,
          .condition = WorkerCondition::kUnreachable,
          .detail = "the transfer was cut again and again"};
}

Outcome OperationCall::ask_until_known() {
  // Reachable and still running is waited for; unreachable only for so long.
  const auto end = over_ + deps_.options.lost_for;
  auto give_up = std::min(end, Steady::now() + deps_.options.lost_for);
  std::chrono::milliseconds time{100};
  Attempt attempt;
  while (!deps_.stopping) {
    attempt = call(CallKind::kAsk, false, true);
    if (attempt.reply) return reached(asked_outcome_of(*attempt.reply));
    if (attempt.began) give_up = std::min(end, Steady::now() + deps_.options.lost_for);  // it was there
    if (Steady::now() >= give_up) break;
    pause(time);
    time = std::min<std::chrono::milliseconds>(time * 2, std::chrono::seconds(5));
  }
  return lost(attempt);  // kUnknown
}

Outcome OperationCall::reached(Outcome outcome) {
  const bool waits =
      outcome.confirmation == Confirmation::kPending && outcome.kind != OutcomeKind::kSucceeded;
  return waits ? confirm() : judged(std::move(outcome));
}

Outcome OperationCall::confirm() {
  // By then the worker has gone back, and whoever cannot be asked says nothing any more. One
  // that answers and cannot go back, since its disk is read-only, is not waited for any longer.
  const auto asked = Steady::now() + operation_.confirm + deps_.options.lost_for;
  const auto end = asked + operation_.timeout + longest(operation_.back_limits) + deps_.options.grace +
                   deps_.options.lost_for;
  auto give_up = asked;
  std::chrono::milliseconds time{100};
  Attempt attempt;
  while (!deps_.stopping) {
    attempt = call(CallKind::kConfirm, false, true);
    if (attempt.reply && attempt.reply->word != "Unfinished") {
      const Outcome outcome = asked_outcome_of(*attempt.reply);
      if (outcome.confirmation != Confirmation::kPending && outcome.kind != OutcomeKind::kUnknown)
        return judged(outcome);
      if (attempt.reply->refused) return outcome;  // Fenced, another marker: no time changes that
    }
    if (attempt.began) give_up = std::min(end, std::max(give_up, Steady::now() + deps_.options.lost_for));
    if (Steady::now() >= give_up) break;
    pause(time);
    time = std::min<std::chrono::milliseconds>(time * 2, std::chrono::seconds(1));
  }
  if (attempt.reply) attempt.detail = "its worker answers, and neither counts it nor takes it back";
  return lost(attempt);  // kUnknown
}

void OperationCall::pause(std::chrono::milliseconds time) const {
  // In slices, because stop() promises an end soon.
  for (const auto until = Steady::now() + time; Steady::now() < until && !deps_.stopping;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

Outcome OperationCall::ask() {
  const Attempt first = call(CallKind::kAsk, false, false);
  if (first.reply) return reached(asked_outcome_of(*first.reply));
  if (!first.lay_idle && !first.began) return lost(first);
  const Attempt second = call(CallKind::kAsk, false, true);
  return second.reply ? reached(asked_outcome_of(*second.reply)) : lost(second);
}

}  // namespace maand
