// What an honest request takes while a thousand clients drip a byte a second on the
// same process and two hundred listen to events, against the same request without
// them. `worst` and `p99` are over all requests of a run, in ms; `ratio` is of medians.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "reconciler/http/api.h"
#include "reconciler/http/health.h"
#include "reconciler/http/reply_stream.h"
#include "reconciler/http/server.h"
#include "tests/support/drippers.h"
#include "tests/unit/http/http_fixture.h"

namespace maand {
namespace {

struct Silence : ReplyStream {
  std::string take(std::size_t) override { return ""; }
  std::string heartbeat() const override { return ":\n\n"; }
};

// A listener as the API has it, which also streams, and the health listener.
struct Daemon {
  Daemon()
      : health("127.0.0.1:0", fake),
        api(ListeningSocket::tcp("127.0.0.1:0"), {}, [](const HttpRequest& request) {
          HttpReply reply{200, std::string(4096, 's')};
          if (request.path == "/events") reply.stream = std::make_shared<Silence>();
          return reply;
        }) {}
  FakeDaemon fake;
  HealthServer health;
  HttpServer api;
};

struct Attack {
  explicit Attack(int port) {
    for (int i = 0; i < 200; ++i) {
      streams.emplace_back(port);
      streams.back().send("GET /events HTTP/1.1\r\n\r\n");
      streams.back().read_until("\r\n\r\n");
    }
    drippers = std::make_unique<testing::Drippers>(port, 1000);
  }
  std::deque<RawSocket> streams;
  std::unique_ptr<testing::Drippers> drippers;
};

std::map<std::string, double>& medians() {
  static std::map<std::string, double> known;
  return known;
}

void request(benchmark::State& state, const std::string& target, bool attacked) {
  Daemon daemon;
  const int port = target == "/status" ? daemon.api.port() : daemon.health.port();
  std::unique_ptr<Attack> attack;
  if (attacked) attack = std::make_unique<Attack>(daemon.api.port());
  std::vector<double> took;
  for (auto _ : state) {
    const auto begun = std::chrono::steady_clock::now();
    if (!get(port, target).starts_with("HTTP/1.1 200")) {
      state.SkipWithError("not answered");
      break;
    }
    took.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count());
  }
  if (took.empty()) return;
  std::sort(took.begin(), took.end());
  const double median = took[took.size() / 2];
  if (!attacked) medians()[target] = median;
  state.counters["median"] = median;
  state.counters["p99"] = took[took.size() * 99 / 100];
  state.counters["worst"] = took.back();
  if (attacked && medians().contains(target)) state.counters["ratio"] = median / medians()[target];
}

void register_all() {
  for (const char* target : {"/healthz", "/metrics", "/status"}) {
    for (const bool attacked : {false, true}) {
      benchmark::RegisterBenchmark((std::string(target) + (attacked ? "/attacked" : "/alone")).c_str(),
                                   request, std::string(target), attacked)
          ->Iterations(500)
          ->UseRealTime()
          ->Unit(benchmark::kMillisecond);
    }
  }
}

}  // namespace

void run_http_bench(int argc, char** argv) {
  testing::allow_many_descriptors();
  register_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}

}  // namespace maand

int main(int argc, char** argv) { maand::run_http_bench(argc, argv); }
