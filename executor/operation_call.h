// One operation on its worker, from the first exec to an outcome, whatever happens
// to the connection in between.
#pragma once

#include <atomic>

#include "executor/remote_runner.h"
#include "executor/session_cache.h"
#include "executor/worker_call.h"

namespace maand {

class OperationCall {
 public:
  struct Deps {
    const RemoteRunnerOptions& options;
    Transport& transport;
    SessionCache& sessions;
    Blobs& blobs;
    OutputSink& output;
    const std::atomic<bool>& stopping;
  };

  OperationCall(const Deps& deps, const Operation& operation) : deps_(deps), operation_(operation) {}

  Outcome run();  // ships and runs
  Outcome ask();  // what became of it
  // Over connections of its own, until the worker has said which of both happened, or its
  // time, that of its way back and `lost_for` are over.
  Outcome confirm();

 private:
  // What one exec gave.
  struct Attempt {
    std::optional<Reply> reply;
    WorkerCondition condition = WorkerCondition::kNone;
    std::string detail;
    bool began = false;     // the script may have got everything it needs
    bool lay_idle = false;  // over a connection that was kept
  };

  Attempt call(CallKind kind, bool full, bool fresh);
  Outcome ask_until_known();
  // One that did not end well stays as it is if its worker takes a new connection.
  Outcome reached(Outcome outcome);
  void pause(std::chrono::milliseconds time) const;
  Outcome lost(const Attempt& attempt) const;
  void take_output(std::string_view bytes);

  const Deps deps_;
  const Operation& operation_;
  std::uint64_t seen_bytes_ = 0;  // of the target's output
  // By then the target was ended and its receipt written, if anything goes at all.
  std::chrono::steady_clock::time_point over_{};
};

}  // namespace maand
