#include "reconciler/core/job_files.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>
#include <variant>

#include "reconciler/core/bucket_conf.h"
#include "reconciler/core/file_rules.h"
#include "reconciler/core/git_secrets.h"
#include "reconciler/core/glob.h"
#include "reconciler/core/names.h"
#include "reconciler/core/prometheus/catalogue.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::string_view kTemplateSuffix = ".tpl";
constexpr std::string_view kLfsPointer = "version https://git-lfs.github.com/spec/v1";
constexpr std::uint64_t kMaxLfsPointerBytes = 1024;  // of git-lfs itself
constexpr std::array<std::string_view, 3> kRuntimeOwned = {"data", "logs", "bin"};
// What tools put there; a workspace of the original relies on their staying at home (workspace.md 2.9).
constexpr std::array<std::string_view, 4> kMadeByTools = {".venv", "venv", "node_modules", "__pycache__"};
constexpr std::array<std::string_view, 5> kTargets = {"start", "stop", "restart", "reload", "status"};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string_view top_of(std::string_view path) { return path.substr(0, path.find('/')); }

bool belongs_to_maand(std::string_view path) {
  const std::string_view top = top_of(path);
  return top.size() < path.size() && (top == "_modules" || top == "_prometheus");
}

// The directory of kMadeByTools in which `path` lies, at any depth; empty: none.
std::string_view made_by_tools(std::string_view path) {
  std::size_t from = 0;
  for (std::size_t to = path.find('/'); to != std::string_view::npos; to = path.find('/', from)) {
    if (contains(kMadeByTools, path.substr(from, to - from))) return path.substr(0, to);
    from = to + 1;
  }
  return {};
}

bool is_template(std::string_view path) {
  return path.ends_with(kTemplateSuffix) && !belongs_to_maand(path) && path != kTemplateSuffix &&
         !path.ends_with("/.tpl");
}

bool is_shipped(std::string_view path) {
  return !belongs_to_maand(path) && path != "vars.toml" && path != kSealedSecretsFile &&
         !path.ends_with(kTemplateSuffix);
}

// The file of ours as whose directory `path` comes; empty: it does not.
std::string_view misplaced(std::string_view path) {
  for (const std::string_view file : {std::string_view("vars.toml"), kSealedSecretsFile}) {
    if (path.size() > file.size() && path.starts_with(file) && path[file.size()] == '/') return file;
  }
  return {};
}

class Loader {
 public:
  Loader(const FileView& view, std::string_view directory, const std::string& label,
         const WorkspaceLimits& limits, ContentDigests* digests, Job& job, Diagnostics& diagnostics,
         Diagnostics& catalogue_diagnostics)
      : view_(view),
        directory_(directory),
        label_(label),
        limits_(limits),
        digests_(digests),
        job_(job),
        diagnostics_(diagnostics),
        catalogue_diagnostics_(catalogue_diagnostics) {}

  void load(std::span<const Entry> entries) {
    std::map<std::string_view, ShippedFile> files;
    for (const Entry& entry : entries) {
      const std::string_view path = std::string_view(entry.path).substr(directory_.size() + 1);
      tops_.emplace(top_of(path));
      if (const std::string_view pruned = made_by_tools(path); !pruned.empty()) {
        if (!belongs_to_maand(path)) pruned_.insert(pruned);
        continue;
      }
      if (const std::string_view file = misplaced(path); !file.empty()) {
        if (as_directory_.insert(file).second)
          error(std::string(file), "is a directory, and has to be a file",
                file == kSealedSecretsFile
                    ? "write it with `maand secrets set`; nothing below it is read or shipped"
                    : "write `KEY = \"value\"` lines into a file of this name");
        continue;
      }
      makefile_ = makefile_ || path == "Makefile" || path == "Makefile.tpl";
      plain_prometheus_ = plain_prometheus_ || path == "prometheus.yml";
      rendered_prometheus_ = rendered_prometheus_ || path == "prometheus.yml.tpl";
      if (!may_lie_there(path, entry.kind)) continue;
      if (path == "vars.toml") load_vars(path, entry);
      if (path == kSealedSecretsFile) load_sealed_secrets(path, entry);
      if (path.starts_with(kCatalogueDirectory)) load_catalogue_file(path, entry);
      if (is_template(path)) load_template(path, entry);
      if (!is_shipped(path)) continue;
      if (auto file = ship(path, entry)) files.emplace(path, std::move(*file));
    }
    for (const std::string_view directory : pruned_) {
      diagnostics_.warning(
          label_ + "/" + printable(directory, 1024), "", "is not shipped",
          "fetch it on the worker from the Makefile, or rename it if it is not made by a tool");
    }
    check_top_level();
    judge_prometheus();
    // Both `run.sh` and `run.sh.tpl`: the text of the template, the mode of the file.
    for (JobTemplate& one : job_.templates) {
      const auto below = files.lower_bound(one.path + "/");
      if (below != files.end() && below->first.starts_with(one.path + "/")) {
        error(one.path + ".tpl", "is rendered to the name of a directory", "rename one of them");
      }
      const auto plain = files.find(one.path);
      if (plain == files.end()) continue;
      one.mode = plain->second.mode == FileMode::kExecutable ? FileMode::kExecutable : FileMode::kRegular;
      files.erase(plain);
    }
    std::sort(job_.templates.begin(), job_.templates.end(),
              [](const JobTemplate& a, const JobTemplate& b) { return a.path < b.path; });
    for (const FileRule& rule : job_.file_rules) warn_of_idle_rule(rule, files);
    std::vector<ShippedFile> shipped;
    for (auto& [path, file] : files) {
      apply_file_rules(job_.file_rules, false, false, file);
      shipped.push_back(std::move(file));
    }
    job_.files = make_file_set(std::move(shipped));
  }

