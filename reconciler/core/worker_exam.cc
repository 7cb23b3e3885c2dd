#include "reconciler/core/worker_exam.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>

#include "reconciler/core/text.h"

namespace maand {
namespace {

using Grade = Finding::Grade;

constexpr std::int64_t kLeastFreeKb = 64 * 1024;  // less: what lands may not fit
constexpr std::int64_t kLittleFreeKb = 1024 * 1024;
constexpr std::chrono::milliseconds kSlowShell{300};
constexpr std::int64_t kMostSkewSeconds = 5;

// Lines of worker_doctor.sh: all values of a key.
std::multimap<std::string, std::string> lines_of(std::string_view output) {
  std::multimap<std::string, std::string> out;
  while (!output.empty()) {
    const std::size_t end = output.find('\n');
    const std::string_view line = output.substr(0, end);
    output.remove_prefix(end == std::string_view::npos ? output.size() : end + 1);
    const std::size_t blank = line.find(' ');
    out.emplace(line.substr(0, blank), blank == std::string_view::npos ? "" : line.substr(blank + 1));
  }
  return out;
}

class Told {
 public:
  explicit Told(std::string_view output) : lines_(lines_of(output)) {}

  bool whole() const { return lines_.count("done") > 0; }
  std::vector<std::string> all(const std::string& key) const {
    std::vector<std::string> out;
    const auto [begin, end] = lines_.equal_range(key);
    for (auto it = begin; it != end; ++it) out.push_back(printable(it->second, 1000));
    return out;
  }
  std::string one(const std::string& key) const {
    const auto it = lines_.find(key);
    return it == lines_.end() ? "" : printable(it->second, 1000);
  }
  std::optional<std::int64_t> number(const std::string& key) const {
    const std::string text = one(key);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
  }

