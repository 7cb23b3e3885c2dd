// Rendering 10,000 allocations × 10 templates (100 workers × 100 jobs), placement,
// ports and variables included: target at most 1 s.
//
// The baseline is the same workspace without templates. `vs_baseline` is how many
// times as long it takes with them.
#include <benchmark/benchmark.h>

#include <chrono>
#include <string>

#include "tests/support/desire.h"

namespace maand {
namespace {

constexpr int kWorkers = 100;
constexpr int kJobs = 100;
constexpr int kTemplates = 10;

constexpr const char* kText =
    "# made for {{.Job}} on {{.WorkerIP}}\n"
    "bucket = {{get \"maand/bucket\" \"bucket_id\"}}\n"
    "domain = {{get \"vars/bucket\" \"domain\"}}\n"
    "workers = {{get (printf \"maand/job/%s\" .Job) \"workers_length\"}}\n"
    "index = {{get (printf \"maand/job/%s/worker/%s\" .Job .WorkerIP) (printf \"%s_allocation_index\" "
    ".Job)}}\n"
    "memory = {{get (printf \"maand/worker/%s\" .WorkerIP) \"worker_memory_mb\"}}\n"
    "{{if eq .Job \"job-1000\"}}first{{else}}other{{end}}\n"
    "{{range $i, $label := .Labels}}{{if $i}},{{end}}{{$label}}{{end}}\n";

Workspace make_workspace(bool templates) {
  Workspace workspace;
  workspace.bucket.values = {{"domain", "example.org"}};
  for (int w = 0; w < kWorkers; ++w) {
    Worker worker;
    worker.host = WorkerHost("10.0.0." + std::to_string(w));
    worker.labels = {"web", "worker"};
    worker.memory_mb = 1024;
    workspace.workers.push_back(worker);
  }
  for (int j = 0; j < kJobs; ++j) {
    Job job;
    job.name = JobName("job-" + std::to_string(1000 + j));
    job.version = "1.0.0";
    job.selectors = {"worker"};
    job.tree = TreeId("tree-" + job.name.str());
    job.files = make_file_set({{.path = "Makefile", .content = sha256(job.name.str())}});
    for (int t = 0; templates && t < kTemplates; ++t) {
      job.templates.push_back({"conf/" + std::to_string(t) + ".ini", FileMode::kRegular,
                               std::get<TemplatePtr>(parse_template(kText + std::to_string(t)))});
    }
    workspace.jobs.emplace(job.name, job);
  }
  return workspace;
}

double seconds(const Workspace& workspace) {
  const auto begin = std::chrono::steady_clock::now();
  const DesiredState desired = desire(CommitId("head"), workspace);
  benchmark::DoNotOptimize(&desired);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void desired_state(benchmark::State& state) {
  const Workspace plain = make_workspace(false);
  const Workspace rendered = make_workspace(true);
  double with = 0;
  double without = 0;
  for (auto _ : state) {
    with += seconds(rendered);
    state.PauseTiming();
    without += seconds(plain);
    state.ResumeTiming();
  }
  state.counters["renders"] = kWorkers * kJobs * kTemplates;
  state.counters["vs_baseline"] = with / without;
}

BENCHMARK(desired_state)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace maand
