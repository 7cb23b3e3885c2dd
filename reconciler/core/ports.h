// Every seam of the product on one page: what the reconcile loop needs of the
// world, and nothing more. Implementations live in the edges (`gitsource`,
// `executor`, `reconciler/store`, `reconciler/app`) and, for unit tests, in
// `tests/support`; fakes and real ones pass the same suite in `tests/contract`. `Values` is in values.h.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/applied.h"
#include "reconciler/core/diagnostics.h"
#include "reconciler/core/drift_look.h"
#include "reconciler/core/events.h"
#include "reconciler/core/ids.h"
#include "reconciler/core/letter.h"
#include "reconciler/core/model.h"
#include "reconciler/core/operation.h"
#include "reconciler/core/outcome.h"

namespace maand {

using Instant = std::chrono::steady_clock::time_point;  // monotonic; a type here, never read in core

// ---- FileView: the bytes of one commit (or of a directory) -------------------

enum class EntryKind { kRegular, kExecutable, kSymlink, kSubmodule };

struct Entry {
  std::string path;  // relative to the view's root, `/`-separated
  EntryKind kind = EntryKind::kRegular;
  BlobId blob;
  std::uint64_t size_bytes = 0;
};

// Immutable. Usable from one thread at a time. Throws SourceError when the
// underlying object database or disk cannot be read; "not there" is a value.
class FileView {
 public:
  virtual ~FileView() = default;

  // Content of a regular file, or the target of a symlink. nullopt: no such file.
  virtual std::optional<std::string> read(std::string_view path) const = 0;

  // Every file below `directory` ("" = the root), recursively, sorted bytewise
  // by path, paths relative to the view's root. nullopt: no such directory.
  virtual std::optional<std::vector<Entry>> list(std::string_view directory) const = 0;

  // Names of the directories directly below `directory`, sorted. Empty when
  // there is no such directory.
  virtual std::vector<std::string> subdirectories(std::string_view directory) const = 0;

  // Identity of a directory's whole content (git tree id). Empty: no such directory.
  virtual TreeId tree(std::string_view directory) const = 0;
};

// Bytes of blobs, for shipping. Thread-safe. Throws SourceError.
class Blobs {
 public:
  virtual ~Blobs() = default;
  virtual std::shared_ptr<const std::string> read(const BlobId& blob) = 0;
};

// ---- Source: the git remote and its mirror -----------------------------------

// The kinds somebody reacts to. `kUnreachable` and `kTimedOut` are tried again;
// the others wait for a person.
enum class SourceProblem { kUnreachable, kTimedOut, kAuthFailed, kHostKey, kNotFound, kMirrorBroken, kOther };
const char* to_string(SourceProblem problem);  // "Unreachable", …

class SourceError : public std::runtime_error {
 public:
  SourceError(SourceProblem problem, const std::string& message)
      : std::runtime_error(message), problem_(problem) {}
  SourceProblem problem() const { return problem_; }

