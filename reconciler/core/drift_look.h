// One look at a worker: what is asked of its allocations, what it answers, and what
// that means (R5.9).
//
// What counts is what was shipped: files that the application made are not in any list
// and are never looked at. Left out are the top-level manifest.json (R3.2), what the
// manifest says the application rewrites (`drift.ignore`), and modes and owners that
// nobody asked for, but for an executable that no longer is one. Pure.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/core/drift.h"
#include "reconciler/core/files.h"
#include "reconciler/core/ids.h"
#include "reconciler/core/model.h"
#include "reconciler/core/outcome.h"

namespace maand {

// Shipped paths that are the application's own once they lie there.
struct LookRules {
  std::vector<std::string> ignore;    // patterns as in restart_globs
  std::vector<std::string> rendered;  // paths that answer to `<path>.tpl` too; sorted
};

// What is asked of one allocation.
struct JobLook {
  JobName job;
  FileSetPtr files;         // that shall lie there; never null
  OperationId operation;    // the newest that was confirmed; tells whether an answer is still about it
  std::string version;      // that runs, for `make status`
  Seconds status_limit{0};  // of `make status`; 0: it is not run
  std::shared_ptr<const LookRules> rules;  // null: none
};

// What a worker says of one job.
struct JobSeen {
  enum class Status { kNotAsked, kRuns, kNotRunning, kTimedOut, kMissing };
  struct Deviation {
    // kInTheWay: a directory, or a symlink above it, where no file can land.
    enum class Kind { kChanged, kGone, kNoFile, kInTheWay, kSymlink, kMode } kind = Kind::kChanged;
    std::string path;
    friend bool operator==(const Deviation&, const Deviation&) = default;
  };

  JobName job;
  bool busy = false;  // an operation is under way there, or files have not all landed
  std::string list;   // id of its list in hex; empty: it has none
  std::vector<Deviation> deviations;
  bool more = false;  // deviations were left out
  Status status = Status::kNotAsked;
  int exit_status = 0;  // kNotRunning
};

struct Seen {
  WorkerCondition condition = WorkerCondition::kNone;  // otherwise nothing is known of any job
  std::string detail;
  std::vector<JobSeen> jobs;
};

// nullopt: no verdict.
std::optional<DriftFinding> judge_look(const JobLook& asked, const JobSeen& seen);

}  // namespace maand
