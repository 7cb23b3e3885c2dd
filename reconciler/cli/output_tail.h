// What the targets of a job print from now on, line by line, each with its worker.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "reconciler/cli/file_follower.h"

namespace maand {

// Not thread-safe. A line is told when it is whole, so that lines of several workers do not mix; one
// of more than kLongestLine bytes comes in pieces.
class OutputTail {
 public:
  using Line = std::function<void(const std::string& worker, std::string_view line)>;
  static constexpr std::size_t kLongestLine = 4u << 20;

  // `logs`: of the bucket. What is there already is not told.
  OutputTail(std::filesystem::path logs, const std::string& job, Line line);

  void read_new();
  // Also what did not end with a newline. Nothing comes after it.
  void end();

 private:
  struct Worker {
    explicit Worker(std::filesystem::path file) : follower(std::move(file)) {}
    FileFollower follower;
    std::string rest;  // of a line that is not whole yet
  };
  void look_for_files();
  void take(const std::string& name, Worker& worker, std::string_view bytes);
  void tell(const std::string& name, std::string_view line);

  const std::filesystem::path logs_;
  const std::string prefix_;
  const Line line_;
  std::map<std::string, std::unique_ptr<Worker>> workers_;
};

}  // namespace maand