 private:
  SourceProblem problem_;
};

// What ls-remote says of our ref (R1.3).
struct RemoteHead {
  bool repository_empty = false;  // no ref at all: waiting for the first commit
  CommitId commit;                // empty: no such ref (SourceMissing), or empty repository
  // Refs that match the patterns the source was made with (core/preview), and where they are.
  std::map<std::string, CommitId> previews;
};

enum class HistoryVerdict { kFirst, kUnchanged, kFastForward, kRewritten };  // R1.4

struct CommitInfo {
  CommitId id;
  std::string subject;  // first line
  std::string author;   // name <mail>
  WallTime committed_at;
};

// All calls block with deadlines of their own and throw SourceError; they are
// made on one thread that is not the reconcile thread. `open_view` and `blobs`
// work on the mirror alone and need no remote.
class Source {
 public:
  virtual ~Source() = default;
  virtual RemoteHead ls_remote() = 0;
  // Brings `commit` (as ls_remote told it) into the mirror. Returns the head that was fetched.
  virtual CommitId fetch() = 0;
  virtual CommitInfo describe(const CommitId& commit) = 0;
  // How `head` relates to `applied` (may be empty).
  virtual HistoryVerdict history(const CommitId& applied, const CommitId& head) = 0;
  virtual std::unique_ptr<FileView> open_view(const CommitId& commit) = 0;
  // Commit messages of applied..head, newest first (trailers, R5.1); at most 10,000.
  virtual std::vector<std::string> messages(const CommitId& applied, const CommitId& head) = 0;
  // `rev` (HEAD of the branch, an abbreviated id, …) in the mirror. nullopt: unknown.
  virtual std::optional<CommitId> resolve(const std::string& rev) = 0;
  // Keeps `commit` reachable as refs/maand/keep/<name> (R1.7); an empty commit drops it.
  virtual void keep(const std::string& name, const CommitId& commit) = 0;
};

// ---- Notes: where the outcome is written (R4) ---------------------------------

// One bucket's section of one commit's note.
struct NoteSection {
  CommitId commit;
  std::string text;  // starts with `maand <name>: …`; never holds a line `---`
  std::string json;  // the bucket's entry, a JSON object
};

class Notes {
 public:
  virtual ~Notes() = default;
  // Replaces our own section of each commit's note with one notes commit and
  // pushes it with a lease; on a lost race refetches and replays. Throws
  // SourceError when it could not be pushed; the caller's outbox keeps the sections.
  virtual void publish(const std::vector<NoteSection>& sections) = 0;
  // The whole note of a commit, every bucket's part. nullopt: none.
  virtual std::optional<std::string> read(const CommitId& commit) = 0;
};

// ---- Runner: executes one operation on one worker ------------------------------

// What a worker's own records say of our jobs there, when asked after the state store was lost.
struct RecalledJob {  // its newest operation there
  JobName job;
  OperationId operation;
  std::uint64_t seq = 0;
  std::uint64_t epoch = 0;
  // What the controller sent with it (allocation_record.h); empty: by a maand that sent nothing.
  std::string record;
  Action action = Action::kNone;  // as the worker knows it: target, and whether files went or came
  std::string current_version;
  std::string new_version;
  std::optional<Outcome> outcome;  // of its receipt; nullopt: there is none yet
};
struct Recalled {
  WorkerCondition condition = WorkerCondition::kNone;
  std::string detail;
  PortTable ports;          // as of the last files that landed
  std::string instance;     // id of its marker; empty: nothing of this bucket was ever there
  std::uint64_t epoch = 0;  // newest that was seen there
  std::vector<RecalledJob> jobs;
  std::map<JobName, std::uint64_t> moved;  // jobs that went on under another name, and the seq that did it
  std::map<int, std::string> claimed;      // ports of other buckets, and who they are (R3.11)
};

struct Contact {  // what a worker said when we looked whether it is there
  WorkerCondition condition = WorkerCondition::kNone;
  std::string detail;
};

struct LookCall {
  Endpoint endpoint;
  std::string instance;     // id of the marker that was seen there (R3.5); empty: not known
  WorkerHost was;           // its marker may still bear this name (R3.6)
  std::uint64_t epoch = 1;  // R3.12
  std::vector<JobLook> jobs;
};

// Asynchronous. Every submit is answered exactly once, on any thread, also
// after stop(). The number in flight is bounded by the caller, the number of
// *starting* connections by the runner (libraries.md). Knows nothing of plans.
class Runner {
 public:
  using OutcomeSink = std::function<void(Outcome)>;
  using HealthSink = std::function<void(Health, std::string detail)>;
  using ContactSink = std::function<void(Contact)>;
  using RecallSink = std::function<void(Recalled)>;
  using LookSink = std::function<void(Seen)>;

