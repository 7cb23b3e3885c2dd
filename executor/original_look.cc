#include "executor/original_look.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "reconciler/core/json_document.h"
#include "reconciler/core/names.h"
#include "reconciler/core/quoted_text.h"

namespace maand {
namespace {

constexpr std::size_t kMaxAnswerBytes = 256u << 20;  // about 250 bytes a file
constexpr std::chrono::minutes kLimit{10};
constexpr std::size_t kPathsPerCall = 200;  // of at most 4096 bytes: below what one command line takes
constexpr std::string_view kHello = "maand1 found\n";

// Only regular files: the original sends nothing else, and what waits is never opened.
constexpr const char* kFunctions = R"(look() {
  n=$#
  while [ $n -gt 0 ]; do
    p=$1 n=$((n - 1))
    shift
    if [ -f "$p" ] && [ ! -L "$p" ]; then set -- "$@" "$p"; fi
  done
  [ $# -gt 0 ] || return 0
  echo =sha256
  sha256sum -- "$@"
  echo =md5
  md5sum -- "$@"
  echo =stat
  stat -c '%a %s %n' -- "$@"
}
job() {
  cd "$B/jobs/$1" 2>/dev/null && printf '=job %s\n' "$1"
}
)";

std::string_view next_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

// `<hex>  ./path`; a name that sha256sum had to escape is none that was asked for.
std::pair<std::string_view, std::string_view> sum_of(std::string_view line, std::size_t digits) {
  constexpr std::string_view kGap = "  ./";
  if (line.size() <= digits + kGap.size() || line.substr(digits, kGap.size()) != kGap) return {};
  return {line.substr(0, digits), line.substr(digits + kGap.size())};
}

class Parser {
 public:
  explicit Parser(const OriginalLook& look) : look_(look) {}

  std::optional<FoundWorker> run(std::string_view rest) {
    while (!rest.empty()) {
      const std::string_view line = next_line(rest);
      if (line == "=end") return finish();
      if (line.starts_with('=')) {
        begin(line.substr(1));
      } else {
        take(line);
      }
    }
    return std::nullopt;
  }

 private:
  void begin(std::string_view section) {
    const std::size_t space = std::min(section.find(' '), section.size());
    section_ = section.substr(0, space);
    const std::string_view rest =
        section.substr(std::min(space + 1, section.size()));  // an answer may be cut
    if (section_ == "deployed") out_.deployed = true;
    if (section_ == "marked") out_.marked = true;
    if (section_ == "operated") out_.operated = true;
    if (section_ == "missing") missing_ = rest;
    if (section_ == "job" && is_job_name(rest)) job_ = JobName(rest);
  }

  void take(std::string_view line) {
    if (section_ == "worker") worker_json_ += std::string(line) + "\n";
    if (section_ == "jobs") jobs_json_ += std::string(line) + "\n";
    if (section_ == "sha256") {
      const auto [sum, path] = sum_of(line, 64);
      if (FoundFile* file = of(path)) file->content = Digest::from_hex(sum);
    } else if (section_ == "md5") {
      const auto [sum, path] = sum_of(line, 32);
      if (FoundFile* file = of(path)) file->md5 = sum;
    } else if (section_ == "stat") {
      take_stat(line);
    }
  }

  void take_stat(std::string_view line) {
    const std::size_t first = line.find(' ');
    const std::size_t second = first == std::string_view::npos ? first : line.find(" ./", first + 1);
    if (second == std::string_view::npos) return;
    FoundFile* file = of(line.substr(second + 3));
    if (!file) return;
    std::from_chars(line.data(), line.data() + first, file->permissions, 8);
    std::from_chars(line.data() + first + 1, line.data() + second, file->size_bytes);
  }

  FoundFile* of(std::string_view path) {
    const auto asked = look_.paths.find(job_);
    if (path.empty() || asked == look_.paths.end() || asked->second.count(std::string(path)) == 0)
      return nullptr;
    FoundFile& file = files_[job_][std::string(path)];
    file.path = path;
    return &file;
  }

  std::optional<FoundWorker> finish() {
    if (!missing_.empty()) {
      out_.condition = WorkerCondition::kToolMissing;
      out_.detail = missing_ + " is missing there; install it";
      return std::move(out_);
    }
    for (auto& [job, files] : files_) {
      std::vector<FoundFile>& list = out_.files[job];
      for (auto& [path, file] : files) {
        if (!file.content.empty()) list.push_back(std::move(file));
      }
    }
    read_worker();
    read_jobs();
    return std::move(out_);
  }

  // nullopt, and `problem` says why.
  static std::optional<JsonValue> read(const std::string& text, const std::string& name, JsonValue::Kind kind,
                                       std::string& problem) {
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
      problem = name + " is missing, empty or cannot be read";
      return std::nullopt;
    }
    Diagnostics problems;
    std::optional<JsonValue> json = parse_json(text, name, problems);
    if (json && json->kind == kind) return json;
    problem =
        problems.all().empty() ? name + " is not what the original writes" : to_string(problems.all()[0]);
    return std::nullopt;
  }

