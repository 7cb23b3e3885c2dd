#include "reconciler/cli/commands/logs.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <string_view>
#include <vector>

#include "reconciler/app/output_files.h"
#include "reconciler/cli/allocation_name.h"
#include "reconciler/cli/bucket.h"
#include "reconciler/cli/file_follower.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/cli/terminal.h"
#include "reconciler/core/text.h"

namespace maand {
namespace fs = std::filesystem;
namespace {

constexpr std::chrono::milliseconds kBetweenLooks{200};
constexpr std::size_t kMostNamed = 20;

// The bytes as they are, or with --json an object for each line.
class Printer {
 public:
  Printer(const AllocationKey& key, bool json) : key_(key), json_(json) {}

  void operator()(std::string_view bytes) {
    if (!json_) {
      std::cout << bytes;
      return;
    }
    line_ += bytes;
    std::size_t begin = 0;
    for (std::size_t end; (end = line_.find('\n', begin)) != std::string::npos; begin = end + 1) {
      print(std::string_view(line_).substr(begin, end - begin));
    }
    line_.erase(0, begin);
  }
  void end() {
    if (!line_.empty()) print(line_);
  }

 private:
  void print(std::string_view line) {
    std::cout
        << JsonObject().text("job", key_.job.str()).text("worker", key_.worker.str()).text("line", line).str()
        << "\n";
  }

  const AllocationKey& key_;
  const bool json_;
  std::string line_;
};

// Allocations that printed something, of `job` when there are any.
std::string known(const fs::path& directory, const std::string& job) {
  std::vector<std::string> all, of_job;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory, ignored)) {
    if (entry.path().extension() != ".log") continue;
    const std::string name = entry.path().stem().string();
    all.push_back(printable(name));
    if (name.rfind(job + "@", 0) == 0) of_job.push_back(printable(name));
  }
  std::vector<std::string>& shown = of_job.empty() ? all : of_job;
  if (shown.empty()) return "no target has printed anything yet";
  std::sort(shown.begin(), shown.end());
  if (shown.size() > kMostNamed) shown.resize(kMostNamed);
  return "there is output of " + join_words(shown);
}

}  // namespace

int run_logs(const Context& context, const LogsOptions& options) {
  const Bucket bucket = open_bucket(context);
  const AllocationKey key = parse_allocation(options.allocation);
  if (key.worker.empty()) {
    throw CommandError(kExitUsage, "say of which worker: " + key.job.str() + "@WORKER; " +
                                       known(bucket.logs(), key.job.str()));
  }
  const fs::path file = OutputFiles::file_of(bucket.logs(), key);
  if (!options.follow && !fs::exists(file)) {
    throw CommandError(kExitFailed,
                       "there is no output of " + key.str() + "; " + known(bucket.logs(), key.job.str()));
  }
  FileFollower follower(file);
  Printer print(key, context.json);
  const auto sink = [&print](std::string_view bytes) { print(bytes); };
  follower.read_new(sink);
  while (options.follow && std::cout.flush() && !reader_leaves_within(kBetweenLooks)) {
    follower.read_new(sink);
  }
  print.end();
  return kExitDone;
}

}  // namespace maand
