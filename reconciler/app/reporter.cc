#include "reconciler/app/reporter.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "reconciler/app/event_json.h"
#include "reconciler/core/status.h"

namespace maand {
namespace {

spdlog::level::level_enum level_of(const Event& event) {
  switch (event.kind) {
    case EventKind::kCommitRefused:
    case EventKind::kSourceProblem:
    case EventKind::kJobHeld:
    case EventKind::kGateFailed:
    case EventKind::kWorkerSetAside:
    case EventKind::kNoteFailed:
    case EventKind::kOutboundProblem:
      return spdlog::level::warn;
    case EventKind::kStoreProblem:
      return spdlog::level::err;
    case EventKind::kDriftChanged:
      return event.outcome == "drifted" ? spdlog::level::warn : spdlog::level::info;
    case EventKind::kHealthChanged:
      return event.outcome == "healthy" ? spdlog::level::info : spdlog::level::warn;
    case EventKind::kOperationEnded:
      return event.outcome == "succeeded" ? spdlog::level::info : spdlog::level::warn;
    default:
      return spdlog::level::info;
  }
}

void field(std::string& line, const char* name, const std::string& value) {
  if (!value.empty()) line += std::string(" ") + name + "=" + value;
}

std::string as_text(const Event& event, const std::string& bucket) {
  std::string line = to_string(event.kind);
  field(line, "bucket", bucket);
  field(line, "commit", event.commit.str().substr(0, 12));
  field(line, "job", event.job.str());
  field(line, "worker", event.worker.str());
  field(line, "action", event.action);
  field(line, "reason", event.reason);
  field(line, "outcome", event.outcome);
  if (event.duration.count() > 0) line += " duration_ms=" + std::to_string(event.duration.count());
  if (!event.text.empty()) line += "  " + event.text;
  return line;
}

}  // namespace

struct Reporter::Log {
  std::shared_ptr<spdlog::logger> logger;
};

Reporter::Reporter(const LogOptions& options) : log_(std::make_unique<Log>()), json_(options.json) {
  log_->logger = std::make_shared<spdlog::logger>("maand", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  log_->logger->set_level(spdlog::level::from_str(options.level));
  log_->logger->set_pattern(json_ ? "%v" : "%Y-%m-%dT%H:%M:%S.%eZ %-5l %v", spdlog::pattern_time_type::utc);
  log_->logger->flush_on(spdlog::level::info);
}

Reporter::~Reporter() = default;

void Reporter::on(const Event& event) { write(event, static_cast<int>(level_of(event))); }

void Reporter::warn(const std::string& text) {
  write(Event{.kind = EventKind::kNotice, .text = text}, static_cast<int>(spdlog::level::warn));
}

void Reporter::write(const Event& event, int at_level) {
  const auto level = static_cast<spdlog::level::level_enum>(at_level);
  if (!log_->logger->should_log(level)) return;
  const auto name = spdlog::level::to_string_view(level);
  if (!json_) {
    log_->logger->log(level, "{}", as_text(event, bucket_));
    return;
  }
  std::vector<std::pair<std::string, std::string>> members = {
      {"ts", rfc3339(std::chrono::system_clock::now())},
      {"level", std::string(name.data(), name.size())},
      {"event", to_string(event.kind)}};
  if (!bucket_.empty()) members.emplace_back("bucket", bucket_);
  log_->logger->log(level, "{}", event_json(event, members));
}

}  // namespace maand
