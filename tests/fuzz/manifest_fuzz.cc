#include "reconciler/core/manifest.h"

#include <cstddef>
#include <cstdint>

#include "reconciler/core/glob.h"
#include "reconciler/core/names.h"
#include "reconciler/core/version.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace maand;
  Diagnostics diagnostics;
  const Job job = parse_manifest(JobName("job"), {reinterpret_cast<const char*>(data), size}, "manifest.json",
                                 diagnostics);
  fuzz::check_messages(diagnostics);
  FUZZ_CHECK(job.files != nullptr);
  if (diagnostics.has_errors()) return 0;
  FUZZ_CHECK(parse_version(job.version).has_value());
  FUZZ_CHECK(job.max_concurrent_starts >= 0 && job.max_concurrent_upgrades >= 1 && job.min_allocations >= 0);
  FUZZ_CHECK(job.rollout.attempts >= 1 && job.rollout.progress_timeout.count() >= 1);
  FUZZ_CHECK(job.health.attempts >= 1 && job.health.timeout.count() >= 1 && job.health.interval.count() >= 1);
  for (const HealthCheck& check : job.health.checks) {
    const bool ssh = check.type == HealthCheck::Type::kSsh;
    FUZZ_CHECK(check.port >= 0 && check.port <= 65535 && check.port_name.empty() == ssh);
    FUZZ_CHECK(check.expect_status >= 100 && check.expect_status <= 599);
    FUZZ_CHECK(check.path.starts_with("/") && check.path.find_first_of("\r\n") == std::string::npos);
    FUZZ_CHECK(check.command.empty() != ssh);
  }
  for (const std::string& glob : job.restart_globs) FUZZ_CHECK(is_valid_glob(glob));
  for (const PortBinding& port : job.resources.ports) {
    FUZZ_CHECK(is_port_name(port.name) && (!port.fixed || (*port.fixed >= 1 && *port.fixed <= 65535)));
  }
  for (const Bounds& bounds : {job.resources.memory_mb, job.resources.cpu_mhz}) {
    FUZZ_CHECK(bounds.min >= 0 && bounds.min <= bounds.max);
  }
  for (const auto& [target, seconds] : job.timeouts)
    FUZZ_CHECK(target != Target::kNone && seconds.count() >= 1);
  FUZZ_CHECK(job.demands.empty() || job.version_stated);
  FUZZ_CHECK(job.demands.size() <= job.commands.size());
  for (const JobCommand& command : job.commands) {
    FUZZ_CHECK(is_command_name(command.name) && command.events == std::vector<std::string>{"cli"});
    if (!command.demand) continue;
    const CommandDemand& demand = *command.demand;
    FUZZ_CHECK(is_job_name(demand.job.str()) && is_command_name(demand.command) && demand.job != job.name);
    for (const std::string& bound : {demand.min_version, demand.max_version}) {
      FUZZ_CHECK(bound.empty() || parse_version(bound).has_value());
    }
    Diagnostics of_config;
    const auto config = parse_json(demand.config, "config", of_config);
    FUZZ_CHECK(config && config->kind == JsonValue::Kind::kObject);
  }
  check_command_files(job.commands, {"_modules/command_a.js", "_modules/command_a.py"},
                      Site(diagnostics, "manifest.json"));
  fuzz::check_messages(diagnostics);
  return 0;
}
