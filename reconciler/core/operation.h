// One planned action on one allocation, as it is journalled and sent to a worker.
//
// "Exactly once" means once per operation (reconciler.md, terms): the id is in
// the store before the worker is touched and the worker answers for it for ever.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "reconciler/core/files.h"
#include "reconciler/core/ids.h"
#include "reconciler/core/model.h"
#include "reconciler/core/port_table.h"

namespace maand {

// What is done on the worker. The target and whether files travel follow from it.
enum class Action {
  kNone,      // leave alone
  kForget,    // drop the record; the worker was never touched
  kSync,      // files only; they and the version count as applied (policy `never`)
  kStage,     // files only, ahead of a move; confirms nothing (R2.3)
  kControl,   // the files of kStage, confirmed as what runs: its job_control hooks ran
  kStart,     // files, then `make start`
  kReload,    // files, then `make reload`
  kRestart,   // files, then `make restart`
  kStop,      // `make stop`; files stay
  kRemove,    // remove the shipped files; leaves `.maand/last/<job>` (R2.2)
  kRollback,  // what the worker kept of before the rollout (R5.2), then `make restart`
  kRestore,   // the same, files only
};
const char* to_string(Action action);  // "start", "sync", …
Action action_from(std::string_view word);
Target target_of(Action action);
// Afterwards `Operation::files` lie there.
bool ships_files(Action action);
// They come from what the worker kept, and nothing travels.
bool restores(Action action);

// How the operation before this one on the allocation ended (MAAND_PREVIOUS, R2.2).
enum class Previous { kNone, kFailed, kInterrupted };
const char* to_string(Previous previous);  // "none", "failed", "interrupted"

// How to reach a worker; kept with the applied state, so that a worker that
// left the workspace can still be reached (R3.9).
struct Endpoint {
  WorkerHost host;
  std::string address;
  int port = 22;
  std::string user;
  std::string key;   // file name under secrets/, or "agent"
  std::string jump;  // empty, or user@host:port
  bool use_sudo = false;
  std::vector<std::string> host_keys;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// Shared: a plan names the same worker in thousands of places.
using EndpointPtr = std::shared_ptr<const Endpoint>;

// What a controller shows a worker that it writes to, besides its epoch.
struct Credentials {
  // R3.5: id of the marker that was seen there; empty = none was seen yet.
  std::string instance;
  bool adopt_marker = false;  // an operator's word: whatever marker lies there, or none, is this worker's
  WorkerHost was;             // R3.6: a marker of this host is this worker's as well
  // R7.3: newest operation that ran there as far as the store knows; a newer one was begun by
  // another controller, or by this one before its store was put back. Unset: not judged.
  std::optional<std::uint64_t> known_seq;
  // The intent as it stands in the store (allocation_record.h), kept by the worker for a
  // controller that lost its own.
  std::string record;
  std::string claims;  // ports and reservations of the bucket on that worker (R3.11); empty = as they were
  friend bool operator==(const Credentials&, const Credentials&) = default;
};

// How long the target may take that a worker goes back with: `restart` to what was confirmed
// before, `stop` where nothing was.
struct WayBackLimits {
  Seconds restart{600};
  Seconds stop{600};
};

struct Operation {
  OperationId id;
  std::uint64_t seq = 0;  // rises with every operation of the bucket; newer supersedes older on the worker
  AllocationKey allocation;
  Action action = Action::kNone;
  Endpoint endpoint;

  FileSetPtr files;  // what shall lie there afterwards; never null (kStop: same as base, kRemove: empty)
  FileSetPtr base;   // what we believe lies there; null = unknown, send everything
  RenderedWith rendered_with;  // of `files`

  std::string current_version;  // CURRENT_VERSION
  std::string new_version;      // NEW_VERSION
  int attempt = 1;              // MAAND_ATTEMPT
  Previous previous = Previous::kNone;
  Seconds timeout{600};     // of the target
  std::uint64_t epoch = 1;  // R3.12

  // worker.json and jobs.json of the worker (workspace.md 8.1), written with it.
  std::string worker_json;
  std::string jobs_json;
  // An allocation of this bucket is confirmed on this worker, so that its
  // instance marker must be there (R3.5).
  bool expect_marker = false;
  // Numbers of the job's ports as its files and targets have them; the worker keeps
  // them beside the list of files. Empty for a stop and a removal.
  PortNumbers ports;
  // R3.6, "renamed_from": the job whose directory becomes this one's before anything
  // lands. Empty: none, the usual case.
  JobName moved_from;
  // Before anything lands, the worker is to keep this list, which was confirmed there
  // and has to come back if the rollout fails (R5.2). Empty: nothing. Not kept with the operation.
  Digest keep;
  // After its target ended, however it did, somebody has to confirm it over a new connection
  // within so long, or the worker takes it back by itself (RolloutPolicy::confirm). 0: it
  // counts at once. Not kept with the operation: its worker knows.
  Seconds confirm{0};
  WayBackLimits back_limits;
  // Filled in by the journal whenever the worker is spoken to; not kept with the operation.
  Credentials credentials;
};

}  // namespace maand
