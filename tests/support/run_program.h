// Runs a program to its end and tells everything about it, for tests of commands.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace maand::testing {

struct ProgramCall {
  std::vector<std::string> argv;  // argv[0] is the program's path
  // Added to a fixed small environment (PATH, LANG=C.UTF-8, HOME of nobody), so
  // that no test depends on the variables of whoever runs it.
  std::vector<std::pair<std::string, std::string>> environment;
  std::string input;          // stdin
  std::filesystem::path cwd;  // empty: the caller's
  std::chrono::seconds limit{60};
};

struct ProgramResult {
  int status = -1;         // exit status; 128+n for a signal
  bool timed_out = false;  // the limit was reached, and its whole process group was killed
  std::string out;
  std::string err;
};

// Throws std::runtime_error when it cannot be started.
ProgramResult call_program(const ProgramCall& call);

}  // namespace maand::testing
