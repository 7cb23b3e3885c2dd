// A program of the distribution, run to its end within limits: fixed argv, no shell, an
// environment of its own, a deadline, and bounded output.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace maand {

struct BoundedCommand {
  std::vector<std::string> argv;  // argv[0]: a name in the usual directories, or an absolute path
  std::string_view input;         // stdin
  std::string home;               // HOME and GNUPGHOME
  std::chrono::milliseconds deadline{20'000};
  std::function<bool()> stopped;  // asked now and then; null: never
};

struct CommandEnd {
  enum class Kind {
    kExited,
    kMissing,    // there is no such program
    kTimedOut,   // killed, with its whole process group
    kStopped,    // the same
    kTooMuch,    // printed more than 1 MiB, and was killed
    kCrashed,    // ended by a signal
    kUnstarted,  // the machine would not start it
  } kind = Kind::kUnstarted;
  int status = -1;
  std::string out;
  std::string err;
};

// Never throws. Any thread.
CommandEnd run_bounded(const BoundedCommand& command);

}  // namespace maand