 private:
  const std::multimap<std::string, std::string> lines_;
};

Finding of_condition(WorkerCondition condition, const std::string& detail, const Endpoint& endpoint) {
  Finding out{Grade::kFailure, "connection", printable(detail, 1000), ""};
  switch (condition) {
    case WorkerCondition::kAuthFailed:
      out.about = "login";
      out.advice = "put the public key of " +
                   (endpoint.key == "agent" ? "the agent" : "secrets/" + endpoint.key) + " into ~" +
                   endpoint.user + "/.ssh/authorized_keys there";
      break;
    case WorkerCondition::kHostKeyUnknown:
    case WorkerCondition::kHostKeyChanged:
      out.about = "host key";
      out.advice = "compare its fingerprint on the machine's own console before it is trusted";
      break;
    case WorkerCondition::kSudoRefused:
      out.about = "sudo";
      out.advice =
          "give " + endpoint.user + " NOPASSWD for /bin/sh in /etc/sudoers.d, or set use_sudo = false";
      break;
    case WorkerCondition::kToolMissing:
      out.about = "tools";
      out.text = printable(detail, 1000) + " is missing";
      out.advice = "install coreutils and util-linux, or busybox";
      break;
    default:
      out.advice = "look whether it is up, and whether `address` and `ssh` of workers.json are right";
  }
  return out;
}

void judge_tools(const Told& told, std::vector<Finding>& out) {
  const std::vector<std::string> missing = told.all("missing");
  if (missing.empty()) return;
  out.push_back({Grade::kFailure, "tools",
                 join_words(missing) + (missing.size() == 1 ? " is" : " are") + " missing",
                 "install make, tar, coreutils, findutils and util-linux (or busybox, and make)"});
}

void judge_disk(const Told& told, const ExamContext& context, std::vector<Finding>& out) {
  const std::string writable = told.one("writable");
  if (writable.starts_with("no")) {
    out.push_back(
        {Grade::kFailure, "disk",
         told.one("user") + " cannot write to " + writable.substr(std::min<std::size_t>(3, writable.size())),
         context.endpoint.use_sudo ? "look at the rights of " + context.worker_root
                                   : "set use_sudo = true, or make " + context.worker_root +
                                         " and give it to " + context.endpoint.user});
  }
  for (const std::string& option : told.all("option")) {
    const bool read_only = option.starts_with("ro ");
    out.push_back(
        {read_only ? Grade::kFailure : Grade::kWarning, "disk",
         option.substr(option.find(' ') + 1) + (read_only ? " is mounted read-only" : " is mounted noexec"),
         read_only ? "mount it for writing"
                   : "programs that jobs ship do not run from there: mount it with exec"});
  }
  const auto free = told.number("free_kb");
  if (!free || *free >= kLittleFreeKb) return;
  out.push_back({*free < kLeastFreeKb ? Grade::kFailure : Grade::kWarning, "disk",
                 std::to_string(*free / 1024) + " MiB are free for " + context.worker_root,
                 "make room; `maand gc` removes what jobs that left have kept"});
}

void judge_clock(const Told& told, const WorkerExam& exam, std::vector<Finding>& out) {
  const auto time = told.number("time");
  if (!time) return;
  const auto ours = std::chrono::duration_cast<std::chrono::seconds>(exam.told_at.time_since_epoch()).count();
  const std::int64_t skew = *time - ours;
  if (skew <= kMostSkewSeconds && skew >= -kMostSkewSeconds) return;
  out.push_back({Grade::kWarning, "clock",
                 "its clock is " + std::to_string(skew < 0 ? -skew : skew) + " s " +
                     (skew < 0 ? "behind" : "ahead of") + " ours",
                 "synchronise it (`timedatectl set-ntp true`): certificates and logs depend on it"});
}

void judge_shell(const WorkerExam& exam, const ExamContext& context, std::vector<Finding>& out) {
  if (exam.shell > kSlowShell) {
    out.push_back(
        {Grade::kWarning, "shell",
         "its login's shell takes " + std::to_string(exam.shell.count()) + " ms before any command",
         "every operation pays that: look what the start-up files of " + context.endpoint.user + " do"});
  }
  if (!trim(exam.noise).empty()) {
    out.push_back(
        {Grade::kWarning, "shell", "its login's shell talks before any command: " + quote(trim(exam.noise)),
         "have the start-up files of " + context.endpoint.user + " say that only where there is a terminal"});
  }
}

void judge_marker(const Told& told, const ExamContext& context, std::vector<Finding>& out) {
  for (const std::string& bucket : told.all("bucket"))
    out.push_back({Grade::kNote, "buckets", "bucket " + bucket + " is at work here as well", ""});
  const std::string host = context.endpoint.host.str();
  const std::string marker = told.one("marker");
  if (marker.empty()) {
    if (context.expect_marker) {
      out.push_back({Grade::kFailure, "marker",
                     "nothing of this bucket is there, though jobs were deployed to it",
                     "`maand worker reset " + host + "` deploys anew; or mount the disk that is missing"});
    }
    return;
  }
  const std::string ours = context.bucket.str() + " " + host + " ";
  const bool named =
      marker.starts_with(ours) ||
      (!context.was.empty() && marker.starts_with(context.bucket.str() + " " + context.was.str() + " "));
  const std::string id = marker.substr(marker.rfind(' ') + 1);
  if (!named) {
    out.push_back(
        {Grade::kFailure, "marker", "its marker says bucket and worker " + marker,
         "if it was renamed, say so with `was` in workers.json; if its disk is a copy, `maand worker reset " +
             host + "`"});
  } else if (!context.instance.empty() && id != context.instance) {
    out.push_back({Grade::kFailure, "marker", "its marker is another one than when jobs were deployed to it",
                   "`maand worker trust " + host + " --replaced` if that is right, or `maand worker reset " +
                       host + "`"});
  }
}

void judge_logind(const Told& told, const ExamContext& context, std::vector<Finding>& out) {
  if (told.one("kills") != "yes" || context.endpoint.user == "root") return;
  out.push_back({Grade::kFailure, "logind",
                 "KillUserProcesses=yes ends what targets leave running as soon as the connection closes",
                 "set KillUserProcesses=no or KillExcludeUsers=" + context.endpoint.user +
                     " in /etc/systemd/logind.conf and restart systemd-logind"});
}

std::string sum_up(const Told& told, const WorkerExam& exam, const ExamContext& context) {
  std::string text = "login as " + context.endpoint.user + " takes " + std::to_string(exam.login.count()) +
                     " ms, a command " + std::to_string(exam.shell.count()) + " ms";
  if (const auto free = told.number("free_kb"))
    text += "; " + std::to_string(*free / 1024 / 1024) + " GiB are free";
  std::vector<std::string> keys = told.all("host_key");
  if (!keys.empty()) text += "; it has host keys of " + join_words(keys);
  return text;
}

}  // namespace

const char* to_string(Finding::Grade grade) {
  switch (grade) {
    case Grade::kNote:
      return "note";
    case Grade::kWarning:
      return "warning";
    case Grade::kFailure:
      return "failure";
  }
  return "";
}

std::vector<Finding> judge_worker(const WorkerExam& exam, const ExamContext& context) {
  std::vector<Finding> out;
  if (exam.condition != WorkerCondition::kNone)
    return {of_condition(exam.condition, exam.detail, context.endpoint)};
  judge_shell(exam, context, out);
  const Told told(exam.output);
  if (exam.outcome.kind == ErrandOutcome::Kind::kNotBegun) {
    out.push_back(of_condition(exam.outcome.condition, exam.outcome.detail, context.endpoint));
  } else if (!told.whole()) {
    out.push_back({Grade::kFailure, "examination", "it did not tell everything: it " + sentence(exam.outcome),
                   "try it by hand with `maand run_command`"});
  } else {
    judge_tools(told, out);
    judge_disk(told, context, out);
    judge_clock(told, exam, out);
    judge_logind(told, context, out);
    judge_marker(told, context, out);
    out.push_back({Grade::kNote, "worker", sum_up(told, exam, context), ""});
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Finding& a, const Finding& b) { return a.grade > b.grade; });
  return out;
}

bool would_fail(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.grade == Grade::kFailure; });
}

}  // namespace maand
