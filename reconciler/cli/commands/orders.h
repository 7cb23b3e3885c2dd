// `maand retry JOB`, `release COMMIT|JOB`, `suspend [JOB]`, `resume [JOB]`,
// `rollback JOB --to COMMIT`, `pin COMMIT`, and those of recovery, `takeover`, `forget JOB@WORKER`
// and `worker reset|trust|forget HOST`: an operator's word, through
// the daemon, or into the store while no daemon runs.
#pragma once

#include <string>

#include "reconciler/cli/context.h"

namespace maand {

struct RetryOptions {
  std::string job;
};
struct ReleaseOptions {
  std::string subject;  // a job, or the head's commit id
  bool unsigned_commits = false;
  std::string reason;  // with unsigned_commits only, and then not empty
};

struct SuspendOptions {
  std::string job;  // empty: the whole bucket
  std::string reason;
  std::string span;  // core/duration.h
};
struct RollbackOptions {
  std::string job;
  std::string to;  // a commit, as git names it
  std::string reason;
  std::string span;  // empty: until `maand resume`
};
struct PinOptions {
  std::string to;  // a commit, as git names it
  std::string reason;
  std::string span;  // empty: until `maand resume`
};
struct ResumeOptions {
  std::string job;
};
struct TakeoverOptions {
  std::string reason;
};
struct ForgetOptions {
  std::string allocation;  // JOB@WORKER
};
struct WorkerOptions {
  std::string host;
  bool replaced = false;  // of `trust`
};
struct DrainOptions {
  std::string host;
  std::string reason;  // may be empty
  std::string span;    // empty: until `maand worker undrain`
  bool force = false;
};

// kExitUsage: there is no such job or commit. kExitHeld: refused. kExitNoDaemon:
// no daemon answers and another process holds the bucket.
int run_retry(const Context& context, const RetryOptions& options);
int run_release(const Context& context, const ReleaseOptions& options);
int run_suspend(const Context& context, const SuspendOptions& options);
int run_rollback(const Context& context, const RollbackOptions& options);
int run_pin(const Context& context, const PinOptions& options);
int run_resume(const Context& context, const ResumeOptions& options);
int run_takeover(const Context& context, const TakeoverOptions& options);
int run_forget(const Context& context, const ForgetOptions& options);
int run_worker_reset(const Context& context, const WorkerOptions& options);
int run_worker_trust(const Context& context, const WorkerOptions& options);
int run_worker_forget(const Context& context, const WorkerOptions& options);
int run_worker_drain(const Context& context, const DrainOptions& options);
int run_worker_undrain(const Context& context, const WorkerOptions& options);

}  // namespace maand
