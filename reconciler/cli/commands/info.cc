#include "reconciler/cli/commands/info.h"

#include <cstdint>
#include <filesystem>
#include <iostream>
#include <set>
#include <string>
#include <system_error>

#include "reconciler/cli/bucket.h"
#include "reconciler/cli/bucket_store.h"
#include "reconciler/cli/json_in.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/cli/status_document.h"
#include "reconciler/cli/status_text.h"
#include "reconciler/cli/terminal.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kShortId = 12;
constexpr std::size_t kMostLineBytes = 2000;

struct Sizes {
  std::int64_t jobs = 0, workers = 0, allocations = 0, running = 0;
};

Sizes sizes_of(const StatusView& status) {
  std::set<std::string> jobs, workers;
  Sizes out;
  for (const auto& one : status.allocations) {
    jobs.insert(one.job);
    workers.insert(one.worker);
    ++out.allocations;
    out.running += one.state == "running" ? 1 : 0;
  }
  out.jobs = static_cast<std::int64_t>(jobs.size());
  out.workers = static_cast<std::int64_t>(workers.size());
  return out;
}

// Number of the newest pass: what templates know as UpdateSeq.
std::int64_t last_pass_of(const Bucket& bucket) {
  const std::unique_ptr<Store> store = open_state_if_any(bucket);
  if (!store) return 0;
  const auto last = store->passes(1);
  return last.empty() ? 0 : last.front().id;
}

std::string json_text(const Bucket& bucket, const StatusView& status, const Sizes& sizes) {
  const Config& config = bucket.config;
  return JsonObject()
      .text("bucket_id", config.bucket_id.str())
      .text("name", config.name)
      .text("directory", bucket.directory.string())
      .text("url", config.git.url)
      .text("branch", config.git.branch)
      .text("path", config.git.path)
      .text("head", status.head)
      .text("applied_commit", status.applied)
      .text("state", status.state)
      .flag("daemon", status.daemon)
      .text("phase", status.phase)
      .text("listen", config.http.listen)
      .text("worker_root", config.worker_root)
      .text("store", state_place(bucket))
      .number("store_bytes", state_bytes(bucket))
      .number("last_pass", last_pass_of(bucket))
      .number("jobs", sizes.jobs)
      .number("workers", sizes.workers)
      .number("allocations", sizes.allocations)
      .number("running", sizes.running)
      .text("version", MAAND_VERSION)
      .str();
}

void line(const char* label, const std::string& text, Ink ink = Ink::kPlain, bool color = false) {
  std::cout << pad_right(label, 12) << inked(printable(text, kMostLineBytes), ink, color) << "\n";
}

std::string counted(std::int64_t number, const std::string& noun) {
  return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

std::string commit_of(const std::string& id) { return id.empty() ? "none yet" : id.substr(0, kShortId); }

}  // namespace

int run_info(const Context& context, const InfoOptions&) {
  const Bucket bucket = open_bucket(context);
  const StatusView status = parse_status(status_document(bucket));
  const Sizes sizes = sizes_of(status);
  if (context.json) {
    std::cout << json_text(bucket, status, sizes) << "\n";
    return kExitDone;
  }
  const Config& config = bucket.config;
  const std::string state = status.state.empty() ? "pending" : status.state;
  line("bucket",
       config.name + " (" + (config.bucket_id.empty() ? "no bucket_id" : config.bucket_id.str()) + ")");
  line("directory", bucket.directory.string());
  line("repository", config.git.url.empty() ? "none: git.url is not set" : config.git.url);
  line("branch", config.git.branch + (config.git.path.empty() ? "" : ", workspace in " + config.git.path));
  line("head", commit_of(status.head));
  line("applied", commit_of(status.applied));
  line("state", state, ink_of_state(state), context.color);
  line("daemon", status.daemon
                     ? "runs" + (config.http.listen.empty() ? "" : ", dashboard on " + config.http.listen)
                     : std::string("does not run"));
  line("deployed", counted(sizes.jobs, "job") + " on " + counted(sizes.workers, "worker") + ": " +
                       counted(sizes.allocations, "allocation") + ", " + std::to_string(sizes.running) +
                       " running");
  line("on workers", config.worker_root + "/" + config.bucket_id.str());
  const std::string size =
      in_postgres(bucket) ? "" : ", " + std::to_string(state_bytes(bucket) / 1024) + " KiB";
  line("store", state_place(bucket) + size + ", last pass " + std::to_string(last_pass_of(bucket)));
  line("version", MAAND_VERSION);
  return kExitDone;
}

}  // namespace maand
