#include "reconciler/cli/commands/collect_facts.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

#include "executor/errand_script.h"
#include "reconciler/cli/accepted_head.h"
#include "reconciler/cli/checkout.h"
#include "reconciler/cli/errand_round.h"
#include "reconciler/cli/errand_workers.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/cli/settings.h"
#include "reconciler/cli/table.h"
#include "reconciler/core/workers_edit.h"
#include "reconciler/core/workers_file.h"

namespace maand {
namespace fs = std::filesystem;
namespace {

constexpr Seconds kLimit{30};

struct WorkersFile {
  fs::path path;  // of the file itself, where it is a symlink
  std::string text;
  std::vector<Worker> workers;
};

WorkersFile file_of_checkout() {
  const fs::path workspace = workspace_here();
  WorkersFile file;
  std::error_code error;
  file.path = fs::canonical(workspace / "workers.json", error);
  std::ifstream in(file.path, std::ios::binary);
  file.text.assign(std::istreambuf_iterator<char>(in), {});
  if (error || !in.is_open() || in.bad())
    throw CommandError(kExitFailed, "cannot read " + (workspace / "workers.json").string());
  Diagnostics diagnostics;
  file.workers = parse_workers(file.text, "workers.json", diagnostics);
  std::string problems;
  for (const Diagnostic& one : diagnostics.all()) {
    if (one.severity == Severity::kError) problems += (problems.empty() ? "" : "\n") + to_string(one);
  }
  if (!problems.empty()) throw CommandError(kExitUsage, problems);
  return file;
}

// Another reader sees the old file or the new one.
void write(const WorkersFile& file, const std::string& text) {
  const fs::path fresh = file.path.string() + ".new";
  const auto fail = [&] {
    throw CommandError(kExitFailed, "cannot write " + file.path.string() + ": " + std::strerror(errno));
  };
  std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) fail();
  std::error_code error;
  fs::permissions(fresh, fs::status(file.path).permissions(), error);
  fs::rename(fresh, file.path, error);
  if (error) {
    errno = error.value();
    fail();
  }
}

std::string amount(double known, const std::string& unit) {
  return known == 0 ? "-" : std::to_string(static_cast<long long>(known)) + " " + unit;
}

void print(const Context& context, const std::vector<Worker>& workers,
           const std::map<WorkerHost, WorkerFacts>& facts) {
  if (context.json) {
    std::vector<std::string> list;
    for (const Worker& worker : workers) {
      const auto found = facts.find(worker.host);
      if (found == facts.end()) continue;
      list.push_back(JsonObject()
                         .text("worker", worker.host.str())
                         .number("memory_mb", found->second.memory_mb)
                         .number("cpu_mhz", found->second.cpu_mhz)
                         .str());
    }
    std::cout << JsonObject().raw("workers", json_array(list)).str() << "\n";
    return;
  }
  const auto right = Column::Align::kRight;
  Table table({{"worker"}, {"memory", right}, {"listed", right}, {"cpu", right}, {"listed", right}});
  for (const Worker& worker : workers) {
    const auto found = facts.find(worker.host);
    if (found == facts.end()) continue;
    const WorkerFacts& has = found->second;
    const auto ink = [](double listed, long long there) {
      return listed > static_cast<double>(there) ? Ink::kBad : Ink::kPlain;  // more is promised than is there
    };
    table.row({worker.host.str(), std::to_string(has.memory_mb) + " mb",
               Cell(amount(worker.memory_mb, "mb"), ink(worker.memory_mb, has.memory_mb)),
               std::to_string(has.cpu_mhz) + " mhz",
               Cell(amount(worker.cpu_mhz, "mhz"), ink(worker.cpu_mhz, has.cpu_mhz))});
  }
  if (!table.empty()) std::cout << table.str(terminal_columns(), context.color);
}

}  // namespace

int run_collect_facts(const Context& context, const CollectFactsOptions& options) {
  const Bucket bucket = open_bucket(context);
  ErrandRound round(bucket);
  std::optional<WorkersFile> file;
  if (options.generate_workers) file = file_of_checkout();
  const std::vector<Worker> all =
      file ? file->workers : accepted_head(bucket, "going to workers by").desired->workers;
  const std::vector<Worker> workers = choose_workers(all, options.workers, options.labels);
  std::vector<RoundErrand> errands;
  for (const Worker& worker : workers) {
    Errand errand;
    errand.endpoint = endpoint_of(worker, pass_settings(bucket).plan.ssh);
    errand.script = kFactsErrand;
    errand.limit = kLimit;
    errands.push_back({worker.host.str(), std::move(errand)});
  }
  std::vector<std::string> outputs;
  std::vector<RoundResult> results = round.collect(errands, outputs);
  std::map<WorkerHost, WorkerFacts> facts;
  std::string problems;
  for (std::size_t i = 0; i < results.size(); ++i) {
    std::string problem = sentence(results[i].outcome);
    if (results[i].tried && results[i].outcome.succeeded()) {
      if (const auto found = parse_facts(outputs[i], problem)) {
        facts.emplace(workers[i].host, *found);
        continue;
      }
    }
    problems += "\n  " + results[i].name + ": " + (results[i].tried ? problem : "was not asked any more");
  }
  print(context, workers, facts);
  if (!problems.empty()) {
    throw CommandError(
        kExitFailed,
        std::string("not every worker told what it has") +
            (file ? ", so that workers.json stays as it is; leave them out with --workers" : "") + ":" +
            problems);
  }
  if (!file) return kExitDone;
  const auto text = with_facts(file->text, facts);
  if (!text)
    throw CommandError(kExitFailed, file->path.string() + " is written in a way that cannot be edited");
  if (*text == file->text) {
    if (!context.json)
      std::cout << shown_path(file->path, fs::current_path()).string() << " says so already.\n";
    return kExitDone;
  }
  write(*file, *text);
  if (!context.json) {
    std::cout << "wrote " << shown_path(file->path, fs::current_path()).string()
              << "; look at it with `git diff`, then commit and push.\n";
  }
  return kExitDone;
}

}  // namespace maand
