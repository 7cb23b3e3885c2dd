// An errand: a script that somebody wants run on a worker now, outside of every rollout,
// and what came of it. It holds no lock there, leaves no record, and no allocation is another
// one because of it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reconciler/core/model.h"
#include "reconciler/core/operation.h"
#include "reconciler/core/outcome.h"

namespace maand {

struct Errand {
  Endpoint endpoint;
  // Read by a shell there, with no stdin. It travels as data: no command line holds any of it.
  std::string script;
  bool bash = false;  // by bash where there is one, else by sh
  // What the shell has in its environment besides the login's. Names are [A-Z][A-Z_]*, values
  // hold no newline.
  std::vector<std::pair<std::string, std::string>> environment;
  std::string directory;  // where it stands, if that is there; empty: where a login does
  Seconds limit{300};     // then its whole process group is ended
};

struct ErrandOutcome {
  enum class Kind {
    kEnded,        // with `exit_status`
    kTimedOut,     // it was ended at its limit
    kNotBegun,     // `condition` and `detail` say why
    kInterrupted,  // somebody here gave it up; it is ended there within some seconds
    kLost,         // the connection broke; it is ended there, and how far it came is not known
  };
  Kind kind = Kind::kNotBegun;
  int exit_status = 0;  // kEnded: 128+n for a signal
  WorkerCondition condition = WorkerCondition::kNone;
  std::string detail;

  bool succeeded() const { return kind == Kind::kEnded && exit_status == 0; }
};
// "ended", "timed_out", …
const char* to_string(ErrandOutcome::Kind kind);
// How it ended, to follow the worker's name: "exited with 3", "was not reached: …".
std::string sentence(const ErrandOutcome& outcome);

// Why `script` cannot be sent; empty: it can.
std::string script_problem(std::string_view script);

}  // namespace maand
