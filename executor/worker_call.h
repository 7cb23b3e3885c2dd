// One call of the worker script: what is sent and what comes back.
//
// Wire (README.md): the command reads the script from stdin, then `key value`
// lines up to an empty one, then a tar stream. The reply stands on stdout behind a
// magic line; the target's output runs on stderr.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "reconciler/core/operation.h"
#include "reconciler/core/outcome.h"

namespace maand {

// The command for the exec request. Holds nothing of the workspace.
std::string worker_command(bool use_sudo);

enum class CallKind { kRun, kAsk, kConfirm, kRecall, kLook };

// Script and header. `base`: the list the worker is expected to hold, "any" to
// replace whatever lies there. `log_offset`: output bytes that were seen already.
std::string call_prologue(const std::string& worker_root, const BucketId& bucket, const Operation& operation,
                          CallKind kind, bool full, std::uint64_t log_offset);

// What the worker said. nullopt from parse_reply: there is no whole answer, and
// what happened is not known.
struct Reply {
  bool refused = false;
  std::string word;  // a receipt's state, or why it was refused
  std::string detail;
  std::string boot_id;
  std::string current_version;
  std::string instance;  // id of the marker
  std::string confirm;   // `pending`, `confirmed`, `reverted`; empty: it is no such operation
  std::string back_state, back_target, back_detail;  // of going back, when it was
  int exit_status = 0;
  long long ms = 0;
};
std::optional<Reply> parse_reply(std::string_view output, const OperationId& operation);

// The answer is no answer of the script at all although a command ran: sudo said
// no, or the login shell did not get that far.
bool never_answered(std::string_view output);

Outcome outcome_of(const Reply& reply);
// Of the answer to an ask. A refusal there says nothing about the operation: it
// may have begun, so it stays unknown, with the condition that is in the way.
Outcome asked_outcome_of(const Reply& reply);

}  // namespace maand
