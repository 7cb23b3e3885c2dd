#include "reconciler/cli/commands/gc.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "executor/errand_script.h"
#include "reconciler/cli/accepted_head.h"
#include "reconciler/cli/bucket_store.h"
#include "reconciler/cli/errand_round.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/cli/services.h"
#include "reconciler/cli/table.h"
#include "reconciler/core/left_over.h"
#include "reconciler/core/names.h"
#include "reconciler/core/text.h"

namespace maand {
namespace fs = std::filesystem;
namespace {

constexpr Seconds kAskLimit{300};    // sizes are counted file by file
constexpr Seconds kTakeLimit{3600};  // and so they go
constexpr std::size_t kJobsPerErrand = 500;

std::string size_text(std::int64_t kib) {
  if (kib >= 10 * 1024 * 1024) return std::to_string(kib / 1024 / 1024) + " GiB";
  if (kib >= 10 * 1024) return std::to_string(kib / 1024) + " MiB";
  return std::to_string(kib) + " KiB";
}

std::string counted(std::size_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

// Every worker that may have something: those of the commit, and those that left and are on record.
std::vector<Endpoint> endpoints(const JudgedHead& head, std::map<WorkerHost, WorkerHost>& was) {
  std::vector<Endpoint> out;
  std::set<WorkerHost> seen;
  for (const Worker& worker : head.desired->workers) {
    seen.insert(worker.host);
    was[worker.host] = worker.was;
    out.push_back(endpoint_of(worker, head.settings.ssh));
  }
  for (const auto& [key, allocation] : head.applied.allocations) {
    if (!allocation.endpoint.address.empty() && seen.insert(key.worker).second)
      out.push_back(allocation.endpoint);
  }
  for (const auto& [host, record] : head.applied.workers) {
    if (!record.was.empty()) was[host] = record.was;
  }
  return out;
}

RoundErrand errand_for(const Bucket& bucket, const JudgedHead& head, const Endpoint& endpoint,
                       const WorkerHost& was, const std::string& jobs) {
  const auto record = head.applied.workers.find(endpoint.host);
  Errand errand;
  errand.endpoint = endpoint;
  errand.script = kGcErrand;
  errand.limit = jobs.empty() ? kAskLimit : kTakeLimit;
  errand.environment = {
      {"BUCKET_ID", bucket.config.bucket_id.str()},
      {"MAAND_ROOT", bucket.config.worker_root},
      {"MAAND_WORKER", endpoint.host.str()},
      {"MAAND_WAS", was.empty() ? endpoint.host.str() : was.str()},
      {"MAAND_INSTANCE", record == head.applied.workers.end() ? "" : record->second.instance},
      {"MAAND_JOBS", jobs},
  };
  return {endpoint.host.str(), std::move(errand)};
}

// Output of allocations that nobody knows any more, and when it was written last.
struct OldOutput {
  fs::path file;
  std::int64_t bytes = 0;
};

std::vector<OldOutput> old_output(const Bucket& bucket, const AppliedState& applied,
                                  std::chrono::hours retain) {
  std::vector<OldOutput> out;
  std::error_code ignored;
  const auto limit = fs::file_time_type::clock::now() - retain;
  for (const auto& entry : fs::directory_iterator(bucket.logs(), ignored)) {
    std::string name = entry.path().filename().string();
    if (name.ends_with(".1")) name.resize(name.size() - 2);
    if (!name.ends_with(".log") || !entry.is_regular_file(ignored)) continue;
    name.resize(name.size() - 4);
    const std::size_t at = name.find('@');
    if (at == std::string::npos) continue;
    const AllocationKey key{JobName(name.substr(0, at)), WorkerHost(name.substr(at + 1))};
    if (!is_job_name(key.job.str()) || !is_host(key.worker.str()) || applied.find(key)) continue;
    if (entry.last_write_time(ignored) > limit || ignored) continue;
    out.push_back({entry.path(), static_cast<std::int64_t>(entry.file_size(ignored))});
  }
  return out;
}

struct Finds {
  std::vector<LeftOver> goes;
  std::vector<std::pair<LeftOver, std::string>> stays;
  std::vector<std::string> problems;  // of workers
  std::vector<OldOutput> output;
  std::int64_t kib() const {
    std::int64_t sum = 0;
    for (const LeftOver& one : goes) sum += one.kib;
    return sum;
  }
};

void print(const Context& context, const Finds& finds, WallTime now) {
  if (context.json) return;
  Table table({{"job"},
               {"worker"},
               {"size", Column::Align::kRight},
               {"left", Column::Align::kRight},
               {"", Column::Align::kLeft, true}});
  const auto row = [&](const LeftOver& one, const Cell& what) {
    const auto days = std::chrono::duration_cast<std::chrono::hours>(now - one.removed_at).count() / 24;
    table.row({one.key.job.str(), one.key.worker.str(), size_text(one.kib),
               std::to_string(days) + " days ago", what});
  };
  for (const LeftOver& one : finds.goes) row(one, Cell("goes", Ink::kWarn));
  for (const auto& [one, why] : finds.stays) row(one, Cell("stays: " + why, Ink::kDim));
  if (!table.empty()) std::cout << table.str(terminal_columns(), context.color);
  std::int64_t bytes = 0;
  for (const OldOutput& one : finds.output) bytes += one.bytes;
  if (!finds.output.empty()) {
    std::cout << finds.output.size() << " files of old output here, " << size_text((bytes + 1023) / 1024)
              << "\n";
  }
}

bool agreed(const Finds& finds, int days) {
  if (isatty(STDIN_FILENO) != 1) {
    throw CommandError(kExitUsage,
                       "nobody can be asked here: say --yes to remove this, or --dry-run to look");
  }
  std::string what;
  if (!finds.goes.empty()) {
    what += counted(finds.goes.size(), "directory", "directories") + " with everything in it (" +
            size_text(finds.kib()) + "), ";
  }
  if (!finds.output.empty()) what += counted(finds.output.size(), "file", "files") + " of old output, ";
  std::cout << "Remove " << what << "and versions of variables that were replaced more than " << days
            << " days ago? [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  const std::string word = lower(trim(answer));
  return word == "y" || word == "yes";
}

// What each worker offers, and what becomes of it.
void ask_workers(const Bucket& bucket, const JudgedHead& head, ErrandRound& round,
                 const std::vector<Endpoint>& workers, std::map<WorkerHost, WorkerHost>& was,
                 std::chrono::hours retain, WallTime now, Finds& finds) {
  std::vector<RoundErrand> errands;
  for (const Endpoint& one : workers) errands.push_back(errand_for(bucket, head, one, was[one.host], ""));
  std::vector<std::string> outputs;
  const std::vector<RoundResult> results = round.collect(errands, outputs);
  for (std::size_t i = 0; i < results.size(); ++i) {
    std::string problem = sentence(results[i].outcome);
    std::optional<std::vector<LeftOver>> told;
    if (results[i].tried && results[i].outcome.succeeded())
      told = parse_left_over(outputs[i], workers[i].host, problem);
    if (!told) {
      finds.problems.push_back(results[i].name + ": " +
                               (results[i].tried ? problem : "was not asked any more"));
      continue;
    }
    for (LeftOver& one : *told) {
      std::string why = why_kept(one, head.applied, *head.desired, retain, now);
      if (why.empty()) {
        finds.goes.push_back(std::move(one));
      } else {
        finds.stays.emplace_back(std::move(one), std::move(why));
      }
    }
  }
}

// Returns how many are gone.
std::size_t take_away(const Bucket& bucket, const JudgedHead& head, ErrandRound& round,
                      const std::vector<Endpoint>& workers, std::map<WorkerHost, WorkerHost>& was,
                      Finds& finds) {
  std::vector<RoundErrand> errands;
  for (const Endpoint& worker : workers) {
    std::string jobs;
    std::size_t count = 0;
    const auto send = [&] {
      if (count > 0) errands.push_back(errand_for(bucket, head, worker, was[worker.host], jobs));
      jobs.clear();
      count = 0;
    };
    for (const LeftOver& one : finds.goes) {
      if (one.key.worker != worker.host) continue;
      jobs += (jobs.empty() ? "" : " ") + one.key.job.str();
      if (++count == kJobsPerErrand) send();
    }
    send();
  }
  std::vector<std::string> outputs;
  const std::vector<RoundResult> results = round.collect(errands, outputs);
  std::size_t gone = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const TakenAway told = parse_taken_away(outputs[i]);
    gone += told.gone.size();
    for (const auto& [job, why] : told.kept)
      finds.problems.push_back(job.str() + "@" + results[i].name + " stays: " + printable(why, 500));
    if (!told.whole)
      finds.problems.push_back(results[i].name + ": " +
                               (results[i].tried ? sentence(results[i].outcome) : "was not asked any more"));
  }
  return gone;
}

// The bucket's own part. Returns what is to be said about it.
std::string forget_here(const Bucket& bucket, std::chrono::hours retain) {
  std::shared_ptr<BucketLock> lock;
  try {
    lock = Services::take_lock(bucket);
  } catch (const CommandError& busy) {
    if (busy.status() != kExitNoDaemon) throw;
    return "Old output and versions of variables stay: a daemon has the bucket. Stop it and run `maand gc` "
           "again for them.";
  }
  // Under the lock, what is on record is on record.
  AppliedState applied;
  if (const std::unique_ptr<Store> store = open_state_if_any(bucket)) applied = store->load();
  std::size_t files = 0;
  std::error_code ignored;
  for (const OldOutput& one : old_output(bucket, applied, retain))
    files += fs::remove(one.file, ignored) ? 1 : 0;
  std::size_t versions = 0;
  if (has_values(bucket)) {
    versions = open_values(bucket)->trim(std::chrono::duration_cast<std::chrono::days>(retain),
                                         std::chrono::system_clock::now());
  }
  return "Removed here: " + counted(files, "file", "files") + " of old output, " +
         counted(versions, "old version", "old versions") + " of variables.";
}

}  // namespace

int run_gc(const Context& context, const GcOptions& options) {
  const Bucket bucket = open_bucket(context);
  ErrandRound round(bucket);
  const JudgedHead head = accepted_head(bucket, "keeping");
  const WallTime now = std::chrono::system_clock::now();
  const std::chrono::hours retain{24L * options.retain_days};
  std::map<WorkerHost, WorkerHost> was;
  const std::vector<Endpoint> workers = endpoints(head, was);
  Finds finds;
  ask_workers(bucket, head, round, workers, was, retain, now, finds);
  finds.output = old_output(bucket, head.applied, retain);
  print(context, finds, now);
  const bool nothing = finds.goes.empty() && finds.output.empty();
  std::size_t gone = 0;
  std::string here;
  if (!options.dry_run && !round.interrupted() && (options.yes || agreed(finds, options.retain_days))) {
    gone = take_away(bucket, head, round, workers, was, finds);
    here = forget_here(bucket, retain);
  }
  if (context.json) {
    std::vector<std::string> list;
    for (const LeftOver& one : finds.goes)
      list.push_back(JsonObject()
                         .text("job", one.key.job.str())
                         .text("worker", one.key.worker.str())
                         .number("kib", one.kib)
                         .str());
    std::cout << JsonObject()
                     .raw("directories", json_array(list))
                     .number("removed", static_cast<std::int64_t>(gone))
                     .texts("problems", finds.problems)
                     .text("here", here)
                     .str()
              << "\n";
  } else if (!here.empty()) {
    if (gone > 0) std::cout << "Removed " << counted(gone, "directory", "directories") << " on workers.\n";
    std::cout << here << "\n";
  } else if (nothing) {
    std::cout << "Nothing is left over.\n";
  }
  if (round.interrupted()) throw CommandError(kExitFailed, "interrupted");
  if (finds.problems.empty()) return kExitDone;
  std::string text = "not everything could be looked at or removed:";
  for (const std::string& one : finds.problems) text += "\n  " + one;
  throw CommandError(kExitFailed, text);
}

}  // namespace maand
