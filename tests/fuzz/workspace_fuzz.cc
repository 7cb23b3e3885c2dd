// Input: files, each a line `<kind><path>` (kind one of f, x, l, s), its content,
// and a line of one `.`.
#include "reconciler/core/workspace.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "reconciler/core/names.h"
#include "reconciler/core/port_pool.h"
#include "reconciler/core/waves.h"
#include "tests/fuzz/check.h"
#include "tests/support/fake_file_view.h"

namespace {

maand::testing::FakeFileView view_of(std::string_view text) {
  maand::testing::FakeFileView view;
  while (!text.empty()) {
    const std::size_t line = text.find('\n');
    if (line == std::string_view::npos || line == 0) break;
    const char kind = text[0];
    const std::string_view path = text.substr(1, line - 1);
    text.remove_prefix(line + 1);
    const std::size_t end = text.find("\n.\n");
    const std::string_view content = text.substr(0, end);
    if (kind == 'x')
      view.executable(path, content);
    else if (kind == 'l')
      view.symlink(path, content);
    else if (kind == 's')
      view.submodule(path);
    else
      view.file(path, content);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 3);
  }
  return view;
}

const maand::WorkspaceLimits kLimits{.max_file_bytes = 4096, .job_config_selector = "x"};

// A job comes after what it demands, but for those that demand one another.
void check_waves(const maand::Workspace& workspace) {
  using namespace maand;
  std::vector<const Job*> jobs;
  for (const auto& [name, job] : workspace.jobs) jobs.push_back(&job);
  const Waves waves = deployment_waves(jobs);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    for (const Demand& demand : jobs[i]->demands) {
      const auto upstream =
          std::find_if(jobs.begin(), jobs.end(), [&](const Job* job) { return job->name == demand.job; });
      if (upstream == jobs.end()) continue;
      const int below = waves.sequence[static_cast<std::size_t>(upstream - jobs.begin())];
      FUZZ_CHECK(waves.sequence[i] > below || (waves.sequence[i] == below && !waves.cycles.empty()));
    }
  }
  for (const Cycle& cycle : waves.cycles) FUZZ_CHECK(cycle.path.size() >= 2 && !to_string(cycle).empty());
}

// Every declared port has a number or a problem, and the answer is stable.
void check_ports(const maand::Workspace& workspace) {
  using namespace maand;
  PortClaims claims;
  for (const auto& [name, job] : workspace.jobs) claims.declared[name] = job.resources.ports;
  const PortPool pool{workspace.bucket.port_min, workspace.bucket.port_max, {}};
  const PortAssignment once = assign_ports(claims, pool, {});
  FUZZ_CHECK(assign_ports(claims, pool, once.numbers).numbers == once.numbers);
  std::size_t declared = 0;
  std::size_t answered = once.problems.size();
  for (const auto& [name, ports] : claims.declared) declared += ports.size();
  for (const auto& [name, ports] : once.numbers) answered += ports.size();
  FUZZ_CHECK(declared == answered);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace maand;
  const auto view = view_of({reinterpret_cast<const char*>(data), size});
  const Workspace workspace = load_workspace(view, "", kLimits);
  fuzz::check_messages(workspace.commit);
  fuzz::check_messages(workspace.warnings);
  FUZZ_CHECK(workspace.refused() || !workspace.workers.empty());
  for (const auto& [name, broken] : workspace.broken) {
    FUZZ_CHECK(broken.diagnostics.has_errors() && workspace.jobs.count(name) == 0);
    fuzz::check_messages(broken.diagnostics);
  }
  for (const auto& [name, job] : workspace.jobs) {
    FUZZ_CHECK(is_job_name(name.str()) && !job.tree.empty());
    for (const ShippedFile& file : job.files->files) FUZZ_CHECK(!path_problem(file.path));
    const auto alone = load_job(view, "", name, kLimits);
    FUZZ_CHECK(alone.has_value());
    // Alone it has the same settings beside it, unless those refuse the commit.
    FUZZ_CHECK(workspace.refused() || alone->reservation == job.reservation);
    FUZZ_CHECK(job.reservation.memory_mb >= 0 && job.reservation.cpu_mhz >= 0);
  }
  for (const BetweenJobs& between : workspace.between) {
    FUZZ_CHECK(!between.jobs.empty() && std::is_sorted(between.jobs.begin(), between.jobs.end()));
    Diagnostics told;
    told.error(between.diagnostic.path, between.diagnostic.field, between.diagnostic.message,
               between.diagnostic.advice);
    fuzz::check_messages(told);
  }
  check_waves(workspace);
  check_ports(workspace);
  return 0;
}
