#include "executor/examination.h"

#include <algorithm>
#include <chrono>

namespace maand {
namespace {

using Steady = std::chrono::steady_clock;

constexpr int kTries = 3;  // the quickest counts: the first one of a login may read files from disk
constexpr std::chrono::seconds kShellLimit{20};
constexpr std::size_t kMostNoiseBytes = 200;
constexpr std::size_t kMostOutputBytes = 1u << 20;

std::chrono::milliseconds since(Steady::time_point begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - begin);
}

}  // namespace

WorkerExam examine(Transport& transport, RemoteErrands& errands, const Errand& errand) {
  WorkerExam exam;
  const auto begin = Steady::now();
  const Connected connected = transport.connect(errand.endpoint);
  exam.login = since(begin);
  exam.condition = connected.condition;
  exam.detail = connected.detail;
  if (!connected.connection) return exam;
  for (int i = 0; i < kTries; ++i) {
    std::string noise;
    const OutputTaker hear = [&](std::string_view bytes) {
      if (noise.size() < kMostNoiseBytes) noise += bytes.substr(0, kMostNoiseBytes - noise.size());
    };
    const auto asked = Steady::now();
    const CommandResult result = connected.connection->run("true", nullptr, hear, hear, asked + kShellLimit);
    const auto took = since(asked);
    exam.shell = i == 0 ? took : std::min(exam.shell, took);
    exam.noise = noise;
    if (result.condition == WorkerCondition::kNone) continue;
    exam.condition = result.condition;
    exam.detail = result.detail;
    return exam;
  }
  exam.outcome = errands.run_over(*connected.connection, errand, [&](std::string_view bytes) {
    if (exam.output.empty()) exam.told_at = std::chrono::system_clock::now();
    if (exam.output.size() < kMostOutputBytes) exam.output += bytes;
  });
  return exam;
}

}  // namespace maand
