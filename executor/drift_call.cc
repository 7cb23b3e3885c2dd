#include "executor/drift_call.h"

#include <charconv>
#include <chrono>
#include <map>
#include <utility>

#include "executor/sync.h"
#include "executor/worker_call.h"
#include "reconciler/core/names.h"

namespace maand {
namespace {

constexpr std::size_t kMaxAnswerBytes = 8u << 20;
constexpr std::size_t kMostDeviations = 4000;  // of one job; its script tells fewer
constexpr std::chrono::minutes kLimit{10};     // of hashing; a worker that is slower has no verdict
constexpr const char* kId = "0";               // of no operation
constexpr std::string_view kBegin = "reply looked\n";

std::pair<std::string_view, std::string_view> cut(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return {text, {}};
  return {text.substr(0, space), text.substr(space + 1)};
}

std::optional<JobSeen::Deviation::Kind> deviation_from(std::string_view word) {
  using Kind = JobSeen::Deviation::Kind;
  if (word == "changed") return Kind::kChanged;
  if (word == "gone") return Kind::kGone;
  if (word == "intheway") return Kind::kInTheWay;
  if (word == "nofile") return Kind::kNoFile;
  if (word == "symlink") return Kind::kSymlink;
  if (word == "mode") return Kind::kMode;
  return std::nullopt;
}

void read_status(std::string_view text, JobSeen& job) {
  using Status = JobSeen::Status;
  const auto [word, number] = cut(text);
  if (word == "runs") job.status = Status::kRuns;
  if (word == "late") job.status = Status::kTimedOut;
  if (word == "missing") job.status = Status::kMissing;
  if (word != "ended") return;
  job.status = Status::kNotRunning;
  std::from_chars(number.data(), number.data() + number.size(), job.exit_status);
}

Seen unknown(WorkerCondition condition, std::string detail) {
  Seen out;
  out.condition = condition == WorkerCondition::kNone ? WorkerCondition::kUnreachable : condition;
  out.detail = std::move(detail);
  return out;
}

}  // namespace

std::string look_request(const LookCall& call) {
  std::string out;
  for (const JobLook& job : call.jobs) {
    out += "job " + job.job.str() + " " + job.files->list_id.hex() + " " +
           std::to_string(job.status_limit.count()) + " " + job.version + "\n";
    std::map<std::string, std::string> attributes;  // one find each
    for (const ShippedFile& file : job.files->files) {
      if (file.mode == FileMode::kSymlink) {
        out += "l " + file.content.hex() + " " + file.path + "\n";
      } else if (!file.attributes.usual()) {
        attributes[attributes_word(file)] += "+" + file.path + "\n";
      } else if (file.mode == FileMode::kExecutable) {
        out += "x " + file.path + "\n";
      }
    }
    for (const auto& [word, paths] : attributes) out += "=" + word + "\n" + paths;
  }
  return out + "done\n";
}

std::optional<Seen> parse_seen(std::string_view output, std::size_t most_jobs) {
  const std::size_t magic = output.find(kBegin);
  if (magic == std::string_view::npos) return std::nullopt;
  output.remove_prefix(magic + kBegin.size());
  Seen out;
  while (true) {
    const std::size_t end = output.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = output.substr(0, end);
    output.remove_prefix(end + 1);
    const auto [key, rest] = cut(line);
    if (key == "end") {
      if (rest != kId) return std::nullopt;
      return out;
    }
    if (key == "job") {
      if (!is_job_name(rest) || out.jobs.size() == most_jobs) return std::nullopt;
      out.jobs.emplace_back().job = JobName(rest);
    } else if (out.jobs.empty()) {
      return std::nullopt;
    } else if (key == "busy") {
      out.jobs.back().busy = true;
    } else if (key == "list") {
      out.jobs.back().list = rest;
    } else if (key == "more") {
      out.jobs.back().more = true;
    } else if (key == "status") {
      read_status(rest, out.jobs.back());
    } else if (key == "gone" && rest == ".") {
      out.jobs.back().more = true;  // the whole directory
    } else if (const auto kind = deviation_from(key)) {
      JobSeen& job = out.jobs.back();
      if (job.deviations.size() == kMostDeviations) {
        job.more = true;
      } else {
        job.deviations.push_back({*kind, std::string(rest)});
      }
    }
  }
}

Seen look_at(const LookCall& call, const RemoteRunnerOptions& options, SessionCache& sessions) {
  Operation nothing;
  nothing.id = OperationId(kId);
  nothing.allocation = {JobName("look"), call.endpoint.host};
  nothing.action = Action::kStop;
  nothing.epoch = call.epoch;
  nothing.credentials.instance = call.instance;
  nothing.credentials.was = call.was;
  const std::string request =
      call_prologue(options.worker_root, options.bucket_id, nothing, CallKind::kLook, false, 0) +
      look_request(call);
  auto limit = std::chrono::steady_clock::now() + kLimit;
  for (const JobLook& job : call.jobs) limit += job.status_limit;
  // What lay idle may have died unnoticed; that is found out once.
  for (const bool fresh : {false, true}) {
    Session session = sessions.beside(call.endpoint, fresh);
    if (!session.connection) return unknown(session.condition, session.detail);
    bool sent = false;
    std::string answer;
    const CommandResult result = session.connection->run(
        worker_command(call.endpoint.use_sudo),
        [&]() -> std::string_view { return std::exchange(sent, true) ? std::string_view() : request; },
        [&](std::string_view bytes) {
          if (answer.size() < kMaxAnswerBytes) answer += bytes;
        },
        [](std::string_view) {}, limit);
    if (auto seen = parse_seen(answer, call.jobs.size())) return *std::move(seen);
    if (const auto refused = parse_reply(answer, OperationId(kId)); refused && refused->refused) {
      const Outcome outcome = outcome_of(*refused);
      return unknown(outcome.condition, outcome.detail);
    }
    if (session.lay_idle && !session.connection->usable() && answer.empty()) continue;
    return unknown(result.condition,
                   result.detail.empty() ? "it did not tell what lies there" : result.detail);
  }
  return unknown(WorkerCondition::kUnreachable, "its connection was lost twice");
}

}  // namespace maand
