#include "reconciler/core/left_over.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "reconciler/core/names.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

std::pair<std::string_view, std::string_view> cut(std::string_view text) {
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return {text, {}};
  return {text.substr(0, blank), text.substr(blank + 1)};
}

std::string_view next_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || out < 0) return std::nullopt;
  return out;
}

bool placed(const DesiredState& desired, const DesiredJob& job, const WorkerHost& host) {
  return std::any_of(job.workers.begin(), job.workers.end(),
                     [&](std::uint32_t index) { return desired.workers[index].host == host; });
}

}  // namespace

std::optional<std::vector<LeftOver>> parse_left_over(std::string_view output, const WorkerHost& host,
                                                     std::string& problem) {
  std::vector<LeftOver> out;
  problem = "it did not tell everything";
  while (!output.empty()) {
    const auto [key, rest] = cut(next_line(output));
    if (key == "done") {
      problem.clear();
      return out;
    }
    if (key == "other") {
      const auto [bucket, worker] = cut(rest);
      problem = "its marker says bucket " + printable(bucket) + ", worker " + printable(worker) +
                ", so nothing there is touched";
      return std::nullopt;
    }
    if (key != "left") continue;
    const auto [job, numbers] = cut(rest);
    const auto [size, time] = cut(numbers);
    const auto removed = number(time);
    // What nobody knows the age of is as good as new.
    if (!is_job_name(job) || !removed || *removed == 0 || *removed > 1'000'000'000'000) continue;
    out.push_back({{JobName(job), host}, number(size).value_or(0), WallTime(std::chrono::seconds(*removed))});
  }
  return std::nullopt;
}

std::string why_kept(const LeftOver& one, const AppliedState& applied, const DesiredState& desired,
                     std::chrono::hours retain, WallTime now) {
  if (applied.find(one.key)) return "it is on record";
  for (const auto& [key, allocation] : applied.allocations) {
    if (key.worker == one.key.worker && allocation.moved_from == one.key.job)
      return "job " + key.job.str() + " goes on with it";
  }
  const auto job = desired.jobs.find(one.key.job);
  if (job != desired.jobs.end()) {
    if (job->second.held) return "the job is held";
    if (!job->second.job) return "the job does not load";
    if (placed(desired, job->second, one.key.worker)) return "the job is to run there";
  }
  for (const auto& [name, other] : desired.jobs) {
    if (other.job && other.job->renamed_from == one.key.job)
      return "job " + name.str() + " was renamed from it";
  }
  if (!desired.unknown_jobs.empty())
    return "job " + desired.unknown_jobs.front().str() + " does not load, and may be this one renamed";
  if (now - one.removed_at < retain)
    return "it left less than " + std::to_string(retain.count() / 24) + " days ago";
  return "";
}

TakenAway parse_taken_away(std::string_view output) {
  TakenAway out;
  while (!output.empty()) {
    const auto [key, rest] = cut(next_line(output));
    const auto [job, why] = cut(rest);
    if (key == "done") out.whole = true;
    if (key == "gone" && is_job_name(job)) out.gone.emplace_back(job);
    if (key == "kept" && is_job_name(job)) out.kept.emplace_back(JobName(job), std::string(why));
  }
  return out;
}

}  // namespace maand
