// First deploy of one job of 9 small files to 20 real sshd workers: target at
// most 2 s wall and 5 ms of the daemon's CPU per worker.
//
// Everything is real: the binary, git, sshd. Per round a new job is pushed and
// `maand reconcile --wait` timed. The baseline of the same run is what the plain
// OpenSSH client needs to run `true` on all workers at once: the sshd side of it
// cannot be had for less.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/bucket_world.h"

namespace maand::testing {
namespace {

constexpr int kWorkers = 20;

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// CPU of the daemon itself, user and system, proc(5).
double cpu_seconds(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(in)), {});
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  long user = 0;
  long system = 0;
  fields >> user >> system;
  return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double plain_ssh_seconds(BucketWorld& world) {
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> clients;
  for (std::size_t i = 0; i < kWorkers; ++i) {
    clients.emplace_back([&world, i] {
      run_program({"ssh", "-F", "none", "-o", "BatchMode=yes", "-o",
                   "UserKnownHostsFile=" + (world.bucket() / "secrets/known_hosts").string(), "-i",
                   (world.bucket() / "secrets/worker.key").string(), "-p",
                   std::to_string(world.fleet().port()), "root@" + world.fleet().address(i), "true"});
    });
  }
  for (std::thread& client : clients) client.join();
  return seconds_since(begin);
}

void first_deploy(benchmark::State& state) {
  BucketWorld world(kWorkers);
  world.commit({{"workers.json", world.workers_json(kWorkers)}, {"jobs/.keep", ""}});
  world.serve();
  int round = 0;
  double cpu = 0;
  double wall = 0;
  double plain = 0;
  for (auto _ : state) {
    GitChanges files;
    for (int f = 0; f < 7; ++f) files["conf/file" + std::to_string(f) + ".ini"] = std::string(3000, 'x');
    const std::string commit =
        world.commit(BucketWorld::job("job" + std::to_string(++round), "1.0.0", "", files));
    const double cpu_before = cpu_seconds(world.daemon_pid());
    const auto begin = std::chrono::steady_clock::now();
    const ProgramResult done = world.reconcile();
    const double took = seconds_since(begin);
    if (done.status != 0) throw std::runtime_error("the deploy failed: " + done.out + done.err);
    state.SetIterationTime(took);
    wall += took;
    cpu += cpu_seconds(world.daemon_pid()) - cpu_before;
    plain += plain_ssh_seconds(world);
  }
  const double rounds = static_cast<double>(state.iterations());
  state.counters["daemon_cpu_ms_per_worker"] = cpu * 1000.0 / rounds / kWorkers;
  state.counters["wall_vs_plain_ssh"] = wall / plain;
}

BENCHMARK(first_deploy)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(5);

}  // namespace
}  // namespace maand::testing

BENCHMARK_MAIN();
