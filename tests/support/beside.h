// A command of the real binary that goes on beside the test, and can be interrupted.
#pragma once

#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <vector>

#include "tests/support/bucket_world.h"

namespace maand::testing {

class Beside {
 public:
  // Returns once it has begun.
  Beside(const std::string& binary, const std::filesystem::path& bucket,
         const std::vector<std::string>& arguments, const std::filesystem::path& cwd = {}) {
    const std::filesystem::path pid_file = directory_.path() / "pid";
    std::vector<std::string> argv = {
        "/bin/sh",         "-c",   "echo $$ >\"$0.new\"; mv \"$0.new\" \"$0\"; exec \"$@\" 2>\"$0.err\"",
        pid_file.string(), binary, "--bucket",
        bucket.string()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    end_ = std::async(std::launch::async, [argv, cwd] { return call_program({.argv = argv, .cwd = cwd}); });
    if (eventually([&] { return std::filesystem::exists(pid_file); })) std::ifstream(pid_file) >> pid_;
  }
  void interrupt() const {
    if (pid_ > 0) ::kill(pid_, SIGINT);
  }
  void kill() const {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
  }
  // What it said so far on stderr.
  std::string told() const { return read_file(directory_.path() / "pid.err"); }
  ProgramResult end() {
    ProgramResult result = end_.get();
    result.err = told();
    return result;
  }

 private:
  TempDirectory directory_{"maand-beside"};
  pid_t pid_ = 0;
  std::future<ProgramResult> end_;
};

}  // namespace maand::testing