 private:
  bool error(std::string_view path, std::string message, std::string advice) {
    diagnostics_.error(label_ + "/" + printable(path, 1024), "", std::move(message), std::move(advice));
    return false;
  }

  bool may_lie_there(std::string_view path, EntryKind kind) {
    if (const auto problem = path_problem(path)) {
      return error(path, "the path " + *problem, "rename the file");
    }
    if (kind == EntryKind::kSubmodule) {
      return error(path, "is a git submodule, and its files are not in the commit",
                   "copy the files into the job directory");
    }
    return true;
  }

  // A file that is parsed whole. nullopt: an error has been told.
  std::optional<std::string> read_whole(std::string_view path, const Entry& entry) {
    if (entry.kind == EntryKind::kSymlink) {
      error(path, "is a symlink", "commit the file itself");
      return std::nullopt;
    }
    if (entry.size_bytes > kTemplateBytesMax) {
      error(path, "has more than " + std::to_string(kTemplateBytesMax) + " bytes", "make it smaller");
      return std::nullopt;
    }
    std::optional<std::string> text = view_.read(entry.path);
    if (!text) error(path, "cannot be read", "commit it again");
    return text;
  }

  void load_template(std::string_view path, const Entry& entry) {
    const std::optional<std::string> text = read_whole(path, entry);
    if (!text) return;
    auto result = parse_template(*text);
    if (const auto* problem = std::get_if<TemplateProblem>(&result)) {
      error(path,
            "line " + std::to_string(problem->line) + ", column " + std::to_string(problem->column) + ": " +
                problem->message,
            "correct the template");
      return;
    }
    const FileMode mode = entry.kind == EntryKind::kExecutable ? FileMode::kExecutable : FileMode::kRegular;
    const std::string_view target = path.substr(0, path.size() - kTemplateSuffix.size());
    tops_.emplace(top_of(target));
    job_.templates.push_back({std::string(target), mode, std::get<TemplatePtr>(std::move(result))});
  }

  // Somebody meant a file by it: one that stays readable for everybody, say.
  void warn_of_idle_rule(const FileRule& rule, const std::map<std::string_view, ShippedFile>& files) {
    const auto plain = [&](const auto& file) { return glob_matches(rule.pattern, file.first); };
    const auto rendered = [&](const JobTemplate& one) {
      return glob_matches(rule.pattern, one.path) || glob_matches(rule.pattern, one.path + ".tpl");
    };
    if (std::any_of(files.begin(), files.end(), plain) ||
        std::any_of(job_.templates.begin(), job_.templates.end(), rendered)) {
      return;
    }
    diagnostics_.warning(label_ + "/manifest.json", "files." + printable(rule.pattern),
                         "matches no file of the job", "correct the pattern, or remove it");
  }

  void load_catalogue_file(std::string_view path, const Entry& entry) {
    if (auto text = read_whole(path, entry)) catalogue_.push_back({std::string(path), std::move(*text)});
  }

  void judge_prometheus() {
    job_.is_prometheus = plain_prometheus_ || rendered_prometheus_;
    if (plain_prometheus_ && rendered_prometheus_) {
      error("prometheus.yml.tpl", "stands beside prometheus.yml", "remove one of them");
    }
    if (!catalogue_.empty()) {
      job_.catalogue = load_catalogue(job_.name, catalogue_, job_.resources.ports, catalogue_diagnostics_);
    }
  }

  void load_vars(std::string_view path, const Entry& entry) {
    const std::optional<std::string> text = read_whole(path, entry);
    if (text) job_.vars = parse_text_map(*text, label_ + "/vars.toml", diagnostics_);
  }

