#include "executor/worker_call.h"

#include <charconv>
#include <map>

#include "executor/fed_command.h"
#include "executor/worker_script.h"

namespace maand {
namespace {

constexpr std::string_view kMagic = "maand1 hello\n";

const char* ships_word(Action action) {
  if (action == Action::kRemove) return "remove";
  if (restores(action)) return "previous";
  return ships_files(action) ? "yes" : "no";
}

const char* target_word(Action action) {
  const Target target = target_of(action);
  return target == Target::kNone ? "none" : to_string(target);
}

const char* word_of(CallKind kind) {
  switch (kind) {
    case CallKind::kRun:
      return "run";
    case CallKind::kAsk:
      return "ask";
    case CallKind::kConfirm:
      return "confirm";
    case CallKind::kRecall:
      return "recall";
    case CallKind::kLook:
      return "look";
  }
  return "";
}

// A header line ends at the newline; nothing a loader admits holds one, and a
// slip there must not become a second line here.
void line(std::string& out, std::string_view key, std::string_view value) {
  out += key;
  out += ' ';
  for (const char c : value) out += c == '\n' || c == '\0' ? '?' : c;
  out += '\n';
}

// Numbers of one width sort like text (worker_script.sh, `ops/*`).
std::string padded(std::uint64_t seq) {
  std::string digits = std::to_string(seq);
  return std::string(digits.size() < 16 ? 16 - digits.size() : 0, '0') + digits;
}

WorkerCondition condition_of(const std::string& word) {
  static const std::map<std::string, WorkerCondition> kWords = {
      {"WorkerStateMissing", WorkerCondition::kWorkerStateMissing},
      {"IdentityMismatch", WorkerCondition::kIdentityMismatch},
      {"Fenced", WorkerCondition::kFenced},
      {"ToolMissing", WorkerCondition::kToolMissing},
      {"DiskFull", WorkerCondition::kDiskFull},
      {"Busy", WorkerCondition::kBusy},
  };
  const auto it = kWords.find(word);
  return it == kWords.end() ? WorkerCondition::kNone : it->second;
}

Outcome refusal(const Reply& reply) {
  Outcome outcome;
  outcome.detail = reply.detail;
  outcome.condition = condition_of(reply.word);
  if (outcome.condition != WorkerCondition::kNone) {
    outcome.kind = OutcomeKind::kCondition;
  } else if (reply.word == "PortClaimed") {
    outcome.kind = OutcomeKind::kCondition;
    outcome.port_claimed = true;
  } else if (reply.word == "Superseded") {
    outcome.kind = OutcomeKind::kNever;
  } else if (reply.word == "Unfinished") {
    outcome.kind = OutcomeKind::kUnknown;
  } else {  // Path, BadRequest, Previous: the job's own content cannot land
    outcome.kind = OutcomeKind::kFailed;
    outcome.exit_status = 1;
  }
  return outcome;
}

// Nobody confirmed it in time. Files that did not all come back are as after an interruption:
// what lies there is not known.
void fold_in_way_back(const Reply& reply, Outcome& outcome) {
  if (reply.back_state.empty()) {  // is still at it
    outcome.kind = OutcomeKind::kUnknown;
    outcome.detail = "its worker is taking it back";
    return;
  }
  const bool stopped = reply.back_target == "stop";
  outcome.kind = OutcomeKind::kFailed;
  outcome.confirmation = Confirmation::kReverted;
  outcome.back_stopped = stopped;
  outcome.back = reply.back_state == "succeeded" ? OutcomeKind::kSucceeded
                 : reply.back_state == "interrupted" || reply.back_state == "unlanded"
                     ? OutcomeKind::kInterrupted
                     : OutcomeKind::kFailed;
  outcome.detail = std::string("no new connection confirmed it in time, so its worker ") +
                   (stopped ? "stopped it by itself" : "went back by itself to what was confirmed before");
  if (outcome.back == OutcomeKind::kSucceeded) return;
  outcome.detail += std::string(", and make ") + (stopped ? "stop" : "restart") + " of that ended as " +
                    reply.back_state + (reply.back_detail.empty() ? "" : ": " + reply.back_detail);
}

}  // namespace

std::string worker_command(bool use_sudo) { return fed_command(kWorkerScript, use_sudo); }

std::string call_prologue(const std::string& worker_root, const BucketId& bucket, const Operation& operation,
                          CallKind kind, bool full, std::uint64_t log_offset) {
  std::string out(kWorkerScript);
  const bool base_known = !full && operation.base && !restores(operation.action);
  line(out, "do", word_of(kind));
  line(out, "op", operation.id.str());
  line(out, "seq", padded(operation.seq));
  line(out, "root", worker_root);
  line(out, "bucket", bucket.str());
  line(out, "worker", operation.allocation.worker.str());
  line(out, "job", operation.allocation.job.str());
  line(out, "target", target_word(operation.action));
  line(out, "ships", ships_word(operation.action));
  line(out, "base", base_known ? operation.base->list_id.hex() : "any");
  line(out, "list", operation.files ? operation.files->list_id.hex() : "none");
  line(out, "keep", operation.keep.empty() ? "none" : operation.keep.hex());
  line(out, "epoch", std::to_string(operation.epoch));
  line(out, "expect", operation.expect_marker ? "1" : "0");
  const Credentials& shown = operation.credentials;
  if (!shown.instance.empty()) line(out, "instance", shown.instance);
  if (shown.adopt_marker) line(out, "adopt", "1");
  if (!shown.was.empty()) line(out, "was", shown.was.str());
  if (shown.known_seq) line(out, "known", padded(*shown.known_seq));
  if (!operation.moved_from.empty()) line(out, "moves", operation.moved_from.str());
  if (kind == CallKind::kRun && operation.confirm.count() > 0) {
    const Seconds limit = operation.keep.empty() ? operation.back_limits.stop : operation.back_limits.restart;
    line(out, "confirm", std::to_string(operation.confirm.count()));
    line(out, "back_timeout", std::to_string(limit.count()));
  }
  line(out, "timeout", std::to_string(operation.timeout.count()));
  line(out, "current", operation.current_version);
  line(out, "new", operation.new_version);
  line(out, "attempt", std::to_string(operation.attempt));
  line(out, "previous", to_string(operation.previous));
  line(out, "offset", std::to_string(log_offset));
  return out + "\n";
}

std::optional<Reply> parse_reply(std::string_view output, const OperationId& operation) {
  const std::size_t magic = output.find(kMagic);  // a login shell may say something first
  if (magic == std::string_view::npos) return std::nullopt;
  output.remove_prefix(magic + kMagic.size());
  Reply reply;
  bool begun = false;
  while (!output.empty()) {
    const std::size_t end = output.find('\n');
    if (end == std::string_view::npos) return std::nullopt;  // cut in the middle of a line
    const std::string_view text = output.substr(0, end);
    output.remove_prefix(end + 1);
    const std::size_t space = text.find(' ');
    const std::string_view key = text.substr(0, space);
    const std::string_view value = space == std::string_view::npos ? "" : text.substr(space + 1);
    if (key == "reply") {
      begun = true;
      reply.refused = value == "refused";
    } else if (key == "condition" || key == "state") {
      reply.word = value;
    } else if (key == "detail") {
      reply.detail = value;
    } else if (key == "instance") {
      reply.instance = value;
    } else if (key == "confirm") {
      reply.confirm = value;
    } else if (key == "back_state") {
      reply.back_state = value;
    } else if (key == "back_target") {
      reply.back_target = value;
    } else if (key == "back_detail") {
      reply.back_detail = value;
    } else if (key == "boot") {
      reply.boot_id = value;
    } else if (key == "current") {
      reply.current_version = value;
    } else if (key == "exit") {
      std::from_chars(value.data(), value.data() + value.size(), reply.exit_status);
    } else if (key == "ms") {
      std::from_chars(value.data(), value.data() + value.size(), reply.ms);
    } else if (key == "end") {
      if (begun && value == operation.str()) return reply;
      return std::nullopt;
    }
  }
  return std::nullopt;
}

bool never_answered(std::string_view output) { return output.find(kMagic) == std::string_view::npos; }

Outcome outcome_of(const Reply& reply) {
  if (reply.refused) return refusal(reply);
  Outcome outcome;
  outcome.detail = reply.detail;
  outcome.instance = reply.instance;
  outcome.boot_id = reply.boot_id;
  outcome.current_version = reply.current_version;
  outcome.exit_status = reply.exit_status;
  outcome.duration = std::chrono::milliseconds(reply.ms);
  if (reply.word == "succeeded") {
    outcome.kind = OutcomeKind::kSucceeded;
    outcome.exit_status = 0;
  } else if (reply.word == "interrupted") {
    outcome.kind = OutcomeKind::kInterrupted;
  } else if (reply.word == "never") {
    outcome.kind = OutcomeKind::kNever;
  } else if (reply.word == "unlanded" && reply.detail.find("No space left") != std::string::npos) {
    // Its files are finished by the next contact; the target did not begin.
    outcome.kind = OutcomeKind::kCondition;
    outcome.condition = WorkerCondition::kDiskFull;
  } else {
    outcome.kind = OutcomeKind::kFailed;
    outcome.timed_out = reply.word == "timeout";
    outcome.missing_target = reply.word == "missing";
  }
  if (reply.confirm == "pending") outcome.confirmation = Confirmation::kPending;
  if (reply.confirm == "confirmed") outcome.confirmation = Confirmation::kConfirmed;
  if (reply.confirm == "reverted") fold_in_way_back(reply, outcome);
  return outcome;
}

Outcome asked_outcome_of(const Reply& reply) {
  Outcome outcome = outcome_of(reply);
  if (!reply.refused) return outcome;
  // A newer operation is known there and the receipt of this one is pruned.
  outcome.kind = reply.word == "Superseded" ? OutcomeKind::kInterrupted : OutcomeKind::kUnknown;
  return outcome;
}

}  // namespace maand