  virtual ~Runner() = default;
  // Ships, runs the target and brings back its receipt, over one exec.
  virtual void submit(const Operation& operation, OutcomeSink sink) = 0;
  // What became of an operation begun earlier (R3.4); an unknown one is sealed as kNever.
  virtual void ask(const Operation& operation, OutcomeSink sink) = 0;
  // Says over a new connection, never one that was open before, that an operation whose
  // answer was Confirmation::kPending is well. The answer: kConfirmed; kReverted when that
  // came too late, once the worker is back; kUnknown when the worker could not be asked
  // within `operation.confirm` and some more.
  virtual void confirm(const Operation& operation, OutcomeSink sink) = 0;
  // Connects and authenticates, nothing more.
  virtual void contact(const Endpoint& endpoint, ContactSink sink) = 0;
  // Reads what the worker has kept of this bucket (R7.3); changes nothing there. `was`: a
  // host whose marker may lie there as well (R3.6); empty = none.
  virtual void recall(const Endpoint& endpoint, const WorkerHost& was, RecallSink sink) = 0;
  // One round of probes: healthy iff every check succeeded; `detail` then says in
  // words which check failed first. kUnprobed: no verdict, because there is no
  // check, because of stop(), or because no connection to the worker was free. Answered within the spec's
  // timeout per check, and the time an SSH connection may take where one is needed.
  virtual void probe(const Endpoint& endpoint, const HealthSpec& spec, HealthSink sink) = 0;
  // Compares what lies on the worker with what was shipped, of all these jobs over one exec
  // (R5.9); changes nothing there and keeps no operation waiting. Answered within ten minutes and
  // the time that the jobs' `make status` may take.
  virtual void look(const LookCall& call, LookSink sink) = 0;
  // The pass is over: idle connections may be closed.
  virtual void release_connections() = 0;
  // Give up every wait soon; targets go on on their workers. Unfinished operations answer kUnknown.
  virtual void stop() = 0;
};

// ---- Store: intent before a worker is touched, fact after ----------------------

struct PassRecord {
  std::int64_t id = 0;  // given by the store
  CommitId commit;
  std::string state;  // R4.2
  std::string cause;  // R1.10
  WallTime started_at;
  WallTime finished_at;
  std::string summary;  // `2 restarted, 1 started, 37 unchanged`
  std::string json;     // the bucket's entry of the note
};

struct AuditRecord {
  WallTime at;
  std::string actor;
  std::string action;
  std::string subject;
  std::string detail;
};

// Thrown when the store cannot be read or written (R7.4); no worker may be touched then.
class StoreError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Used from the reconcile thread only. A call that returned is durable: it
// survives SIGKILL and power loss.
class Store {
 public:
  virtual ~Store() = default;
  virtual AppliedState load() = 0;

  // One transaction: the allocations with their `open` operations.
  virtual void begin(const std::vector<AppliedAllocation>& torn, std::uint64_t last_seq) = 0;
  // One transaction: the settled records; `gone` are erased, and that they ran is kept; neither
  // that nor claimed_seq ever falls.
  virtual void settle(const std::vector<AppliedAllocation>& settled, const Forgotten& gone,
                      std::uint64_t claimed_seq) = 0;
  virtual void put_job(const JobRecord& job) = 0;
  virtual void erase_job(const JobName& job) = 0;
  virtual void put_heads(const CommitId& head, const CommitId& applied) = 0;
  // Replaces the whole table.
  virtual void put_ports(const PortTable& ports) = 0;
  virtual void put_worker(const WorkerRecord& worker) = 0;
  // With what is kept of allocations that ran there.
  virtual void erase_worker(const WorkerHost& worker) = 0;
  // Neither ever falls (R3.12).
  virtual void put_epoch(std::uint64_t epoch, std::uint64_t last_seq) = 0;

  // Newest first. put_pass with id 0 appends and returns the new id, else replaces.
  virtual std::int64_t put_pass(const PassRecord& pass) = 0;
  virtual std::vector<PassRecord> passes(std::size_t limit) = 0;

  // Notes not yet pushed: the newest section per commit (R4.4).
  virtual void put_note(const NoteSection& note) = 0;
  virtual std::vector<NoteSection> pending_notes() = 0;
  // Drops a section if it is still the one given.
  virtual void drop_note(const NoteSection& note) = 0;

  // Letters not yet delivered (letter.h), oldest first. put_letter ignores the id that is
  // given and replaces a letter of the same channel and subject; returns the new id.
  virtual std::int64_t put_letter(const Letter& letter) = 0;
  virtual std::vector<Letter> pending_letters() = 0;
  // Writes refusals and not_before of the letter with this id, if it is still there.
  virtual void postpone_letter(const Letter& letter) = 0;
  virtual void drop_letter(std::int64_t id) = 0;

  virtual void audit(const AuditRecord& record) = 0;
  virtual std::vector<AuditRecord> audits(std::size_t limit) = 0;

  // Small settings with one value each (`bucket_id`, `worker_root`, …). nullopt: unset.
  virtual std::optional<std::string> setting(const std::string& key) = 0;
  virtual void put_setting(const std::string& key, const std::string& value) = 0;
};

// ---- The rest --------------------------------------------------------------------

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  virtual WallTime wall() const = 0;
};

// Told of everything that happens. Thread-safe; never throws, never blocks for long.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on(const Event& event) = 0;
};

// Live output of targets, in pieces as they arrive. Thread-safe.
class OutputSink {
 public:
  virtual ~OutputSink() = default;
  virtual void output(const AllocationKey& allocation, const OperationId& operation,
                      std::string_view bytes) = 0;
};

}  // namespace maand
