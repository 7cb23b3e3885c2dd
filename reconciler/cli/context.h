// What every command gets: the global options, and how it ends.
#pragma once

#include <stdexcept>
#include <string>

namespace maand {

// interface.md, "Exit status".
enum ExitStatus {
  kExitDone = 0,
  kExitFailed = 1,          // failed or degraded
  kExitUsage = 2,           // usage or configuration
  kExitChangesPending = 3,  // `plan`
  kExitHeld = 4,            // refused, held or waiting by a policy
  kExitNoDaemon = 5,        // no daemon, or the bucket is busy
};

struct Context {
  std::string bucket;  // --bucket; empty: MAAND_BUCKET, else the nearest parent with a maand.conf
  bool json = false;   // --json
  bool color = false;  // stdout is a terminal and --no-color was not given
  bool live = false;   // stdout is a terminal: progress lines are allowed
  std::string log_level = "info";
  std::string log_format;  // --log-format text|json; empty: as configured
};

// Ends a command with a message on stderr: what is wrong and what to do.
class CommandError : public std::runtime_error {
 public:
  CommandError(ExitStatus status, const std::string& message)
      : std::runtime_error(message), status_(status) {}
  ExitStatus status() const { return status_; }

 private:
  ExitStatus status_;
};

}  // namespace maand
