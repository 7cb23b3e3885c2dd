// Hooks: programs of a job under `_modules/` that run on the control host at the
// events of a rollout (workspace.md 2.5, 10), and the two seams around them.
// Whoever decides that one runs (app) makes a HookCall; whoever runs it (executor)
// knows nothing of plans, and answers what the program asks through its HookValues.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reconciler/core/ids.h"
#include "reconciler/core/model.h"
#include "reconciler/core/operation.h"

namespace maand {

enum class HookEvent {
  kPostBuild,    // a commit has passed every policy
  kPreDeploy,    // its job rolls out, or waits for a value
  kPostDeploy,   // its job's rollout has succeeded
  kJobControl,   // in place of the targets of a rollout
  kHealthCheck,  // a round of probes has succeeded
  kStarted,      // after_allocation_started: a batch has come up
  kStopped,      // after_allocation_stopped
  kCli,          // an operator asked for it
};
const char* to_string(HookEvent event);  // "post_build", …, as EVENT says it
std::optional<HookEvent> hook_event_from(std::string_view word);

// One file that a hook finds beside it; a symlink is none.
struct HookFile {
  std::string path;  // relative to the job directory
  bool executable = false;
  std::shared_ptr<const std::string> bytes;  // never null
};
// The whole job directory as it stands in git, templates unrendered, `_prometheus/` left
// out (10.1), sorted by path. Shared by every call of a rollout.
using HookFiles = std::shared_ptr<const std::vector<HookFile>>;

// A command of another job that demands the one that asks, one per event (GET /demands, 10.4).
struct HookDemand {
  JobName job;
  std::string command;
  std::string config = "{}";  // compact JSON
};

// What one running hook may read and write: access (6.5), versions (6.2) and persistence (6.3) are decided
// behind it. Thread-safe. Never throws for what a hook can have got wrong.
class HookValues {
 public:
  enum class Verdict {
    kDone,    // read, written or deleted; durable where the event keeps what is written
    kDenied,  // not in this event, this namespace, or under this key
    kNoKey,
    kNoNamespace,
    kUnreadable,  // it is there and cannot be opened, or the store fails
  };
  struct Answer {
    Verdict verdict = Verdict::kDenied;
    std::string value;    // of a read that was kDone
    std::string problem;  // otherwise: one line, what is wrong and what to do; never a value
  };
  struct Keys {
    Verdict verdict = Verdict::kDenied;
    std::vector<std::string> keys;  // sorted
    std::string problem;
  };

  virtual ~HookValues() = default;
  virtual Answer get(std::string_view ns, std::string_view key) = 0;
  virtual Answer put(std::string_view ns, std::string_view key, std::string_view value) = 0;
  virtual Answer put_secret(std::string_view ns, std::string_view key, std::string_view value) = 0;
  // `secret`: over the secret route, which knows its own namespace only.
  virtual Answer erase(std::string_view ns, std::string_view key, bool secret) = 0;
  virtual Keys keys(std::string_view ns) = 0;
};

// One command, for one allocation.
struct HookCall {
  AllocationKey allocation;
  std::string allocation_id;  // workspace.md 1.4
  int allocation_index = 0;   // ALLOCATION_INDEX
  bool disabled = false;      // DISABLED
  HookEvent event = HookEvent::kCli;
  std::string command;  // `command_…`; `_modules/<command>.{py,ts,js}` is one of `files`
  std::string current_version;
  std::string new_version;
  std::vector<std::pair<std::string, std::string>> environment;  // of the phase (9.4, 9.5); names are ours
  HookFiles files;                                               // never null
  // `<name>.crt`, `<name>.key`, `ca.crt` of this allocation; put at `_modules/certs/`.
  std::map<std::string, std::string> certificates;
  std::shared_ptr<HookValues> values;       // never null
  std::vector<HookDemand> demands;          // of this command
  std::map<std::string, Endpoint> workers;  // by address and host: whom it may reach over SSH through the API
  std::chrono::seconds timeout{600};
};

struct HookResult {
  enum class End {
    kDone,       // exit 0
    kFailed,     // another exit status, or a signal
    kTimedOut,   // stopped, with everything it started
    kOverLimit,  // memory, CPU time, processes, or output without end
    kCancelled,  // by stop() or cancel()
    kNotRun,     // its program or what would run it is missing, the API cannot listen, …
  };
  End end = End::kNotRun;
  int status = 0;      // exit status, or 128 + the signal's number
  std::string detail;  // one line for people, printable; empty when kDone. Never output of the hook
};

// Runs hooks, many at once. Thread-safe. Every call is answered exactly once, on any thread, also after
// stop(); when it is answered nothing that the hook started is left running. Implementation:
// executor/hook_runner; tests/support/fake_hooks.
class Hooks {
 public:
  using Sink = std::function<void(HookResult)>;
  using Output = std::function<void(std::string_view bytes)>;  // live, in pieces; from any thread
  using Ticket = std::uint64_t;

  virtual ~Hooks() = default;
  virtual Ticket run(HookCall call, Output output, Sink sink) = 0;
  // Stops it; it is answered kCancelled unless it has ended already.
  virtual void cancel(Ticket ticket) = 0;
  virtual void stop() = 0;
};

}  // namespace maand
