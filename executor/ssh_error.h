// Why an SSH contact failed: the condition the worker gets and one sentence
// with cause and cure. Thrown inside executor's SSH files only; `Transport`
// turns it into values.
#pragma once

#include <stdexcept>
#include <string>

#include "reconciler/core/outcome.h"

namespace maand {

class SshError : public std::runtime_error {
 public:
  SshError(WorkerCondition condition, const std::string& detail, bool refused_start = false)
      : std::runtime_error(detail), condition_(condition), refused_start_(refused_start) {}
  WorkerCondition condition() const { return condition_; }
  // The server hung up before the handshake was over, as sshd does at
  // MaxStartups. Nothing was tried yet, so it may be tried again soon.
  bool refused_start() const { return refused_start_; }

 private:
  WorkerCondition condition_;
  bool refused_start_;
};

}  // namespace maand