  void load_sealed_secrets(std::string_view path, const Entry& entry) {
    const std::optional<std::string> text = read_whole(path, entry);
    if (text)
      job_.sealed_secrets =
          parse_sealed_secrets(*text, label_ + "/" + std::string(kSealedSecretsFile), diagnostics_);
  }

  std::optional<ShippedFile> ship(std::string_view path, const Entry& entry) {
    if (entry.size_bytes > limits_.max_file_bytes) {
      error(path,
            "has " + std::to_string(entry.size_bytes) + " bytes, and limits.max_file_bytes is " +
                std::to_string(limits_.max_file_bytes),
            "fetch it from the Makefile, or raise the limit in maand.conf");
      return std::nullopt;
    }
    const FileMode mode = entry.kind == EntryKind::kSymlink      ? FileMode::kSymlink
                          : entry.kind == EntryKind::kExecutable ? FileMode::kExecutable
                                                                 : FileMode::kRegular;
    const std::optional<Digest> digest = digest_of(path, entry);
    if (!digest) return std::nullopt;
    return ShippedFile{std::string(path), mode, *digest, entry.size_bytes, entry.blob};
  }

  // Only what passed the checks of content is remembered, so a digest that is
  // known stands for content that needs no look. A link's target is judged by
  // where the link lies, so it is read every time.
  std::optional<Digest> digest_of(std::string_view path, const Entry& entry) {
    const bool link = entry.kind == EntryKind::kSymlink;
    if (digests_ && !link) {
      if (const Digest* known = digests_->find(entry.blob)) return *known;
    }
    const std::optional<std::string> content = view_.read(entry.path);
    if (!content) {
      error(path, "cannot be read", "commit it again");
      return std::nullopt;
    }
    if (link) {
      if (const auto problem = symlink_problem(path, *content)) {
        error(path, "is a symlink whose target " + *problem, "link to a file of the job by a relative path");
        return std::nullopt;
      }
    } else if (content->size() <= kMaxLfsPointerBytes && content->starts_with(kLfsPointer)) {
      error(path, "is a Git LFS pointer, not the file itself",
            "commit the file without LFS, or fetch it from the Makefile");
      return std::nullopt;
    }
    const Digest digest = sha256(*content);
    if (digests_ && !link) digests_->put(entry.blob, digest);
    return digest;
  }

  void check_top_level() {
    if (!makefile_) {
      diagnostics_.error(label_, "", "has no Makefile",
                         "add a Makefile with the targets start, stop, restart, reload and status");
    }
    for (const std::string_view top : tops_) {
      if (contains(kRuntimeOwned, top)) {
        error(top, "belongs to the running application on the worker", "rename it");
      } else if (contains(kTargets, top)) {
        error(top, "has the name of a target, so make would call that target up to date", "rename it");
      }
    }
  }

  const FileView& view_;
  std::string_view directory_;
  const std::string& label_;
  const WorkspaceLimits& limits_;
  ContentDigests* digests_;
  Job& job_;
  Diagnostics& diagnostics_;
  Diagnostics& catalogue_diagnostics_;
  std::set<std::string_view> tops_;
  std::set<std::string_view> pruned_;
  std::set<std::string_view> as_directory_;  // files of ours that are directories
  bool makefile_ = false;
  bool plain_prometheus_ = false;
  bool rendered_prometheus_ = false;
  std::vector<CatalogueFile> catalogue_;
};

}  // namespace

void load_job_files(const FileView& view, std::string_view directory, const std::string& label,
                    std::span<const Entry> entries, const WorkspaceLimits& limits, ContentDigests* digests,
                    Job& job, Diagnostics& diagnostics, Diagnostics& catalogue_diagnostics) {
  Loader(view, directory, label, limits, digests, job, diagnostics, catalogue_diagnostics).load(entries);
}

// `..` may stand only in front: behind a name that is itself a link, it would
// climb from wherever that link leads.
std::optional<std::string> symlink_problem(std::string_view path, std::string_view target) {
  if (target.empty()) return "is empty";
  if (target.size() > 4095) return "is too long";
  if (target.front() == '/') return "is absolute";
  if (!is_utf8(target)) return "is not UTF-8";
  const auto depth = std::count(path.begin(), path.end(), '/');
  std::ptrdiff_t climbed = 0;
  bool climbing = true;
  for (std::size_t at = 0; at <= target.size();) {
    const std::size_t end = std::min(target.find('/', at), target.size());
    const std::string_view component = target.substr(at, end - at);
    at = end + 1;
    if (component.empty() || component == ".") continue;
    if (component != "..") {
      if (const auto problem = path_problem(component)) return problem;
      climbing = false;
    } else if (!climbing) {
      return "has `..` behind a name";
    } else if (++climbed > depth) {
      return "leaves the job directory";
    }
  }
  return std::nullopt;
}

}  // namespace maand
