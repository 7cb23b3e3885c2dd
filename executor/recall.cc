#include "executor/recall.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "executor/worker_call.h"
#include "reconciler/core/names.h"

namespace maand {
namespace {

constexpr std::size_t kMaxAnswerBytes = 256u << 20;  // a record is 120 bytes per file of its job
constexpr std::chrono::seconds kLimit{60};
constexpr const char* kId = "0";  // of no operation
constexpr std::string_view kBegin = "reply recalled\n";

std::pair<std::string_view, std::string_view> cut(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return {text, {}};
  return {text.substr(0, space), text.substr(space + 1)};
}

// 0 where there is none.
template <class Number>
Number number_of(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : Number{0};
}

void read_port(std::string_view text, PortTable& ports) {
  const auto [job, port] = cut(text);
  const auto [name, digits] = cut(port);
  const int number = number_of<int>(digits);
  if (number > 0 && is_job_name(job) && is_port_name(name)) ports[JobName(job)][std::string(name)] = number;
}

void read_marker(std::string_view text, const BucketId& bucket, const std::vector<WorkerHost>& hosts,
                 Recalled& out) {
  const auto [marked, rest] = cut(text);
  const auto [host, id] = cut(rest);
  if (id.empty()) return;  // nothing was ever deployed there
  out.instance = id;
  if (marked == bucket.str() && std::find(hosts.begin(), hosts.end(), WorkerHost(host)) != hosts.end())
    return;
  out.condition = WorkerCondition::kIdentityMismatch;
  out.detail = "its marker says bucket " + std::string(marked) + ", worker " + std::string(host) +
               "; if it was renamed, say so with `was` in workers.json";
}

// What is told of one job, until all of it was read.
struct JobParts {
  RecalledJob job;
  std::string target;
  std::string ships;
  std::string receipt;
};

void read_header(std::string_view line, JobParts& parts) {
  const auto [key, value] = cut(line);
  if (key == "op") {
    parts.job.operation = OperationId(value);
  } else if (key == "seq") {
    parts.job.seq = number_of<std::uint64_t>(value);
  } else if (key == "epoch") {
    parts.job.epoch = number_of<std::uint64_t>(value);
  } else if (key == "target") {
    parts.target = value;
  } else if (key == "ships") {
    parts.ships = value;
  } else if (key == "current") {
    parts.job.current_version = value;
  } else if (key == "new") {
    parts.job.new_version = value;
  }
}

RecalledJob finish(JobParts parts) {
  parts.job.action = parts.ships == "remove"  ? Action::kRemove
                     : parts.target == "none" ? Action::kSync
                                              : action_from(parts.target);
  if (!parts.receipt.empty()) {
    // As it would be read from an answer about the operation itself.
    const std::string answer = "maand1 hello\nreply receipt\n" + parts.receipt;
    if (const auto reply = parse_reply(answer, parts.job.operation)) parts.job.outcome = outcome_of(*reply);
  }
  return std::move(parts.job);
}

}  // namespace

std::optional<Recalled> parse_recalled(std::string_view output, const BucketId& bucket,
                                       const std::vector<WorkerHost>& hosts) {
  const std::size_t magic = output.find(kBegin);
  if (magic == std::string_view::npos) return std::nullopt;
  output.remove_prefix(magic + kBegin.size());
  Recalled out;
  std::optional<JobParts> parts;
  const auto end_job = [&] {
    if (parts) out.jobs.push_back(finish(*std::exchange(parts, std::nullopt)));
  };
  while (true) {
    const std::size_t end = output.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = output.substr(0, end);
    output.remove_prefix(end + 1);
    const std::size_t space = line.find(' ');
    const std::string_view key = line.substr(0, space);
    const std::string_view rest = space == std::string_view::npos ? "" : line.substr(space + 1);
    if (key == "end") {
      if (rest != kId) return std::nullopt;
      end_job();
      return out;
    }
    if (key == "port") {
      end_job();
      read_port(rest, out.ports);
    } else if (key == "moved") {
      end_job();
      const auto [job, seq] = cut(rest);
      if (is_job_name(job)) out.moved[JobName(job)] = number_of<std::uint64_t>(seq);
    } else if (key == "marker") {
      read_marker(rest, bucket, hosts, out);
    } else if (key == "epoch") {
      out.epoch = number_of<std::uint64_t>(rest);
    } else if (key == "claimed") {
      end_job();
      const auto [number, other] = cut(rest);
      if (const int port = number_of<int>(number); port > 0) out.claimed.emplace(port, std::string(other));
    } else if (key == "job") {
      end_job();
      if (is_job_name(rest)) parts.emplace().job.job = JobName(rest);
    } else if (parts && key == "h") {
      read_header(rest, *parts);
    } else if (parts && key == "r") {
      parts->receipt += std::string(rest) + "\n";
    } else if (parts && key == "record") {
      parts->job.record = rest;
    }
  }
}

Recalled recall_from(const Endpoint& endpoint, const WorkerHost& was, const RemoteRunnerOptions& options,
                     SessionCache& sessions) {
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
  if (auto told = parse_recalled(answer, options.bucket_id, {endpoint.host, was})) return *std::move(told);
  out.condition =
      result.condition == WorkerCondition::kNone ? WorkerCondition::kUnreachable : result.condition;
  out.detail = result.detail.empty() ? "it did not tell what it has kept" : result.detail;
  return out;
}

}  // namespace maand
