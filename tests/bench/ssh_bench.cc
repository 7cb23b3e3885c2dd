// What a contact costs us: connecting, and one command on an open connection.
// Prints wall time and, as `client_cpu_ms`, the CPU time of this process alone;
// sshd's own work shows in the wall time only.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include "executor/ssh_transport.h"
#include "tests/support/process.h"
#include "tests/support/sshd_fleet.h"

namespace {

using maand::testing::SshdFleet;
using maand::testing::TempDirectory;

double cpu_ms() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

struct World {
  World() { fleet.write_secrets(secrets.path()); }
  maand::Endpoint endpoint() const {
    maand::Endpoint to;
    to.address = fleet.address(0);
    to.port = fleet.port();
    to.user = "root";
    to.key = "worker.key";
    return to;
  }
  SshdFleet fleet{{.workers = 1}};
  TempDirectory secrets{"maand-secrets"};
  maand::SshTransport transport{{.secrets_dir = secrets.path()}};
};

void finish(benchmark::State& state, double cpu_before) {
  state.counters["client_cpu_ms"] =
      benchmark::Counter((cpu_ms() - cpu_before) / static_cast<double>(state.iterations()));
}

void Connect(benchmark::State& state) {
  World world;
  const auto before = cpu_ms();
  for ([[maybe_unused]] auto _ : state) {
    if (!world.transport.connect(world.endpoint()).connection) state.SkipWithError("no connection");
  }
  finish(state, before);
}
BENCHMARK(Connect)->Unit(benchmark::kMillisecond)->UseRealTime();

void Exec(benchmark::State& state) {
  World world;
  const auto connected = world.transport.connect(world.endpoint());
  if (!connected.connection) return state.SkipWithError(connected.detail.c_str());
  const auto before = cpu_ms();
  for ([[maybe_unused]] auto _ : state) {
    const auto result = connected.connection->run(
        "true", {}, {}, {}, std::chrono::steady_clock::now() + std::chrono::seconds(60));
    if (result.exit_status != 0) state.SkipWithError(result.detail.c_str());
  }
  finish(state, before);
}
BENCHMARK(Exec)->Unit(benchmark::kMillisecond)->UseRealTime();

void Upload32MiB(benchmark::State& state) {
  World world;
  const auto connected = world.transport.connect(world.endpoint());
  if (!connected.connection) return state.SkipWithError(connected.detail.c_str());
  const std::string block(1 << 20, 'u');
  const auto before = cpu_ms();
  for ([[maybe_unused]] auto _ : state) {
    int left = 32;
    const auto result = connected.connection->run(
        "cat >/dev/null", [&]() -> std::string_view { return left-- > 0 ? std::string_view(block) : ""; }, {},
        {}, std::chrono::steady_clock::now() + std::chrono::seconds(60));
    if (result.exit_status != 0) state.SkipWithError(result.detail.c_str());
  }
  finish(state, before);
}
BENCHMARK(Upload32MiB)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
