#include "reconciler/cli/output_tail.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace maand {
namespace {

constexpr std::string_view kSuffix = ".log";
constexpr std::string_view kSeparator = "--- operation ";
constexpr std::size_t kIdDigits = 32;

// app/output_files.h writes it before what an operation printed.
bool separates(std::string_view line) {
  if (!line.starts_with(kSeparator) || line.size() != kSeparator.size() + kIdDigits) return false;
  return line.find_first_not_of("0123456789abcdef", kSeparator.size()) == std::string_view::npos;
}

}  // namespace

OutputTail::OutputTail(std::filesystem::path logs, const std::string& job, Line line)
    : logs_(std::move(logs)), prefix_(job + "@"), line_(std::move(line)) {
  look_for_files();
  for (auto& [name, worker] : workers_) worker->follower.read_new([](std::string_view) {});
}

void OutputTail::look_for_files() {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(logs_, ignored)) {
    const std::string file = entry.path().filename().string();
    if (!file.starts_with(prefix_) || !file.ends_with(kSuffix)) continue;
    const std::string name = file.substr(prefix_.size(), file.size() - prefix_.size() - kSuffix.size());
    if (workers_.count(name) == 0) workers_.emplace(name, std::make_unique<Worker>(entry.path()));
  }
}

void OutputTail::read_new() {
  look_for_files();
  for (auto& [name, worker] : workers_) {
    worker->follower.read_new(
        [&, &name = name, &worker = *worker](std::string_view bytes) { take(name, worker, bytes); });
  }
}

void OutputTail::take(const std::string& name, Worker& worker, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    if (newline == std::string_view::npos) {
      worker.rest += bytes;
      if (worker.rest.size() >= kLongestLine) tell(name, std::exchange(worker.rest, ""));
      return;
    }
    worker.rest += bytes.substr(0, newline);
    tell(name, std::exchange(worker.rest, ""));
    bytes.remove_prefix(newline + 1);
  }
}

void OutputTail::tell(const std::string& name, std::string_view line) {
  if (!separates(line)) line_(name, line);
}

void OutputTail::end() {
  read_new();
  for (auto& [name, worker] : workers_) {
    if (!worker->rest.empty()) tell(name, std::exchange(worker->rest, ""));
  }
}

}  // namespace maand
