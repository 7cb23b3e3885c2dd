// Rendering 100,000 small files (10,000 allocations with 10 each): target at most one
// second on one core. The file is 25 lines long and has five `get`s, an `if` and a
// short `range`.
//
// The baseline is the least that any engine must do: bring the finished text into a
// string of its own. `vs_baseline` is how many of those copies a rendering costs.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdlib>
#include <string>

#include "reconciler/core/template/template.h"

namespace maand {
namespace {

constexpr std::string_view kText = R"({{- $ns := "vars/job/web" -}}
{{- $port := int (get $ns "port") -}}
{{- $memory := int (get $ns "memory") -}}
# written for {{.AllocationID}} of {{.Job}}
[server]
listen = "{{.WorkerIP}}:{{$port}}"
path = "{{.JobPath}}/data"
domain = "{{get "maand/bucket" "domain"}}"

[memory]
heap = "{{div (mul $memory 3) 4}}m"
{{- if ge $memory 1024}}
large_pages = true
{{- else}}
large_pages = false
{{- end}}

[cluster]
name = "{{get "maand/bucket" "name"}}"
peers = [
{{- range $i, $ip := split (get "maand/worker" "ips") ","}}
  "{{$ip}}:{{add $port $i}}",
{{- end}}
]
log = "info"
retries = 3
)";

class Values final : public TemplateValues {
 public:
  Answer get(std::string_view, std::string_view key, std::string_view& value) override {
    if (key == "port")
      value = "8080";
    else if (key == "memory")
      value = "2048";
    else if (key == "domain")
      value = "example.org";
    else if (key == "name")
      value = "production";
    else
      value = "10.0.0.1,10.0.0.2,10.0.0.3";
    return Answer::kFound;
  }
  Answer keys(std::string_view, std::vector<std::string>&) override { return Answer::kMissing; }
  Answer secret(std::string_view, std::string_view&) override { return Answer::kMissing; }
  std::optional<std::string> scrape_configs(std::string&) override { return ""; }
  std::optional<std::string> rule_files(std::string&) override { return ""; }
};

const TemplateData kData = {.allocation_id = "6f9619ff-8b86-d011-b42d-00c04fc964ff",
                            .job = "web",
                            .worker_ip = "10.0.0.1",
                            .job_path = "/opt/worker/bucket/jobs/web"};

std::string rendered(const Template& parsed, Values& values) {
  auto got = render(parsed, kData, values);
  if (!std::holds_alternative<Rendered>(got)) std::abort();
  return std::move(std::get<Rendered>(got).text);
}

double seconds(auto&& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void BM_Render(benchmark::State& state) {
  const auto parsed = std::get<TemplatePtr>(parse_template(kText));
  Values values;
  const std::string text = rendered(*parsed, values);
  double ours = 0, baseline = 0;
  for (auto _ : state) {
    ours += seconds([&] { benchmark::DoNotOptimize(rendered(*parsed, values)); });
    baseline += seconds([&] { benchmark::DoNotOptimize(std::string(text)); });
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["seconds_per_100k"] = ours / static_cast<double>(state.iterations()) * 1e5;
  state.counters["vs_baseline"] = ours / baseline;
  state.counters["bytes"] = static_cast<double>(text.size());
}
BENCHMARK(BM_Render);

void BM_Parse(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(parse_template(kText));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kText.size()));
}
BENCHMARK(BM_Parse);

}  // namespace
}  // namespace maand
