// What `maand doctor` saw of a worker, and what is to be said about it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "reconciler/core/applied.h"
#include "reconciler/core/errand.h"

namespace maand {

struct WorkerExam {
  // Of the connection: host key, login. kNone: there is one, and what follows counts.
  WorkerCondition condition = WorkerCondition::kNone;
  std::string detail;
  std::chrono::milliseconds login{0};  // from nothing to a login
  std::chrono::milliseconds shell{0};  // of the quickest of some `true`: what its login's shell costs
  std::string noise;                   // what `true` printed; its beginning
  ErrandOutcome outcome;               // of worker_doctor.sh
  std::string output;                  // of it
  WallTime told_at{};                  // our clock when it said its own
};

struct ExamContext {
  BucketId bucket;
  std::string worker_root;
  Endpoint endpoint;
  WorkerHost was;              // R3.6
  std::string instance;        // R3.5: of the marker that was seen there; empty: none yet
  bool expect_marker = false;  // something of ours is confirmed there
};

struct Finding {
  enum class Grade {
    kNote,     // good to know
    kWarning,  // works, but not as it should
    kFailure,  // an operation would fail there
  };
  Grade grade = Grade::kNote;
  std::string about;   // "tools", "clock", …
  std::string text;    // what was found; from outside, so print it as such
  std::string advice;  // what to do; empty: nothing
};
const char* to_string(Finding::Grade grade);  // "note", "warning", "failure"

// The worst first; never empty.
std::vector<Finding> judge_worker(const WorkerExam& exam, const ExamContext& context);
bool would_fail(const std::vector<Finding>& findings);

}  // namespace maand
