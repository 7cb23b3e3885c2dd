// Running errands on many workers: in batches, their output live, until all are done, one batch
// failed, or somebody pressed Ctrl-C.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "executor/remote_errands.h"
#include "executor/ssh_transport.h"
#include "reconciler/cli/bucket.h"
#include "reconciler/cli/context.h"
#include "reconciler/cli/signals.h"
#include "reconciler/core/errand.h"

namespace maand {

struct RoundErrand {
  std::string name;  // in front of its lines, and in what is said about it
  Errand errand;
};

struct RoundResult {
  std::string name;
  bool tried = false;  // false: the round ended before its turn
  ErrandOutcome outcome;
};

struct RoundRules {
  std::size_t batch = 1;  // so many at once; >= 1
  bool stop_at_failure = true;
  // After a batch that went well: does the round go on? Null: it does.
  std::function<bool()> after_batch;
};

// The connections of one command to its workers. Make it before any thread: Ctrl-C, a SIGTERM
// and a closed terminal end what runs on workers from then on; a second one ends the process.
class ErrandRound {
 public:
  explicit ErrandRound(const Bucket& bucket);

  // Output goes to stdout, as one of several people may read it (errand_printer.h).
  std::vector<RoundResult> run(const std::vector<RoundErrand>& errands, const RoundRules& rules,
                               const Context& context);
  // The same, and each output is handed over instead; as many at once as `[ssh] max_starting`.
  // Output beyond `most_bytes` of one is dropped.
  std::vector<RoundResult> collect(const std::vector<RoundErrand>& errands, std::vector<std::string>& outputs,
                                   std::size_t most_bytes = 4u << 20);
  // Calls `work` for each number below `count`, as many at once.
  void for_each(std::size_t count, const std::function<void(std::size_t)>& work) const;
  RemoteErrands& errands() { return errands_; }
  SshTransport& transport() { return transport_; }
  bool interrupted() const { return errands_.stopped(); }

 private:
  const std::size_t at_once_;
  SshTransport transport_;
  RemoteErrands errands_;
  int signals_ = 0;
  SignalWatch watch_;
};

// A list of objects for `--json`: worker, result, exit_status, condition, detail.
std::string json_of(const std::vector<RoundResult>& results);

// Everything that did not end well, as one message. "": all ended well. `what`: "the command".
std::string failures_in(const std::vector<RoundResult>& results, const std::string& what);

}  // namespace maand
