#include "executor/recall.h"

#include <charconv>
#include <chrono>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "executor/worker_call.h"

namespace maand {
namespace {

constexpr std::size_t kMaxAnswerBytes = 4u << 20;
constexpr std::chrono::seconds kLimit{60};
constexpr const char* kId = "0";  // of no operation

}  // namespace

std::optional<PortTable> parse_recalled(std::string_view output) {
  std::istringstream in{std::string(output)};
  PortTable ports;
  bool begun = false;
  for (std::string line; std::getline(in, line);) {
    if (line == "reply recalled") begun = true;
    if (!begun) continue;
    if (line == std::string("end ") + kId) return ports;
    std::istringstream words(line);
    std::string key, job, name, digits;
    if (!(words >> key >> job >> name >> digits) || key != "port") continue;
    int number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc() && end == digits.data() + digits.size()) ports[JobName(job)][name] = number;
  }
  return std::nullopt;
}

Recalled recall_from(const Endpoint& endpoint, const RemoteRunnerOptions& options, SessionCache& sessions) {
  Recalled out;
  Session connected = sessions.acquire(endpoint, true);
  if (!connected.connection) {
    out.condition = connected.condition;
    out.detail = connected.detail;
    return out;
  }
  Operation nothing;
  nothing.id = OperationId(kId);
  nothing.allocation = {JobName("recall"), endpoint.host};
  nothing.action = Action::kStop;
  const std::string prologue =
      call_prologue(options.worker_root, options.bucket_id, nothing, CallKind::kRecall, false, 0);
  bool sent = false;
  std::string answer;
  const CommandResult result = connected.connection->run(
      worker_command(endpoint.use_sudo),
      [&]() -> std::string_view { return std::exchange(sent, true) ? std::string_view() : prologue; },
      [&](std::string_view bytes) {
        if (answer.size() < kMaxAnswerBytes) answer += bytes;
      },
      [](std::string_view) {}, std::chrono::steady_clock::now() + kLimit);
  sessions.give_back(endpoint, std::move(connected.connection));
  if (auto ports = parse_recalled(answer)) {
    out.ports = std::move(*ports);
    return out;
  }
  out.condition =
      result.condition == WorkerCondition::kNone ? WorkerCondition::kUnreachable : result.condition;
  out.detail = result.detail.empty() ? "it did not tell what it has kept" : result.detail;
  return out;
}

}  // namespace maand