  void read_worker() {
    const auto json = read(worker_json_, "worker.json", JsonValue::Kind::kObject, out_.worker_problem);
    if (!json) return;
    for (const JsonMember& member : json->members) {
      if (member.key == "bucket_id") out_.bucket_id = member.value.text;
      if (member.key == "worker_id") out_.worker_id = member.value.text;
      if (member.key == "update_seq" && member.value.kind == JsonValue::Kind::kInteger)
        out_.update_seq = member.value.integer;
    }
    if (out_.bucket_id.empty() || out_.worker_id.empty())
      out_.worker_problem =
          std::string("worker.json has no ") + (out_.bucket_id.empty() ? "bucket_id" : "worker_id");
  }

  void read_jobs() {
    const auto json = read(jobs_json_, "jobs.json", JsonValue::Kind::kArray, out_.jobs_problem);
    if (!json) return;
    for (const JsonValue& one : json->items) {
      std::string name;
      bool disabled = false;
      for (const JsonMember& member : one.members) {
        if (member.key == "job") name = member.value.text;
        if (member.key == "disabled") disabled = member.value.integer == 1;
      }
      if (is_job_name(name)) out_.listed[JobName(name)] = disabled;
    }
  }

  const OriginalLook& look_;
  FoundWorker out_;
  std::string_view section_;
  JobName job_;
  std::string missing_;
  std::string worker_json_;
  std::string jobs_json_;
  std::map<JobName, std::map<std::string, FoundFile>> files_;
};

}  // namespace

// All of it in one pair of braces: read to its end before the first command runs.
std::string look_script(const OriginalLook& look) {
  std::string out = "{\nB=" + shell_quoted(look.worker_root + "/" + look.bucket_id) + "\nexport LC_ALL=C\n";
  out += kFunctions;
  out += R"(echo 'maand1 found'
for tool in sha256sum md5sum stat; do
  command -v $tool >/dev/null || echo "=missing $tool"
done
[ ! -d "$B" ] || echo =deployed
[ ! -e "$B/.maand/instance" ] || echo =marked
for o in "$B"/.maand/jobs/*/ops/*; do
  [ ! -d "$o" ] || { echo =operated; break; }
done
echo =worker
[ ! -f "$B/worker.json" ] || { cat "$B/worker.json"; echo; }
echo =jobs
[ ! -f "$B/jobs.json" ] || { cat "$B/jobs.json"; echo; }
)";
  for (const auto& [job, paths] : look.paths) {
    out += "if job " + shell_quoted(job.str()) + "; then\n:\n";
    std::size_t count = 0;
    for (const std::string& path : paths) {
      if (count % kPathsPerCall == 0) out += count == 0 ? "look" : "\nlook";
      out += " " + shell_quoted("./" + path);
      ++count;
    }
    out += "\nfi\n";
  }
  return out + "echo =end\nexit 0\n} </dev/null 2>/dev/null\n";
}

std::optional<FoundWorker> parse_look(std::string_view output, const OriginalLook& look) {
  const std::size_t hello = output.find(kHello);  // a login shell may say something first
  if (hello == std::string_view::npos) return std::nullopt;
  return Parser(look).run(output.substr(hello + kHello.size()));
}

FoundWorker look_at_original(Transport& transport, const Endpoint& endpoint, const OriginalLook& look) {
  FoundWorker out;
  const Connected connected = transport.connect(endpoint);
  if (!connected.connection) {
    out.condition = connected.condition;
    out.detail = connected.detail;
    return out;
  }
  const std::string script = look_script(look);
  bool sent = false;
  std::string answer;
  std::string noise;
  const CommandResult result = connected.connection->run(
      endpoint.use_sudo ? "exec sudo -n /bin/sh -s" : "exec /bin/sh -s",
      [&]() -> std::string_view { return std::exchange(sent, true) ? std::string_view() : script; },
      [&](std::string_view bytes) {
        if (answer.size() < kMaxAnswerBytes) answer += bytes;
      },
      [&](std::string_view bytes) {
        if (noise.size() < 4096) noise += bytes;
      },
      std::chrono::steady_clock::now() + kLimit);
  if (auto found = parse_look(answer, look)) return *std::move(found);
  out.condition = result.condition;
  out.detail = result.detail;
  if (out.condition != WorkerCondition::kNone) return out;
  out.condition = endpoint.use_sudo ? WorkerCondition::kSudoRefused : WorkerCondition::kToolMissing;
  out.detail = (endpoint.use_sudo ? "`sudo -n` did not run /bin/sh: " : "/bin/sh did not answer: ") +
               (noise.empty() ? "exit status " + std::to_string(result.exit_status)
                              : noise.substr(0, noise.find('\n')));
  return out;
}

}  // namespace maand
