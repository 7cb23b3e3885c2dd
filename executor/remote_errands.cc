#include "executor/remote_errands.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <utility>

#include "executor/errand_call.h"
#include "executor/errand_script.h"
#include "executor/fed_command.h"

namespace maand {
namespace {

// Beyond its limit: ending its group, and what was still on the way.
constexpr std::chrono::seconds kGrace{30};
constexpr std::size_t kMostNoiseBytes = 4096;

std::string fresh_id() {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::random_device random;
  std::string id(32, '0');
  for (char& digit : id) digit = kDigits[random() % kDigits.size()];
  return id;
}

// A command ran and it was not ours: sudo refused, or the login's shell did not get that far.
ErrandOutcome never_began(const Endpoint& endpoint, const std::string& noise, int status) {
  ErrandOutcome out;
  out.condition = endpoint.use_sudo ? WorkerCondition::kSudoRefused : WorkerCondition::kToolMissing;
  out.detail = (endpoint.use_sudo ? "`sudo -n` was refused: " : "/bin/sh with dd could not be run: ") +
               (noise.empty() ? "exit status " + std::to_string(status) : noise.substr(0, noise.find('\n')));
  return out;
}

}  // namespace

ErrandOutcome RemoteErrands::run(const Errand& errand, const OutputTaker& output) {
  ErrandOutcome outcome;
  outcome.kind = ErrandOutcome::Kind::kInterrupted;
  if (stopping_) return outcome;
  const Connected connected = transport_.connect(errand.endpoint);
  if (!connected.connection) {
    if (stopping_) return outcome;
    outcome.kind = ErrandOutcome::Kind::kNotBegun;
    outcome.condition = connected.condition;
    outcome.detail = connected.detail;
    return outcome;
  }
  return run_over(*connected.connection, errand, output);
}

ErrandOutcome RemoteErrands::run_over(Connection& connection, const Errand& errand,
                                      const OutputTaker& output) {
  ErrandOutcome outcome;
  outcome.kind = ErrandOutcome::Kind::kInterrupted;
  if (stopping_) return outcome;
  const std::string id = fresh_id();
  const std::string request = errand_request(errand, id);
  bool sent = false;
  ErrandAnswer answer(id);
  std::string noise;  // before the program speaks, stderr is the shell's or sudo's
  const CommandResult result = connection.run(
      fed_command(kErrandScript, errand.endpoint.use_sudo),
      [&]() -> std::string_view { return std::exchange(sent, true) ? std::string_view() : request; },
      [&](std::string_view bytes) { answer.take(bytes); },
      [&](std::string_view bytes) {
        if (answer.began()) {
          output(bytes);
        } else if (noise.size() < kMostNoiseBytes) {
          noise += bytes;
        }
      },
      std::chrono::steady_clock::now() + errand.limit + kGrace);
  if (const auto said = answer.outcome()) return *said;
  if (stopping_) return outcome;
  if (!answer.began() && result.condition == WorkerCondition::kNone)
    return never_began(errand.endpoint, noise, result.exit_status);
  outcome.kind = result.began ? ErrandOutcome::Kind::kLost : ErrandOutcome::Kind::kNotBegun;
  outcome.condition = result.condition;
  outcome.detail =
      result.condition == WorkerCondition::kNone ? "its worker did not say how it ended" : result.detail;
  return outcome;
}

void RemoteErrands::stop() {
  stopping_ = true;
  transport_.interrupt();
}

}  // namespace maand
