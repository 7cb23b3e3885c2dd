// The seam between the daemon and whoever looks at it or steers it: HTTP, the
// unix socket, the command line. `reconciler/app` implements it, `reconciler/http`
// serves it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace maand {

// R6.1.
struct HealthState {
  bool alive = false;  // the reconcile thread serves its queue
  bool ready = false;  // the store can be written and the remote was tried once
  std::string why;     // one line; empty when alive and ready
};

// Snapshots, rendered. Thread-safe; never waits for a pass.
class StatusSource {
 public:
  virtual ~StatusSource() = default;
  virtual HealthState health() const = 0;
  // JSON documents of `GET /api/v1/…`.
  virtual std::string status_json() const = 0;
  virtual std::string commits_json(std::size_t limit) const = 0;  // past passes, newest first
  virtual std::string allocations_json() const = 0;
  virtual std::optional<std::string> job_json(const std::string& name) const = 0;  // nullopt: no such job
  virtual std::string plan_json() const = 0;
  virtual std::string previews_json() const = 0;
  // Prometheus text format 0.0.4.
  virtual std::string metrics_text() const = 0;
};

// What is asked for too seldom to keep it at hand.
struct DetailReply {
  enum class Kind {
    kFound,
    kUnknown,      // there is no such thing
    kUnavailable,  // it cannot be read now
  } kind = Kind::kUnknown;
  std::string text;  // kFound: JSON; else one sentence
};

// Read from the bucket's files and its mirror when somebody asks; no worker and no
// remote is contacted. Thread-safe; may take seconds where a fleet is large.
class Details {
 public:
  virtual ~Details() = default;
  // {"job","worker","files"} as `maand plan --json` tells them, over the last judged commit.
  virtual DetailReply plan_files(const std::string& job, const std::string& worker) = 0;
  // {"commit","note"}: every bucket's part. `commit`: a whole id.
  virtual DetailReply note(const std::string& commit) = 0;
  // Whether `job` (empty: the whole workspace) can be taken from `rev`. kFound: the whole id of that commit,
  // bare.
  virtual DetailReply content_at(const std::string& job, const std::string& rev) = 0;
  // {"job","worker","from","next","size","text"}: what its targets printed, at most 256 KiB from
  // byte `from` on; negative counts from the end.
  virtual DetailReply output(const std::string& job, const std::string& worker, std::int64_t from) = 0;
};

// What became of an operator's word.
struct ControlReply {
  enum class Kind {
    kDone,
    kUnknownSubject,
    kMalformed,  // it cannot be read: no word of that kind, no length of time
    kRefused,    // it is clear, and not to be had now
    kBusy,       // something else has to end first
  } kind = Kind::kDone;
  std::string text;  // one sentence
};

// `maand worker drain`, as it was written.
struct DrainRequest {
  std::string host;
  std::string reason;  // may be empty
  std::string span;    // as in duration.h; empty: until it is taken back
  bool force = false;  // also where more of a job would be out than may be
};

// `maand job start|stop|restart` (job_order.h), as it was written.
struct JobOrderRequest {
  std::string verb;
  std::string job;
  std::string workers;        // comma-separated; empty: all of the job
  bool health_check = false;  // of start and restart
  std::string reason;         // of a stop; may be empty
  std::string span;           // of a stop, as in duration.h; empty: until it is started
};

// `maand job_command`, the hooks of `maand health_check`, and job_control of `maand job run`.
struct HookOrderRequest {
  std::string event = "cli";  // or health_check, or job_control
  std::string command;        // empty: every command of the event
  std::string job;            // empty: every job that has one
  int concurrency = 1;        // allocations of a job at once; >= 1
  std::string target;         // of job_control, which needs one and its job
  std::string workers;        // of job_control: comma-separated; empty: all of the job
};

// Thread-safe. Each call is answered within a few seconds, also in the middle of
// a pass. `actor` goes into the audit.
class Controls {
 public:
  virtual ~Controls() = default;
  virtual ControlReply reconcile(const std::string& actor) = 0;
  virtual ControlReply retry(const std::string& job, const std::string& actor) = 0;
  virtual ControlReply release(const std::string& subject, const std::string& actor) = 0;  // commit or job
  // R1.5: every commit up to `commit` may be applied though nobody trusted signed it.
  virtual ControlReply release_unsigned(const std::string& commit, const std::string& reason,
                                        const std::string& actor) = 0;
  // R5.5. `job` empty: the whole bucket. `span`: how long, as in duration.h.
  virtual ControlReply suspend(const std::string& job, const std::string& reason, const std::string& span,
                               const std::string& actor) = 0;
  // Ends the suspension of `job` (empty: of the bucket), or else its pin.
  virtual ControlReply resume(const std::string& job, const std::string& actor) = 0;
  // R5.4: `job` (empty: the bucket) at the content of `commit`, a whole id that Details::content_at gave,
  // until resume() or for `span`; empty: without an end.
  virtual ControlReply rollback(const std::string& job, const std::string& commit, const std::string& reason,
                                const std::string& span, const std::string& actor) = 0;
  // R3.12, R7.3: the next pass reads every worker and claims the next epoch.
  virtual ControlReply takeover(const std::string& reason, const std::string& actor) = 0;
  // R3.10: `subject`, JOB@WORKER, counts as never deployed.
  virtual ControlReply forget(const std::string& subject, const std::string& actor) = 0;
  // Runs a target on allocations that are there. kDone: the order's id; it is carried out when its turn
  // comes, which job_order_json() tells.
  virtual ControlReply job_order(const JobOrderRequest& request, const std::string& actor) = 0;
  // {"order","verb","job","actor","state","message","exit","allocations"}; nullopt: none of this id is known.
  virtual std::optional<std::string> job_order_json(const std::string& id) const = 0;
  // Runs commands of jobs on their active allocations, at once, whatever else goes on. kDone: the id of the
  // order, for job_order_json() and cut_job_order(), which stops what runs.
  virtual ControlReply hook_order(const HookOrderRequest& request, const std::string& actor) = 0;
  // Nothing more of it begins; what was begun ends.
  virtual ControlReply cut_job_order(const std::string& id, const std::string& actor) = 0;
  // What is on the worker is stopped and nothing starts there, until undrain() or for its span.
  virtual ControlReply drain(const DrainRequest& request, const std::string& actor) = 0;
  virtual ControlReply undrain(const std::string& host, const std::string& actor) = 0;
  // R3.5, R3.9: `verb` is reset, trust or forget.
  virtual ControlReply worker(const std::string& verb, const std::string& host, const std::string& actor) = 0;
};

}  // namespace maand
